"""What the database itself keeps true: history, versions, append-only rows."""

import pgtrigger.compiler
import portal.core.migrations._operations
from django.db import migrations

from crm_import.migrations._folded import FOLDED


class Migration(migrations.Migration):
    replaces = FOLDED[0:1]

    dependencies = [
        ('crm_import', '0001_tables'),
    ]

    operations = [
        portal.core.migrations._operations.AddTrigger(
            model_name='forgottenrow',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='639de08daa52f67c0f7f7b9195d3fd1931dd7939', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_89037', table='crm_import_forgottenrow', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='forgottenrow',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='50c59d929311f24bc748460cff842bccbca12265', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_e9b33', table='crm_import_forgottenrow', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacycondition',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='3c321c4def2b0620cb854ee2e46a0298e34f407d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fc9fd', table='crm_import_legacycondition', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacycondition',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='95ab103dcbabb17ee043c7ba0deeecbf7fe369c7', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_4ee8c', table='crm_import_legacycondition', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacycontact',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='b058ab9c13df38eeb7b4f8e820a3c30816925d13', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e860f', table='crm_import_legacycontact', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacycontact',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='0122d1eb8a6c8ef56226d6db3c811d663f76d78f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_218cb', table='crm_import_legacycontact', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacydossier',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='c5cd7969387dbbd439e595fa3a2eba634c6a1586', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0690b', table='crm_import_legacydossier', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacydossier',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='ddd641b84ad1e7bed3c239c5872a8b8c72e2fa2c', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_45b76', table='crm_import_legacydossier', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacyhospital',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='eaf4199387dbd1a9f038e46ea2cef16f431f88d6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e9baf', table='crm_import_legacyhospital', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacyhospital',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='12250653452d3ed57a3fd0b01a0ec230f3930420', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_864af', table='crm_import_legacyhospital', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacyoption',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='08290f08ebb9ff367c5ee08185bbcd4fc4ac65d4', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_112ed', table='crm_import_legacyoption', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacyoption',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='d2c2d2a7f070b42853314396b7975af9b8a200ac', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_34a58', table='crm_import_legacyoption', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacypatient',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='a5d946301fb3eb65428c32272e79fc6fa8fc72c3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_cae3d', table='crm_import_legacypatient', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacypatient',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='f4de9bbfab4e30183dbb2e1b5b674c48c390bc0e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_3a06b', table='crm_import_legacypatient', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacyspecialization',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='551d7e24b5c36dd5cce7a54ba161f98de77af5b3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_48394', table='crm_import_legacyspecialization', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='legacyspecialization',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='e73bcd32522a93c6efd89195f4071b01b861c58e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_ef3f7', table='crm_import_legacyspecialization', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='problem',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='8c6e10e3bdb49bf9200df029d530de5ed230ff6f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_97ea9', table='crm_import_problem', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='problem',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='2566b8dc6be46b286caa294370399ee1edb7112b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_9f50a', table='crm_import_problem', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='rowoutcome',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='aee0d9f6e6841d9f77110130defdfc776c48af88', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8bdbf', table='crm_import_rowoutcome', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='rowoutcome',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='c4112612f359a5dfccf351107641426380720d43', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_4b191', table='crm_import_rowoutcome', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='sourcefile',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='c2673fd377e22312df980205630549f0de071e8e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fd199', table='crm_import_sourcefile', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='sourcefile',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='d08aff27b6c6625790ab41190320e3119b97b0f0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_82060', table='crm_import_sourcefile', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='unreadablerecord',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='5c542b998581080e65858ca15691e4869cacacb7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0eefa', table='crm_import_unreadablerecord', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='unreadablerecord',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='d8309415bad6d557c1a3da2ba3d50945fc998c5a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_a7d67', table='crm_import_unreadablerecord', when='BEFORE')),
        ),
    ]
