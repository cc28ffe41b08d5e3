"""The key that a program sends with a consent or a note, so that it is kept once."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0013_known_states_and_filters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='consent',
            name='row_version',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='consent',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='consent',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='consent',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='note',
            name='row_version',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='note',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='note',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='note',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='consent',
            name='idempotency_key',
            field=models.CharField(blank=True, db_default='', default='', help_text='Given by the program that sent it: the same key is the same decision.', max_length=200, verbose_name='idempotency key'),
        ),
        migrations.AddField(
            model_name='consentevent',
            name='idempotency_key',
            field=models.CharField(blank=True, db_default='', default='', help_text='Given by the program that sent it: the same key is the same decision.', max_length=200, verbose_name='idempotency key'),
        ),
        migrations.AddField(
            model_name='note',
            name='idempotency_key',
            field=models.CharField(blank=True, db_default='', default='', help_text='Given by the program that sent it: the same key is the same note.', max_length=200, verbose_name='idempotency key'),
        ),
        migrations.AddField(
            model_name='noteevent',
            name='idempotency_key',
            field=models.CharField(blank=True, db_default='', default='', help_text='Given by the program that sent it: the same key is the same note.', max_length=200, verbose_name='idempotency key'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consent',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."decided_at" IS DISTINCT FROM (NEW."decided_at") OR OLD."decision" IS DISTINCT FROM (NEW."decision") OR OLD."evidence" IS DISTINCT FROM (NEW."evidence") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."idempotency_key" IS DISTINCT FROM (NEW."idempotency_key") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."method" IS DISTINCT FROM (NEW."method") OR OLD."obtained_by_id" IS DISTINCT FROM (NEW."obtained_by_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."scope" IS DISTINCT FROM (NEW."scope") OR OLD."text_version" IS DISTINCT FROM (NEW."text_version"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='e30357fbee9cd41e94a077ed9c3acf620bed98a0', operation='UPDATE', pgid='pgtrigger_row_version_d0729', table='patients_consent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consent',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_consentevent" ("created_at", "decided_at", "decision", "evidence", "id", "idempotency_key", "language", "method", "obtained_by_id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "scope", "text_version", "updated_at", "version") SELECT new_values."created_at", new_values."decided_at", new_values."decision", new_values."evidence", new_values."id", new_values."idempotency_key", new_values."language", new_values."method", new_values."obtained_by_id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purpose", new_values."scope", new_values."text_version", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1afb3226e821b574428fd223139c678a612aaa95', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f3c10', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_consent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consent',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_consentevent" ("created_at", "decided_at", "decision", "evidence", "id", "idempotency_key", "language", "method", "obtained_by_id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "scope", "text_version", "updated_at", "version") SELECT new_values."created_at", new_values."decided_at", new_values."decision", new_values."evidence", new_values."id", new_values."idempotency_key", new_values."language", new_values."method", new_values."obtained_by_id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purpose", new_values."scope", new_values."text_version", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='270171725a91e666ee054418e725e37ecb36b8d6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_06fdd', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_consent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consent',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_consentevent" ("created_at", "decided_at", "decision", "evidence", "id", "idempotency_key", "language", "method", "obtained_by_id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "scope", "text_version", "updated_at", "version") SELECT old_values."created_at", old_values."decided_at", old_values."decision", old_values."evidence", old_values."id", old_values."idempotency_key", old_values."language", old_values."method", old_values."obtained_by_id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purpose", old_values."scope", old_values."text_version", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='1dfdc013d2bc3f08a272fb6bf73f8d5d02760085', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_a515a', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_consent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='note',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."author_id" IS DISTINCT FROM (NEW."author_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."idempotency_key" IS DISTINCT FROM (NEW."idempotency_key") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."text" IS DISTINCT FROM (NEW."text"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='14e00b1483be5932099510eed03696be8eb1440b', operation='UPDATE', pgid='pgtrigger_row_version_2c188', table='patients_note', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='note',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_noteevent" ("author_id", "created_at", "id", "idempotency_key", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "updated_at", "version") SELECT new_values."author_id", new_values."created_at", new_values."id", new_values."idempotency_key", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."text", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='eab0aecb162dfd226f34fe69832020c3d9943664', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_917b9', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_note', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='note',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_noteevent" ("author_id", "created_at", "id", "idempotency_key", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "updated_at", "version") SELECT new_values."author_id", new_values."created_at", new_values."id", new_values."idempotency_key", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."text", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9cd6f0f9ab740fe7f279cfc8b2bd2ecb5a3e81f9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b22ff', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_note', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='note',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_noteevent" ("author_id", "created_at", "id", "idempotency_key", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "updated_at", "version") SELECT old_values."author_id", old_values."created_at", old_values."id", old_values."idempotency_key", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."text", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9b0c9355742d2541cca307271388c3d94a45246c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_df961', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_note', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('idempotency_key',), name='patients_consent_key_once', violation_error_message='This decision has been received already.'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('idempotency_key',), name='patients_note_key_once', violation_error_message='This note has been received already.'),
        ),
    ]
