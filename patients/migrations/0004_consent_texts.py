"""The texts that people agree to: the table, and the first version of every text."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import patients.models.texts
import pgtrigger.compiler
import portal.core.choices
import portal.core.ids
import portal.core.migrations._operations
import portal.core.models
from django.db import migrations, models

from patients.migrations._consent_texts import seed


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0003_proposals'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentTextEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('purpose', models.CharField(choices=[('navigation', 'processing health data to find options'), ('contact', 'being called and written to'), ('physician', 'sharing with the physician'), ('trial_site', 'sharing with a trial site'), ('eap_sponsor', 'sharing with the sponsor of an access program'), ('ehr', "exchanging with a hospital's record"), ('research', 'pseudonymous statistics and research')], max_length=20, verbose_name='purpose')),
                ('text_version', models.CharField(max_length=50, verbose_name='version')),
                ('language', models.CharField(choices=portal.core.choices.language_choices, max_length=10, verbose_name='language')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('body', models.TextField(verbose_name='text')),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('valid_from', models.DateTimeField(verbose_name='shown from')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('purpose', models.CharField(choices=[('navigation', 'processing health data to find options'), ('contact', 'being called and written to'), ('physician', 'sharing with the physician'), ('trial_site', 'sharing with a trial site'), ('eap_sponsor', 'sharing with the sponsor of an access program'), ('ehr', "exchanging with a hospital's record"), ('research', 'pseudonymous statistics and research')], max_length=20, verbose_name='purpose')),
                ('text_version', models.CharField(max_length=50, verbose_name='version')),
                ('language', models.CharField(choices=portal.core.choices.language_choices, max_length=10, verbose_name='language')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('body', models.TextField(verbose_name='text')),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('valid_from', models.DateTimeField(verbose_name='shown from')),
            ],
            options={
                'verbose_name': 'consent text',
                'verbose_name_plural': 'consent texts',
                'ordering': ('purpose', 'language', '-valid_from', '-id'),
                'constraints': [models.UniqueConstraint(fields=('purpose', 'text_version', 'language'), name='patients_consenttext_version_once', violation_error_message='This version exists already in this language.'), models.CheckConstraint(condition=models.Q(models.Q(('text_version', ''), _negated=True), models.Q(('title', ''), _negated=True), models.Q(('body', ''), _negated=True)), name='patients_consenttext_complete', violation_error_message='A text has a version, a title and words.'), models.CheckConstraint(condition=models.Q(('sha256', patients.models.texts.Sha256(django.db.models.functions.text.Concat('title', models.Value('\n\n'), 'body', output_field=models.TextField())))), name='patients_consenttext_fingerprint', violation_error_message='The fingerprint does not belong to this text.')],
            },
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttext',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."body" IS DISTINCT FROM (NEW."body") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."text_version" IS DISTINCT FROM (NEW."text_version") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."valid_from" IS DISTINCT FROM (NEW."valid_from"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='bc87f737b383669a794235942be1bae13816b18e', operation='UPDATE', pgid='pgtrigger_row_version_42dc1', table='patients_consenttext', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttext',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_consenttextevent" ("body", "created_at", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "sha256", "text_version", "title", "updated_at", "valid_from", "version") SELECT new_values."body", new_values."created_at", new_values."id", new_values."language", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purpose", new_values."sha256", new_values."text_version", new_values."title", new_values."updated_at", new_values."valid_from", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='cefeec737e04c40c664466eab2d486e437da67cf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_07cfe', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_consenttext', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttext',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_consenttextevent" ("body", "created_at", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "sha256", "text_version", "title", "updated_at", "valid_from", "version") SELECT new_values."body", new_values."created_at", new_values."id", new_values."language", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purpose", new_values."sha256", new_values."text_version", new_values."title", new_values."updated_at", new_values."valid_from", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6cb7b4653e4b4ee3bf5e8335458dfc91ed3c0886', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_ed822', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_consenttext', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttext',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_consenttextevent" ("body", "created_at", "id", "language", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "sha256", "text_version", "title", "updated_at", "valid_from", "version") SELECT old_values."body", old_values."created_at", old_values."id", old_values."language", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purpose", old_values."sha256", old_values."text_version", old_values."title", old_values."updated_at", old_values."valid_from", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='116fb1a43a2835b9a95b40d4cb256c8d89344f3d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_eeb1e', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_consenttext', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttext',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='5f393becdc2a2431e96abd329a4e17917ff4b7c7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c17f6', table='patients_consenttext', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttext',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='2e70587fbe02ed7ed802499903ad741d2721aa77', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_94435', table='patients_consenttext', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='consenttextevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='consenttextevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='patients.consenttext'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttextevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='ec883a9d84cd6c9d354c55ea74ffc71f3123bec6', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_acf98', table='patients_consenttextevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='consenttextevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f5d74f2295e67bfdfb67401242618b35e714518f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_be15a', table='patients_consenttextevent', when='BEFORE')),
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
