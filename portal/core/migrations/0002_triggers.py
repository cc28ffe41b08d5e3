"""What the database itself keeps true: history, versions, append-only rows."""

import pgtrigger.compiler
import portal.core.migrations._operations
from django.db import migrations

from portal.core.migrations._folded import FOLDED


class Migration(migrations.Migration):
    replaces = FOLDED[0:-1]

    dependencies = [
        ('core', '0001_tables'),
    ]

    operations = [
        portal.core.migrations._operations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='1b1533a64d0225c555c24079b451c9959224aa36', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ee645', table='core_accessevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='b68835c28fc0c1509aed64fd50fe07c0c0d3fec0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_f0d43', table='core_accessevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='rolegiven',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_rolegivenevent" ("group_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."group_id", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f56f7c83a73ff33c8518d292930ea8fdbba37163', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_3648a', referencing='REFERENCING NEW TABLE AS new_values ', table='core_user_groups', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='rolegiven',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_rolegivenevent" ("group_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT old_values."group_id", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='692b07157241d5db2200198632df883271c38d5e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_cbc63', referencing='REFERENCING OLD TABLE AS old_values ', table='core_user_groups', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='rolegivenevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='11c2d8a512be51e43c12ccb7de05f0b6b4e195eb', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_413ae', table='core_rolegivenevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='rolegivenevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='d3fdef55d6817d6abbddec0973a13abb75efdf94', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_6838a', table='core_rolegivenevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."languages_spoken" IS DISTINCT FROM (NEW."languages_spoken") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."password_changed_at" IS DISTINCT FROM (NEW."password_changed_at") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone") OR OLD."username" IS DISTINCT FROM (NEW."username"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='d3edab55f7fb4989980fe188c81015ae6bc756a4', operation='UPDATE', pgid='pgtrigger_row_version_4981d', table='core_user', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_userevent" ("created_at", "email", "id", "is_active", "is_staff", "is_superuser", "language", "languages_spoken", "name", "password_changed_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "updated_at", "username", "version") SELECT new_values."created_at", new_values."email", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."language", new_values."languages_spoken", new_values."name", new_values."password_changed_at", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."time_zone", new_values."updated_at", new_values."username", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='effa1fd766bb734c9ca2b95890f4ec57397a5ed9', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_45de6', referencing='REFERENCING NEW TABLE AS new_values ', table='core_user', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_userevent" ("created_at", "email", "id", "is_active", "is_staff", "is_superuser", "language", "languages_spoken", "name", "password_changed_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "updated_at", "username", "version") SELECT new_values."created_at", new_values."email", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."language", new_values."languages_spoken", new_values."name", new_values."password_changed_at", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."time_zone", new_values."updated_at", new_values."username", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."email" IS DISTINCT FROM (new_values."email") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."is_staff" IS DISTINCT FROM (new_values."is_staff") OR old_values."is_superuser" IS DISTINCT FROM (new_values."is_superuser") OR old_values."language" IS DISTINCT FROM (new_values."language") OR old_values."languages_spoken" IS DISTINCT FROM (new_values."languages_spoken") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."password_changed_at" IS DISTINCT FROM (new_values."password_changed_at") OR old_values."time_zone" IS DISTINCT FROM (new_values."time_zone") OR old_values."updated_at" IS DISTINCT FROM (new_values."updated_at") OR old_values."username" IS DISTINCT FROM (new_values."username") OR old_values."version" IS DISTINCT FROM (new_values."version")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='56660305995b5b88c6eb1bd5c2e1320e1e65b61d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_6ccff', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='core_user', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_userevent" ("created_at", "email", "id", "is_active", "is_staff", "is_superuser", "language", "languages_spoken", "name", "password_changed_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "updated_at", "username", "version") SELECT old_values."created_at", old_values."email", old_values."id", old_values."is_active", old_values."is_staff", old_values."is_superuser", old_values."language", old_values."languages_spoken", old_values."name", old_values."password_changed_at", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."time_zone", old_values."updated_at", old_values."username", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='34f70557d0d10ea20789886565bf344965ab9ac6', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_1425a', referencing='REFERENCING OLD TABLE AS old_values ', table='core_user', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='userevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='68428b7f7bdf71ac0b9b56fdeee44b5839f2c2aa', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_e4c6c', table='core_userevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='userevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6c831c7829668854425dc56f04bf5cdb370a36ff', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_1b55a', table='core_userevent', when='BEFORE')),
        ),
    ]
