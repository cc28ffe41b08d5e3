"""Conditions are kinds of wider ones."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import portal.core.migrations._operations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0016_seed_measures'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='medicalcondition',
            name='row_version',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='medicalcondition',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='medicalcondition',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='medicalcondition',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='medicalcondition',
            name='parent',
            field=models.ForeignKey(blank=True, help_text='The next wider condition. Who fits a trial for that one fits with this one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='kinds', to='patients.medicalcondition', verbose_name='is a kind of'),
        ),
        migrations.AddField(
            model_name='medicalconditionevent',
            name='parent',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='The next wider condition. Who fits a trial for that one fits with this one.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.medicalcondition', verbose_name='is a kind of'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='medicalcondition',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."abbreviation" IS DISTINCT FROM (NEW."abbreviation") OR OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."code_system" IS DISTINCT FROM (NEW."code_system") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."parent_id" IS DISTINCT FROM (NEW."parent_id"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='fd02aa974917f69276ec2d4f2da1ae1a5be2d8e3', operation='UPDATE', pgid='pgtrigger_row_version_f46c9', table='patients_medicalcondition', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='medicalcondition',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_medicalconditionevent" ("abbreviation", "code", "code_system", "created_at", "id", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "updated_at", "version") SELECT new_values."abbreviation", new_values."code", new_values."code_system", new_values."created_at", new_values."id", new_values."name", new_values."parent_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='5933af12c62c94b8aee09a8095b45d6dc6e1e13a', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_55b95', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_medicalcondition', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='medicalcondition',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_medicalconditionevent" ("abbreviation", "code", "code_system", "created_at", "id", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "updated_at", "version") SELECT new_values."abbreviation", new_values."code", new_values."code_system", new_values."created_at", new_values."id", new_values."name", new_values."parent_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."abbreviation" IS DISTINCT FROM (new_values."abbreviation") OR old_values."code" IS DISTINCT FROM (new_values."code") OR old_values."code_system" IS DISTINCT FROM (new_values."code_system") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."parent_id" IS DISTINCT FROM (new_values."parent_id") OR old_values."updated_at" IS DISTINCT FROM (new_values."updated_at") OR old_values."version" IS DISTINCT FROM (new_values."version")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='953bdaeabad907a32af7a42aadef795e4d5fa8f4', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_e0c0b', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_medicalcondition', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='medicalcondition',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_medicalconditionevent" ("abbreviation", "code", "code_system", "created_at", "id", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "updated_at", "version") SELECT old_values."abbreviation", old_values."code", old_values."code_system", old_values."created_at", old_values."id", old_values."name", old_values."parent_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5e9239457c26de570124cbe4dfb7f968fae7058a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_962fb', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_medicalcondition', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='medicalcondition',
            trigger=pgtrigger.compiler.Trigger(name='no_circle', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."parent_id" IS NOT NULL)', declare='DECLARE above uuid; steps int;', func="PERFORM pg_advisory_xact_lock(hashtextextended('patients_medicalcondition', 0)); above := NEW.parent_id; steps := 0; WHILE above IS NOT NULL LOOP steps := steps + 1; IF above = NEW.id OR steps > 100 THEN RAISE EXCEPTION 'a condition cannot be a kind of itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'patients_medicalcondition_not_itself', TABLE = TG_TABLE_NAME; END IF; SELECT parent_id INTO above FROM patients_medicalcondition WHERE id = above; END LOOP; RETURN NULL;", hash='3a0a908b56e5d7d1fec84895c62e9a627b3dc473', operation='INSERT OR UPDATE', pgid='pgtrigger_no_circle_eb467', table='patients_medicalcondition', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='medicalcondition',
            constraint=models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='patients_medicalcondition_not_itself', violation_error_message='A condition cannot be a kind of itself, not even round about.'),
        ),
    ]
