"""Criteria of trials and programs, what people say of them, and what they come to."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import portal.core.migrations._operations
import portal.core.choices
import portal.core.ids
import portal.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0017_condition_parents'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('referrals', '0007_ct_lifecycle'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Assessed',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('verdict', models.CharField(choices=[('met', 'meets all criteria'), ('not_met', 'does not fit'), ('unknown', 'not known yet')], max_length=10, verbose_name='result')),
                ('findings', models.JSONField(blank=True, db_default=[], default=list, verbose_name='criteria')),
                ('changes', models.JSONField(blank=True, db_default=[], default=list, verbose_name='what changed')),
                ('patient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='patients.patient', verbose_name='patient')),
                ('program', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='referrals.expandedaccessprogram', verbose_name='program')),
                ('trial', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='referrals.clinicaltrial', verbose_name='trial')),
            ],
            options={
                'verbose_name': 'result of the criteria',
                'verbose_name_plural': 'results of the criteria',
                'ordering': ('-created_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='AssessedEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('verdict', models.CharField(choices=[('met', 'meets all criteria'), ('not_met', 'does not fit'), ('unknown', 'not known yet')], max_length=10, verbose_name='result')),
                ('findings', models.JSONField(blank=True, db_default=[], default=list, verbose_name='criteria')),
                ('changes', models.JSONField(blank=True, db_default=[], default=list, verbose_name='what changed')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='referrals.assessed')),
                ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='referrals.expandedaccessprogram', verbose_name='program')),
                ('trial', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='referrals.clinicaltrial', verbose_name='trial')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Criterion',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('position', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='position')),
                ('kind', models.CharField(choices=[('all', 'All of these'), ('any', 'At least one of these'), ('age', 'Age'), ('sex', 'Sex'), ('condition', 'Condition'), ('country', 'Country'), ('measured', 'Measured or asked fact'), ('question', 'Question that people answer')], max_length=10, verbose_name='kind')),
                ('excludes', models.BooleanField(db_default=False, default=False, help_text='Whoever meets it cannot take part.', verbose_name='excludes')),
                ('text', models.CharField(blank=True, db_default='', default='', help_text='For people to answer with yes or no: “Was ALS found by a neurologist?”', max_length=500, verbose_name='question')),
                ('minimum_age', models.CharField(blank=True, db_default='', default='', help_text='For example 18 Years or 6 Months. Blank: none.', max_length=20, verbose_name='minimum age')),
                ('maximum_age', models.CharField(blank=True, db_default='', default='', max_length=20, verbose_name='maximum age')),
                ('sex', models.CharField(blank=True, choices=[('female', 'Female'), ('male', 'Male')], db_default='', default='', max_length=10, verbose_name='sex')),
                ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=portal.core.choices.country_choices, max_length=2), blank=True, db_default=[], default=list, size=None, verbose_name='countries')),
                ('may_travel', models.BooleanField(db_default=False, default=False, verbose_name='or would travel there')),
                ('minimum', models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True, verbose_name='at least')),
                ('maximum', models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True, verbose_name='at most')),
                ('open_ended', models.BooleanField(db_default=False, default=False, help_text='More than and less than, instead of at least and at most.', verbose_name='the limits do not count')),
                ('unit', models.CharField(blank=True, db_default='', default='', help_text="The measure's unit when the limits were written.", max_length=30, verbose_name='unit of the limits')),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, db_default=[], default=list, help_text='For a fact with a list of answers: those that count, commas between.', size=None, verbose_name='one of')),
                ('max_days', models.PositiveSmallIntegerField(blank=True, help_text='Days. An older fact counts as not known.', null=True, verbose_name='not older than')),
                ('is_active', models.BooleanField(db_default=True, default=True, help_text='Off: removed, and kept because people have answered it.', verbose_name='in use')),
                ('condition', models.ForeignKey(blank=True, help_text='What the patient looks for treatment of, or a kind of it. Ask about other illnesses with a question.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='criteria', to='patients.medicalcondition', verbose_name='condition')),
                ('measure', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='criteria', to='patients.measure', verbose_name='fact')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='referrals.criterion', verbose_name='in the group')),
                ('program', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='referrals.expandedaccessprogram', verbose_name='program')),
                ('trial', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='referrals.clinicaltrial', verbose_name='trial')),
            ],
            options={
                'verbose_name': 'eligibility criterion',
                'verbose_name_plural': 'eligibility criteria',
                'ordering': ('position', 'id'),
            },
        ),
        migrations.CreateModel(
            name='CriterionAnswer',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('met', models.BooleanField(blank=True, help_text='Yes or no; unknown asks again.', null=True, verbose_name='answer')),
                ('said_on', models.DateField(verbose_name='said on')),
                ('source', models.CharField(choices=[('patient_said', 'patient said'), ('document', 'document'), ('physician', 'physician'), ('ehr', "hospital's record")], max_length=15, verbose_name='source')),
                ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='referrals.criterion', verbose_name='criterion')),
                ('patient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='criterion_answers', to='patients.patient', verbose_name='patient')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='criterion_answers', to=settings.AUTH_USER_MODEL, verbose_name='recorded by')),
            ],
            options={
                'verbose_name': 'answer to a criterion',
                'verbose_name_plural': 'answers to criteria',
                'ordering': ('-created_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='CriterionAnswerEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('met', models.BooleanField(blank=True, help_text='Yes or no; unknown asks again.', null=True, verbose_name='answer')),
                ('said_on', models.DateField(verbose_name='said on')),
                ('source', models.CharField(choices=[('patient_said', 'patient said'), ('document', 'document'), ('physician', 'physician'), ('ehr', "hospital's record")], max_length=15, verbose_name='source')),
                ('criterion', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='referrals.criterion', verbose_name='criterion')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='referrals.criterionanswer')),
                ('recorded_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CriterionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('position', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='position')),
                ('kind', models.CharField(choices=[('all', 'All of these'), ('any', 'At least one of these'), ('age', 'Age'), ('sex', 'Sex'), ('condition', 'Condition'), ('country', 'Country'), ('measured', 'Measured or asked fact'), ('question', 'Question that people answer')], max_length=10, verbose_name='kind')),
                ('excludes', models.BooleanField(db_default=False, default=False, help_text='Whoever meets it cannot take part.', verbose_name='excludes')),
                ('text', models.CharField(blank=True, db_default='', default='', help_text='For people to answer with yes or no: “Was ALS found by a neurologist?”', max_length=500, verbose_name='question')),
                ('minimum_age', models.CharField(blank=True, db_default='', default='', help_text='For example 18 Years or 6 Months. Blank: none.', max_length=20, verbose_name='minimum age')),
                ('maximum_age', models.CharField(blank=True, db_default='', default='', max_length=20, verbose_name='maximum age')),
                ('sex', models.CharField(blank=True, choices=[('female', 'Female'), ('male', 'Male')], db_default='', default='', max_length=10, verbose_name='sex')),
                ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=portal.core.choices.country_choices, max_length=2), blank=True, db_default=[], default=list, size=None, verbose_name='countries')),
                ('may_travel', models.BooleanField(db_default=False, default=False, verbose_name='or would travel there')),
                ('minimum', models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True, verbose_name='at least')),
                ('maximum', models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True, verbose_name='at most')),
                ('open_ended', models.BooleanField(db_default=False, default=False, help_text='More than and less than, instead of at least and at most.', verbose_name='the limits do not count')),
                ('unit', models.CharField(blank=True, db_default='', default='', help_text="The measure's unit when the limits were written.", max_length=30, verbose_name='unit of the limits')),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, db_default=[], default=list, help_text='For a fact with a list of answers: those that count, commas between.', size=None, verbose_name='one of')),
                ('max_days', models.PositiveSmallIntegerField(blank=True, help_text='Days. An older fact counts as not known.', null=True, verbose_name='not older than')),
                ('is_active', models.BooleanField(db_default=True, default=True, help_text='Off: removed, and kept because people have answered it.', verbose_name='in use')),
                ('condition', models.ForeignKey(blank=True, db_constraint=False, help_text='What the patient looks for treatment of, or a kind of it. Ask about other illnesses with a question.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.medicalcondition', verbose_name='condition')),
                ('measure', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.measure', verbose_name='fact')),
                ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='referrals.criterion', verbose_name='in the group')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='referrals.criterion')),
                ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='referrals.expandedaccessprogram', verbose_name='program')),
                ('trial', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='referrals.clinicaltrial', verbose_name='trial')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='assessed',
            index=models.Index(fields=['patient', 'trial', 'program', '-created_at', '-id'], name='referrals_assessed_newest_of'),
        ),
        migrations.AddIndex(
            model_name='assessed',
            index=models.Index(fields=['-created_at', '-id'], name='referrals_assessed_newest'),
        ),
        migrations.AddConstraint(
            model_name='assessed',
            constraint=models.CheckConstraint(condition=models.Q(('verdict__in', ('met', 'not_met', 'unknown'))), name='referrals_assessed_verdict_known', violation_error_message='This is no known choice.'),
        ),
        migrations.AddConstraint(
            model_name='assessed',
            constraint=models.CheckConstraint(condition=models.Q(('trial__isnull', True), ('program__isnull', True), _connector='XOR'), name='referrals_assessed_of_one', violation_error_message='It is of a trial or of a program.'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessed',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."changes" IS DISTINCT FROM (NEW."changes") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."findings" IS DISTINCT FROM (NEW."findings") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."trial_id" IS DISTINCT FROM (NEW."trial_id") OR OLD."verdict" IS DISTINCT FROM (NEW."verdict"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='53c5a2f68158b0642c505d0c3b491e04fa3be9ba', operation='UPDATE', pgid='pgtrigger_row_version_23e42', table='referrals_assessed', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessed',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_assessedevent" ("changes", "created_at", "findings", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "trial_id", "updated_at", "verdict", "version") SELECT new_values."changes", new_values."created_at", new_values."findings", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id", new_values."trial_id", new_values."updated_at", new_values."verdict", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c384f361e39bf08c9aeff7f47decf46be1bcad53', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_400be', referencing='REFERENCING NEW TABLE AS new_values ', table='referrals_assessed', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessed',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_assessedevent" ("changes", "created_at", "findings", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "trial_id", "updated_at", "verdict", "version") SELECT new_values."changes", new_values."created_at", new_values."findings", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id", new_values."trial_id", new_values."updated_at", new_values."verdict", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d91a039700125034fa4d49bbbf6ef67a824fd05d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_dade4', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='referrals_assessed', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessed',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_assessedevent" ("changes", "created_at", "findings", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "trial_id", "updated_at", "verdict", "version") SELECT old_values."changes", old_values."created_at", old_values."findings", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id", old_values."trial_id", old_values."updated_at", old_values."verdict", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='023d483014d0e0c14b19224717151256e2859af5', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_0c60c', referencing='REFERENCING OLD TABLE AS old_values ', table='referrals_assessed', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessed',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='2acbb31b2ae2d6df2d367d5c91c50f4bf371ef81', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d624a', table='referrals_assessed', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessed',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='c03634a5c6de245a26ceda7209f1762f9b60f139', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_dcd67', table='referrals_assessed', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessedevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='0e9701cc50c09fe2021ec4b0ba3d8d6db29b4875', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_6e061', table='referrals_assessedevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='assessedevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fa524fefe3db61df76059480ea0f337a63c6ac66', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_71836', table='referrals_assessedevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='criterion',
            index=models.Index(fields=['-created_at', '-id'], name='referrals_criterion_newest'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ('all', 'any', 'age', 'sex', 'condition', 'country', 'measured', 'question'))), name='referrals_criterion_kind_known', violation_error_message='This is no known choice.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('trial__isnull', True), ('program__isnull', True), _connector='XOR'), name='referrals_criterion_of_one', violation_error_message='It is of a trial or of a program.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='referrals_criterion_not_in_itself', violation_error_message='A group cannot stand in itself.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'question'), models.Q(('text', ''), _negated=True)), models.Q(models.Q(('kind', 'question'), _negated=True), ('text', '')), _connector='OR'), name='referrals_criterion_question_asks', violation_error_message='A question needs its words, and only a question.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'age'), models.Q(('maximum_age', ''), ('minimum_age', ''), _negated=True)), models.Q(models.Q(('kind', 'age'), _negated=True), ('maximum_age', ''), ('minimum_age', '')), _connector='OR'), name='referrals_criterion_age_limited', violation_error_message='Give a minimum age, a maximum age or both.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('minimum_age', ''), ('minimum_age__regex', '^\\d{1,4} (Year|Month|Week|Day|Hour|Minute)s?$'), _connector='OR'), name='referrals_criterion_minimum_age', violation_error_message='Write an age like 18 Years or 6 Months.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('maximum_age', ''), ('maximum_age__regex', '^\\d{1,4} (Year|Month|Week|Day|Hour|Minute)s?$'), _connector='OR'), name='referrals_criterion_maximum_age', violation_error_message='Write an age like 18 Years or 6 Months.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'sex'), ('sex__in', ('female', 'male'))), models.Q(models.Q(('kind', 'sex'), _negated=True), ('sex', '')), _connector='OR'), name='referrals_criterion_sex_said', violation_error_message='Choose a sex.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'condition'), ('condition__isnull', False)), models.Q(models.Q(('kind', 'condition'), _negated=True), ('condition', None)), _connector='OR'), name='referrals_criterion_condition_said', violation_error_message='Choose a condition.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'country'), ('countries__len__gte', 1)), models.Q(models.Q(('kind', 'country'), _negated=True), ('countries', []), ('may_travel', False)), _connector='OR'), name='referrals_criterion_country_said', violation_error_message='Choose at least one country.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'measured'), ('measure__isnull', False)), models.Q(models.Q(('kind', 'measured'), _negated=True), ('choices', []), ('max_days', None), ('maximum', None), ('measure', None), ('minimum', None)), _connector='OR'), name='referrals_criterion_measure_said', violation_error_message='Choose which fact is looked at.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('maximum', None), ('minimum', None), ('open_ended', False), ('unit', '')), models.Q(models.Q(('maximum', None), ('minimum', None), _negated=True), ('choices', []), ('unit__gt', '')), _connector='OR'), name='referrals_criterion_limits_have_unit', violation_error_message='Limits are numbers in a unit.'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('minimum', None), ('maximum', None), ('minimum__lte', models.F('maximum')), _connector='OR'), name='referrals_criterion_limits_in_order', violation_error_message='The lower limit is above the upper one.'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterion',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."choices" IS DISTINCT FROM (NEW."choices") OR OLD."condition_id" IS DISTINCT FROM (NEW."condition_id") OR OLD."countries" IS DISTINCT FROM (NEW."countries") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."excludes" IS DISTINCT FROM (NEW."excludes") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."max_days" IS DISTINCT FROM (NEW."max_days") OR OLD."maximum" IS DISTINCT FROM (NEW."maximum") OR OLD."maximum_age" IS DISTINCT FROM (NEW."maximum_age") OR OLD."may_travel" IS DISTINCT FROM (NEW."may_travel") OR OLD."measure_id" IS DISTINCT FROM (NEW."measure_id") OR OLD."minimum" IS DISTINCT FROM (NEW."minimum") OR OLD."minimum_age" IS DISTINCT FROM (NEW."minimum_age") OR OLD."open_ended" IS DISTINCT FROM (NEW."open_ended") OR OLD."parent_id" IS DISTINCT FROM (NEW."parent_id") OR OLD."position" IS DISTINCT FROM (NEW."position") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."sex" IS DISTINCT FROM (NEW."sex") OR OLD."text" IS DISTINCT FROM (NEW."text") OR OLD."trial_id" IS DISTINCT FROM (NEW."trial_id") OR OLD."unit" IS DISTINCT FROM (NEW."unit"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='08c9c5fb3b3ffb5666cce40d0c0a822a071482da', operation='UPDATE', pgid='pgtrigger_row_version_31cee', table='referrals_criterion', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterion',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_criterionevent" ("choices", "condition_id", "countries", "created_at", "excludes", "id", "is_active", "kind", "max_days", "maximum", "maximum_age", "may_travel", "measure_id", "minimum", "minimum_age", "open_ended", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "program_id", "sex", "text", "trial_id", "unit", "updated_at", "version") SELECT new_values."choices", new_values."condition_id", new_values."countries", new_values."created_at", new_values."excludes", new_values."id", new_values."is_active", new_values."kind", new_values."max_days", new_values."maximum", new_values."maximum_age", new_values."may_travel", new_values."measure_id", new_values."minimum", new_values."minimum_age", new_values."open_ended", new_values."parent_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."position", new_values."program_id", new_values."sex", new_values."text", new_values."trial_id", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='29ae99afc43d6c0fb5f70f7adb4b6d6676dde157', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_adebe', referencing='REFERENCING NEW TABLE AS new_values ', table='referrals_criterion', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterion',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_criterionevent" ("choices", "condition_id", "countries", "created_at", "excludes", "id", "is_active", "kind", "max_days", "maximum", "maximum_age", "may_travel", "measure_id", "minimum", "minimum_age", "open_ended", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "program_id", "sex", "text", "trial_id", "unit", "updated_at", "version") SELECT new_values."choices", new_values."condition_id", new_values."countries", new_values."created_at", new_values."excludes", new_values."id", new_values."is_active", new_values."kind", new_values."max_days", new_values."maximum", new_values."maximum_age", new_values."may_travel", new_values."measure_id", new_values."minimum", new_values."minimum_age", new_values."open_ended", new_values."parent_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."position", new_values."program_id", new_values."sex", new_values."text", new_values."trial_id", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bcde21daefb5c19e6bf4d433668984623355c0f9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8f68c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='referrals_criterion', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterion',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_criterionevent" ("choices", "condition_id", "countries", "created_at", "excludes", "id", "is_active", "kind", "max_days", "maximum", "maximum_age", "may_travel", "measure_id", "minimum", "minimum_age", "open_ended", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "program_id", "sex", "text", "trial_id", "unit", "updated_at", "version") SELECT old_values."choices", old_values."condition_id", old_values."countries", old_values."created_at", old_values."excludes", old_values."id", old_values."is_active", old_values."kind", old_values."max_days", old_values."maximum", old_values."maximum_age", old_values."may_travel", old_values."measure_id", old_values."minimum", old_values."minimum_age", old_values."open_ended", old_values."parent_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position", old_values."program_id", old_values."sex", old_values."text", old_values."trial_id", old_values."unit", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='c186ac0a19b6e1a0bca46766b64735017381d420', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_4ab7e', referencing='REFERENCING OLD TABLE AS old_values ', table='referrals_criterion', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterion',
            trigger=pgtrigger.compiler.Trigger(name='placed', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE above uuid; steps int;', func="PERFORM pg_advisory_xact_lock(hashtextextended('criteria ' || coalesce(NEW.trial_id, NEW.program_id)::text, 0)); IF NEW.parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM referrals_criterion p WHERE p.id = NEW.parent_id AND p.kind IN ('all', 'any') AND p.trial_id IS NOT DISTINCT FROM NEW.trial_id AND p.program_id IS NOT DISTINCT FROM NEW.program_id) OR EXISTS (SELECT 1 FROM referrals_criterion c WHERE c.parent_id = NEW.id AND (NEW.kind NOT IN ('all', 'any') OR c.trial_id IS DISTINCT FROM NEW.trial_id OR c.program_id IS DISTINCT FROM NEW.program_id)) THEN RAISE EXCEPTION 'a criterion stands in a group of its own trial or program' USING ERRCODE = 'check_violation', CONSTRAINT = 'referrals_criterion_in_group', TABLE = TG_TABLE_NAME; END IF; above := NEW.parent_id; steps := 0; WHILE above IS NOT NULL LOOP steps := steps + 1; IF above = NEW.id OR steps > 100 THEN RAISE EXCEPTION 'a group cannot stand in itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'referrals_criterion_not_in_itself', TABLE = TG_TABLE_NAME; END IF; SELECT parent_id INTO above FROM referrals_criterion WHERE id = above; END LOOP; RETURN NULL;", hash='73fbe48a0e7d86b3cb10c4b1faa773f418b38054', operation='INSERT OR UPDATE', pgid='pgtrigger_placed_8363a', table='referrals_criterion', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='criterionanswer',
            index=models.Index(fields=['patient', 'criterion', '-created_at', '-id'], name='referrals_answer_newest_of'),
        ),
        migrations.AddIndex(
            model_name='criterionanswer',
            index=models.Index(fields=['-created_at', '-id'], name='referrals_answer_newest'),
        ),
        migrations.AddConstraint(
            model_name='criterionanswer',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ('patient_said', 'document', 'physician', 'ehr'))), name='referrals_criterionanswer_source_known', violation_error_message='This is no known choice.'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswer',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."criterion_id" IS DISTINCT FROM (NEW."criterion_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."met" IS DISTINCT FROM (NEW."met") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."recorded_by_id" IS DISTINCT FROM (NEW."recorded_by_id") OR OLD."said_on" IS DISTINCT FROM (NEW."said_on") OR OLD."source" IS DISTINCT FROM (NEW."source"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='a1aead5377096c530dc044e82442170429ff88b9', operation='UPDATE', pgid='pgtrigger_row_version_a9f7b', table='referrals_criterionanswer', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswer',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_criterionanswerevent" ("created_at", "criterion_id", "id", "met", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "said_on", "source", "updated_at", "version") SELECT new_values."created_at", new_values."criterion_id", new_values."id", new_values."met", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."recorded_by_id", new_values."said_on", new_values."source", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='80cc7eca94f7be7c3bcf37799d6cae676bbbb972', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_7a72e', referencing='REFERENCING NEW TABLE AS new_values ', table='referrals_criterionanswer', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswer',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_criterionanswerevent" ("created_at", "criterion_id", "id", "met", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "said_on", "source", "updated_at", "version") SELECT new_values."created_at", new_values."criterion_id", new_values."id", new_values."met", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."recorded_by_id", new_values."said_on", new_values."source", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f1d3e723a96f9332f6b6af3bd38dc378af4e6bac', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_c8a3f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='referrals_criterionanswer', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswer',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "referrals_criterionanswerevent" ("created_at", "criterion_id", "id", "met", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "said_on", "source", "updated_at", "version") SELECT old_values."created_at", old_values."criterion_id", old_values."id", old_values."met", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."recorded_by_id", old_values."said_on", old_values."source", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='b5988aa1111f3eead86cf7a8b20c9ccc95035d84', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_b33bc', referencing='REFERENCING OLD TABLE AS old_values ', table='referrals_criterionanswer', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswer',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='423f98cf40a7e700ae947a325ecd51e7053f6a1b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_a6b6b', table='referrals_criterionanswer', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswer',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='ad1cd126f0db246999e24653ed5be5a96b82395a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_8dd05', table='referrals_criterionanswer', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswerevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='a8cbb50e67d0e3c9313cc50d3c78918c8d08187c', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_6c81d', table='referrals_criterionanswerevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionanswerevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='637ac26f72497775248694c4cf89ec6a08477422', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_69489', table='referrals_criterionanswerevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='b36a1de926297a9c03e95e4e5ccbdf89f61d0765', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_6b4a8', table='referrals_criterionevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='criterionevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fa95e92dd150ead76e271446de6bf7ad42e4c77d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_54ac3', table='referrals_criterionevent', when='BEFORE')),
        ),
    ]
