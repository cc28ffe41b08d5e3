"""What can be known about somebody's health, and what is known."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pgtrigger.compiler
import portal.core.migrations._operations
import portal.core.ids
import portal.core.models
import portal.core.search
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0014_keys_of_consents_and_notes'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MeasureEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('code', models.CharField(help_text='Of the code system. One of our own says what it is: travel-abroad.', max_length=60, verbose_name='code')),
                ('code_system', models.CharField(blank=True, db_default='', default='', help_text='A URI, for LOINC http://loinc.org. Blank: a code of our own.', max_length=200, verbose_name='code system')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('question', models.CharField(help_text='What a navigator asks, in plain words: “Can they walk without help?”', max_length=300, verbose_name='question')),
                ('category', models.CharField(choices=[('lab', 'lab and test results'), ('function', 'how they are doing'), ('therapy', 'therapies'), ('other', 'other')], max_length=10, verbose_name='category')),
                ('kind', models.CharField(choices=[('number', 'number'), ('yes_no', 'yes or no'), ('choice', 'one of a list')], max_length=10, verbose_name='kind of answer')),
                ('unit', models.CharField(blank=True, db_default='', default='', help_text='UCUM: g/dL, 10*9/L, %, {score}. Every value is kept in this unit.', max_length=30, verbose_name='unit')),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, db_default=[], default=list, help_text='For one of a list: the answers, with commas between.', size=None, verbose_name='answers')),
                ('low', models.DecimalField(blank=True, decimal_places=4, help_text='What is below is refused as a slip of the pen or a wrong unit.', max_digits=16, null=True, verbose_name='lowest plausible')),
                ('high', models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True, verbose_name='highest plausible')),
                ('is_active', models.BooleanField(db_default=True, default=True, help_text='Off: no longer offered; what was recorded stays.', verbose_name='in use')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MeasureUnit',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('unit', models.CharField(help_text='UCUM: umol/L, g/L, [lb_av].', max_length=30, verbose_name='unit')),
                ('factor', models.DecimalField(decimal_places=12, help_text="One of this unit is how many of the measure's own?", max_digits=24, verbose_name='factor')),
                ('offset', models.DecimalField(db_default=Decimal('0'), decimal_places=12, default=Decimal('0'), help_text='Added after the factor; nearly always 0.', max_digits=24, verbose_name='offset')),
            ],
            options={
                'verbose_name': 'unit',
                'verbose_name_plural': 'units',
                'ordering': ('unit', 'id'),
            },
        ),
        migrations.CreateModel(
            name='MeasureUnitEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('unit', models.CharField(help_text='UCUM: umol/L, g/L, [lb_av].', max_length=30, verbose_name='unit')),
                ('factor', models.DecimalField(decimal_places=12, help_text="One of this unit is how many of the measure's own?", max_digits=24, verbose_name='factor')),
                ('offset', models.DecimalField(db_default=Decimal('0'), decimal_places=12, default=Decimal('0'), help_text='Added after the factor; nearly always 0.', max_digits=24, verbose_name='offset')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Observation',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('number', models.DecimalField(blank=True, decimal_places=4, help_text="In the measure's own unit.", max_digits=16, null=True, verbose_name='number')),
                ('text', models.CharField(blank=True, db_default='', default='', help_text="yes, no, or one of the measure's answers.", max_length=100, verbose_name='answer')),
                ('entered', models.CharField(max_length=100, verbose_name='value as entered')),
                ('unit', models.CharField(blank=True, db_default='', default='', max_length=30, verbose_name='unit as entered')),
                ('observed_on', models.DateField(verbose_name='observed on')),
                ('source', models.CharField(choices=[('patient_said', 'patient said'), ('document', 'document'), ('physician', 'physician'), ('ehr', "hospital's record")], max_length=15, verbose_name='source')),
                ('status', models.CharField(choices=[('final', 'Valid'), ('entered_in_error', 'Entered in error')], db_default='final', default='final', max_length=20, verbose_name='status')),
                ('error_reason', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='what was wrong')),
                ('idempotency_key', models.CharField(blank=True, db_default='', default='', help_text='Given by the program that sent it: the same key is the same fact.', max_length=200, verbose_name='idempotency key')),
            ],
            options={
                'verbose_name': 'fact',
                'verbose_name_plural': 'facts',
                'ordering': ('-observed_on', '-id'),
            },
        ),
        migrations.CreateModel(
            name='ObservationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('number', models.DecimalField(blank=True, decimal_places=4, help_text="In the measure's own unit.", max_digits=16, null=True, verbose_name='number')),
                ('text', models.CharField(blank=True, db_default='', default='', help_text="yes, no, or one of the measure's answers.", max_length=100, verbose_name='answer')),
                ('entered', models.CharField(max_length=100, verbose_name='value as entered')),
                ('unit', models.CharField(blank=True, db_default='', default='', max_length=30, verbose_name='unit as entered')),
                ('observed_on', models.DateField(verbose_name='observed on')),
                ('source', models.CharField(choices=[('patient_said', 'patient said'), ('document', 'document'), ('physician', 'physician'), ('ehr', "hospital's record")], max_length=15, verbose_name='source')),
                ('status', models.CharField(choices=[('final', 'Valid'), ('entered_in_error', 'Entered in error')], db_default='final', default='final', max_length=20, verbose_name='status')),
                ('error_reason', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='what was wrong')),
                ('idempotency_key', models.CharField(blank=True, db_default='', default='', help_text='Given by the program that sent it: the same key is the same fact.', max_length=200, verbose_name='idempotency key')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('code', models.CharField(help_text='Of the code system. One of our own says what it is: travel-abroad.', max_length=60, verbose_name='code')),
                ('code_system', models.CharField(blank=True, db_default='', default='', help_text='A URI, for LOINC http://loinc.org. Blank: a code of our own.', max_length=200, verbose_name='code system')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('question', models.CharField(help_text='What a navigator asks, in plain words: “Can they walk without help?”', max_length=300, verbose_name='question')),
                ('category', models.CharField(choices=[('lab', 'lab and test results'), ('function', 'how they are doing'), ('therapy', 'therapies'), ('other', 'other')], max_length=10, verbose_name='category')),
                ('kind', models.CharField(choices=[('number', 'number'), ('yes_no', 'yes or no'), ('choice', 'one of a list')], max_length=10, verbose_name='kind of answer')),
                ('unit', models.CharField(blank=True, db_default='', default='', help_text='UCUM: g/dL, 10*9/L, %, {score}. Every value is kept in this unit.', max_length=30, verbose_name='unit')),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, db_default=[], default=list, help_text='For one of a list: the answers, with commas between.', size=None, verbose_name='answers')),
                ('low', models.DecimalField(blank=True, decimal_places=4, help_text='What is below is refused as a slip of the pen or a wrong unit.', max_digits=16, null=True, verbose_name='lowest plausible')),
                ('high', models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True, verbose_name='highest plausible')),
                ('is_active', models.BooleanField(db_default=True, default=True, help_text='Off: no longer offered; what was recorded stays.', verbose_name='in use')),
                ('search', models.GeneratedField(db_persist=True, expression=portal.core.search.TextSearch('name', 'question', 'code'), output_field=django.contrib.postgres.search.SearchVectorField())),
            ],
            options={
                'verbose_name': 'measure',
                'verbose_name_plural': 'measures',
                'ordering': ('name', 'id'),
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['search'], name='patients_measure_search')],
                'constraints': [models.CheckConstraint(condition=models.Q(('category__in', ('lab', 'function', 'therapy', 'other'))), name='patients_measure_category_known', violation_error_message='This is no known choice.'), models.CheckConstraint(condition=models.Q(('kind__in', ('number', 'yes_no', 'choice'))), name='patients_measure_kind_known', violation_error_message='This is no known choice.'), models.UniqueConstraint(fields=('code_system', 'code'), name='patients_measure_code_unique', violation_error_message='There is already a measure with this code.'), models.UniqueConstraint(portal.core.search.Fold('name'), name='patients_measure_name_unique', violation_error_message='There is already a measure of this name.'), models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('name', ''), _negated=True), models.Q(('question', ''), _negated=True)), name='patients_measure_named', violation_error_message='A measure needs a code, a name and a question.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'number'), ('unit__gt', '')), models.Q(models.Q(('kind', 'number'), _negated=True), ('high', None), ('low', None), ('unit', '')), _connector='OR'), name='patients_measure_unit_of_numbers', violation_error_message='A number needs a unit; only numbers have one.'), models.CheckConstraint(condition=models.Q(models.Q(('choices__len__gte', 2), ('kind', 'choice')), models.Q(models.Q(('kind', 'choice'), _negated=True), ('choices', [])), _connector='OR'), name='patients_measure_answers_of_choices', violation_error_message='One of a list needs at least two answers.'), models.CheckConstraint(condition=models.Q(('low', None), ('high', None), ('low__lte', models.F('high')), _connector='OR'), name='patients_measure_limits_in_order', violation_error_message='The lowest plausible value is above the highest.')],
            },
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measure',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."category" IS DISTINCT FROM (NEW."category") OR OLD."choices" IS DISTINCT FROM (NEW."choices") OR OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."code_system" IS DISTINCT FROM (NEW."code_system") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."high" IS DISTINCT FROM (NEW."high") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."low" IS DISTINCT FROM (NEW."low") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."question" IS DISTINCT FROM (NEW."question") OR OLD."unit" IS DISTINCT FROM (NEW."unit"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='e9761f175b3a48013c71ecc10dd41b0aa5bc95a1', operation='UPDATE', pgid='pgtrigger_row_version_0d2f2', table='patients_measure', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measure',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_measureevent" ("category", "choices", "code", "code_system", "created_at", "high", "id", "is_active", "kind", "low", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "unit", "updated_at", "version") SELECT new_values."category", new_values."choices", new_values."code", new_values."code_system", new_values."created_at", new_values."high", new_values."id", new_values."is_active", new_values."kind", new_values."low", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."question", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='53b49b8f97d8d52fd44f98b58c6a7a744cd35f7d', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c7ddc', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_measure', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measure',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_measureevent" ("category", "choices", "code", "code_system", "created_at", "high", "id", "is_active", "kind", "low", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "unit", "updated_at", "version") SELECT new_values."category", new_values."choices", new_values."code", new_values."code_system", new_values."created_at", new_values."high", new_values."id", new_values."is_active", new_values."kind", new_values."low", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."question", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."category" IS DISTINCT FROM (new_values."category") OR old_values."choices" IS DISTINCT FROM (new_values."choices") OR old_values."code" IS DISTINCT FROM (new_values."code") OR old_values."code_system" IS DISTINCT FROM (new_values."code_system") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."high" IS DISTINCT FROM (new_values."high") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."kind" IS DISTINCT FROM (new_values."kind") OR old_values."low" IS DISTINCT FROM (new_values."low") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."question" IS DISTINCT FROM (new_values."question") OR old_values."unit" IS DISTINCT FROM (new_values."unit") OR old_values."updated_at" IS DISTINCT FROM (new_values."updated_at") OR old_values."version" IS DISTINCT FROM (new_values."version")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='53affea539e791881426c0f7f18dda66ee4ae074', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_1faf2', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_measure', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measure',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_measureevent" ("category", "choices", "code", "code_system", "created_at", "high", "id", "is_active", "kind", "low", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "question", "unit", "updated_at", "version") SELECT old_values."category", old_values."choices", old_values."code", old_values."code_system", old_values."created_at", old_values."high", old_values."id", old_values."is_active", old_values."kind", old_values."low", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."question", old_values."unit", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e9dda3bb228d99211bef6d1b9128cabf4662992a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_a665c', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_measure', when='AFTER')),
        ),
        migrations.AddField(
            model_name='measureevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='measureevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='patients.measure'),
        ),
        migrations.AddField(
            model_name='measureunit',
            name='measure',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='units', to='patients.measure', verbose_name='measure'),
        ),
        migrations.AddField(
            model_name='measureunitevent',
            name='measure',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.measure', verbose_name='measure'),
        ),
        migrations.AddField(
            model_name='measureunitevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='measureunitevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='patients.measureunit'),
        ),
        migrations.AddField(
            model_name='observation',
            name='corrects',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='patients.observation', verbose_name='corrects'),
        ),
        migrations.AddField(
            model_name='observation',
            name='document',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='patients.document', verbose_name='document'),
        ),
        migrations.AddField(
            model_name='observation',
            name='measure',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='patients.measure', verbose_name='measure'),
        ),
        migrations.AddField(
            model_name='observation',
            name='patient',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='patients.patient', verbose_name='patient'),
        ),
        migrations.AddField(
            model_name='observation',
            name='recorded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='observations', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='corrects',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.observation', verbose_name='corrects'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='document',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.document', verbose_name='document'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='measure',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.measure', verbose_name='measure'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='patients.observation'),
        ),
        migrations.AddField(
            model_name='observationevent',
            name='recorded_by',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='recorded by'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='8efbc67803d4abfe535a5978409e37b69920077f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_a6015', table='patients_measureevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2894b2abd611ef61bde8ece9987c42ee125cf3ca', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_11ec8', table='patients_measureevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='measureunit',
            constraint=models.UniqueConstraint(fields=('measure', 'unit'), name='patients_measureunit_once', violation_error_message='This measure has this unit already.'),
        ),
        migrations.AddConstraint(
            model_name='measureunit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit', ''), _negated=True), ('factor__gt', 0)), name='patients_measureunit_converts', violation_error_message='Name the unit, and a factor above 0.'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureunit',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."factor" IS DISTINCT FROM (NEW."factor") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."measure_id" IS DISTINCT FROM (NEW."measure_id") OR OLD."offset" IS DISTINCT FROM (NEW."offset") OR OLD."unit" IS DISTINCT FROM (NEW."unit"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='5014945aed748d926dea9279bac489f1368027ea', operation='UPDATE', pgid='pgtrigger_row_version_5aad9', table='patients_measureunit', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureunit',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_measureunitevent" ("created_at", "factor", "id", "measure_id", "offset", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit", "updated_at", "version") SELECT new_values."created_at", new_values."factor", new_values."id", new_values."measure_id", new_values."offset", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='94fe1bfc7099cc1c0ae4421fe06a7a8953ceefb0', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_7c290', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_measureunit', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureunit',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_measureunitevent" ("created_at", "factor", "id", "measure_id", "offset", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit", "updated_at", "version") SELECT new_values."created_at", new_values."factor", new_values."id", new_values."measure_id", new_values."offset", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='94b71deeb7cb57caa72e8065a26981c3b24f4ee5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_dac0b', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_measureunit', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureunit',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_measureunitevent" ("created_at", "factor", "id", "measure_id", "offset", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit", "updated_at", "version") SELECT old_values."created_at", old_values."factor", old_values."id", old_values."measure_id", old_values."offset", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."unit", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='abe6b6a4d73908d0359fb48e3c8436ac888b55f5', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7818d', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_measureunit', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureunitevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='489b592984e0acf0fb83a9283f39760db7f3975b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_ccc76', table='patients_measureunitevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='measureunitevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8428ed68125c722396fc9b3796ff55385cdbf29a', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_091b6', table='patients_measureunitevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='observation',
            index=models.Index(condition=models.Q(('status', 'final')), fields=['patient', 'measure', '-observed_on', '-id'], name='patients_observation_counts'),
        ),
        migrations.AddIndex(
            model_name='observation',
            index=models.Index(fields=['patient', '-observed_on', '-id'], name='patients_observation_patient'),
        ),
        migrations.AddIndex(
            model_name='observation',
            index=models.Index(fields=['-observed_on', '-id'], name='patients_observation_newest'),
        ),
        migrations.AddIndex(
            model_name='observation',
            index=models.Index(fields=['measure', '-observed_on', '-id'], name='patients_observation_measure'),
        ),
        migrations.AddIndex(
            model_name='observation',
            index=models.Index(fields=['source', '-observed_on', '-id'], name='patients_observation_source'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ('patient_said', 'document', 'physician', 'ehr'))), name='patients_observation_source_known', violation_error_message='This is no known choice.'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('final', 'entered_in_error'))), name='patients_observation_status_known', violation_error_message='This is no known choice.'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number__isnull', False), ('text', '')), models.Q(('number', None), ('text__gt', '')), _connector='OR'), name='patients_observation_one_value', violation_error_message='A fact has a number or an answer, and not both.'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(('entered', ''), _negated=True), name='patients_observation_as_entered', violation_error_message='Say what was entered.'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('error_reason__gt', ''), ('status', 'entered_in_error')), models.Q(models.Q(('status', 'entered_in_error'), _negated=True), ('error_reason', '')), _connector='OR'), name='patients_observation_error_says_why', violation_error_message='Say what was wrong, and only of what is wrong.'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(('corrects', None), models.Q(('corrects', models.F('id')), _negated=True), _connector='OR'), name='patients_observation_not_itself', violation_error_message='A fact cannot correct itself.'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('idempotency_key',), name='patients_observation_key_once', violation_error_message='This fact has been received already.'),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observation',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."corrects_id" IS DISTINCT FROM (NEW."corrects_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."document_id" IS DISTINCT FROM (NEW."document_id") OR OLD."entered" IS DISTINCT FROM (NEW."entered") OR OLD."error_reason" IS DISTINCT FROM (NEW."error_reason") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."idempotency_key" IS DISTINCT FROM (NEW."idempotency_key") OR OLD."measure_id" IS DISTINCT FROM (NEW."measure_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."observed_on" IS DISTINCT FROM (NEW."observed_on") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."recorded_by_id" IS DISTINCT FROM (NEW."recorded_by_id") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."text" IS DISTINCT FROM (NEW."text") OR OLD."unit" IS DISTINCT FROM (NEW."unit"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='218b48772f757a250693b4ce1b67b5ea00e2ed3b', operation='UPDATE', pgid='pgtrigger_row_version_223de', table='patients_observation', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observation',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_observationevent" ("corrects_id", "created_at", "document_id", "entered", "error_reason", "id", "idempotency_key", "measure_id", "number", "observed_on", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "source", "status", "text", "unit", "updated_at", "version") SELECT new_values."corrects_id", new_values."created_at", new_values."document_id", new_values."entered", new_values."error_reason", new_values."id", new_values."idempotency_key", new_values."measure_id", new_values."number", new_values."observed_on", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."recorded_by_id", new_values."source", new_values."status", new_values."text", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='de0001d5546bcced9c0317182530687db63d43f3', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_eebb0', referencing='REFERENCING NEW TABLE AS new_values ', table='patients_observation', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observation',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_observationevent" ("corrects_id", "created_at", "document_id", "entered", "error_reason", "id", "idempotency_key", "measure_id", "number", "observed_on", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "source", "status", "text", "unit", "updated_at", "version") SELECT new_values."corrects_id", new_values."created_at", new_values."document_id", new_values."entered", new_values."error_reason", new_values."id", new_values."idempotency_key", new_values."measure_id", new_values."number", new_values."observed_on", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."recorded_by_id", new_values."source", new_values."status", new_values."text", new_values."unit", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='513d898adf3cfdf20f25141e3e44ff7ab0244b97', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_3724a', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='patients_observation', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observation',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_observationevent" ("corrects_id", "created_at", "document_id", "entered", "error_reason", "id", "idempotency_key", "measure_id", "number", "observed_on", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "source", "status", "text", "unit", "updated_at", "version") SELECT old_values."corrects_id", old_values."created_at", old_values."document_id", old_values."entered", old_values."error_reason", old_values."id", old_values."idempotency_key", old_values."measure_id", old_values."number", old_values."observed_on", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."recorded_by_id", old_values."source", old_values."status", old_values."text", old_values."unit", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='8281c75239d44834a9d8c553838500620783db98', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_b69f7', referencing='REFERENCING OLD TABLE AS old_values ', table='patients_observation', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observation',
            trigger=pgtrigger.compiler.Trigger(name='kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; IF TG_OP = 'UPDATE' AND OLD.status = 'final' AND NEW.status = 'entered_in_error' AND to_jsonb(NEW) - '{status,error_reason,version,updated_at}'::text[] = to_jsonb(OLD) - '{status,error_reason,version,updated_at}'::text[] THEN RETURN NEW; END IF; RAISE EXCEPTION 'a fact is not overwritten' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'patients_observation_kept', TABLE = TG_TABLE_NAME;", hash='c70d63aa6251d72656c2ffb7b155e7f3027d1918', operation='UPDATE OR DELETE', pgid='pgtrigger_kept_6707f', table='patients_observation', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observationevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='e4b36e0d4bd0c5610223512a6f20ce2f1e0d23f6', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_30e72', table='patients_observationevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='observationevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='904a0a6b102a1f2c75c8a37f4a694e0a39de653c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f8d7b', table='patients_observationevent', when='BEFORE')),
        ),
    ]
