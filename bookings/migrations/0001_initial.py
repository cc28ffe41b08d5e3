import bookings.models
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pgtrigger.compiler
import portal.core.choices
import portal.core.ids
import portal.core.migrations._operations
import portal.core.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '__first__'),
        ('patients', '0001_initial'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('status', models.CharField(choices=[('held', 'Held'), ('booked', 'Booked'), ('completed', 'Completed'), ('no_show', 'No-show'), ('cancelled', 'Cancelled'), ('rescheduled', 'Rescheduled')], default='booked', max_length=12, verbose_name='status')),
                ('held_until', models.DateTimeField(blank=True, null=True, verbose_name='held until')),
                ('no_show_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='who did not show')),
                ('cancelled_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='cancelled by')),
                ('cancel_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for cancelling')),
                ('reminder_at', models.DateTimeField(blank=True, null=True, verbose_name='reminder')),
                ('patient_time_zone', models.CharField(blank=True, max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name="the patient's time zone")),
                ('ics_uid', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='calendar id')),
                ('ics_sequence', models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='calendar sequence')),
                ('navigator', models.ForeignKey(blank=True, limit_choices_to={'is_staff': True}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='patients.patient', verbose_name='patient')),
                ('rescheduled_to', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rescheduled_from', to='bookings.booking', verbose_name='moved to')),
            ],
            options={
                'verbose_name': 'booking',
                'verbose_name_plural': 'bookings',
                'ordering': ('-starts_at', '-id'),
                'indexes': [models.Index(fields=['-starts_at', '-id'], name='bookings_booking_newest'), models.Index(fields=['patient', '-starts_at', '-id'], name='bookings_booking_patient'), models.Index(fields=['navigator', 'starts_at'], name='bookings_booking_navigator'), models.Index(fields=['status', '-starts_at', '-id'], name='bookings_booking_status'), models.Index(fields=['updated_at', 'id'], name='bookings_booking_changed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='bookings_booking_end_after_start', violation_error_message='The end must be later than the start.'), models.CheckConstraint(condition=models.Q(models.Q(('held_until__isnull', False), ('status', 'held')), models.Q(models.Q(('status', 'held'), _negated=True), ('held_until', None)), _connector='OR'), name='bookings_booking_held_has_end', violation_error_message='A held slot says until when.'), models.CheckConstraint(condition=models.Q(models.Q(('no_show_by__gt', ''), ('status', 'no_show')), models.Q(models.Q(('status', 'no_show'), _negated=True), ('no_show_by', '')), _connector='OR'), name='bookings_booking_no_show_says_who', violation_error_message='Say who did not show up.'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_by__gt', ''), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('cancelled_by', '')), _connector='OR'), name='bookings_booking_cancelled_says_who', violation_error_message='Say who cancelled.'), models.CheckConstraint(condition=models.Q(models.Q(('rescheduled_to__isnull', False), ('status', 'rescheduled')), models.Q(models.Q(('status', 'rescheduled'), _negated=True), ('rescheduled_to', None)), _connector='OR'), name='bookings_booking_rescheduled_says_where', violation_error_message='A moved call points at the new one.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('navigator__isnull', False), ('status__in', ('held', 'booked'))), expressions=[(bookings.models.SameId('navigator'), '&&'), (bookings.models.TimeSpan('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='bookings_booking_navigator_free', violation_error_message='The navigator has another call at that time.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('status__in', ('held', 'booked'))), expressions=[(bookings.models.SameId('patient'), '&&'), (bookings.models.TimeSpan('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='bookings_booking_patient_free', violation_error_message='The patient has another call at that time.')],
            },
        ),
        migrations.CreateModel(
            name='BookingEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('status', models.CharField(choices=[('held', 'Held'), ('booked', 'Booked'), ('completed', 'Completed'), ('no_show', 'No-show'), ('cancelled', 'Cancelled'), ('rescheduled', 'Rescheduled')], default='booked', max_length=12, verbose_name='status')),
                ('held_until', models.DateTimeField(blank=True, null=True, verbose_name='held until')),
                ('no_show_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='who did not show')),
                ('cancelled_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='cancelled by')),
                ('cancel_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for cancelling')),
                ('reminder_at', models.DateTimeField(blank=True, null=True, verbose_name='reminder')),
                ('patient_time_zone', models.CharField(blank=True, max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name="the patient's time zone")),
                ('ics_uid', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='calendar id')),
                ('ics_sequence', models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='calendar sequence')),
                ('navigator', models.ForeignKey(blank=True, db_constraint=False, limit_choices_to={'is_staff': True}, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.booking')),
                ('rescheduled_to', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='bookings.booking', verbose_name='moved to')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('started_at', models.DateTimeField(verbose_name='when')),
                ('outcome', models.CharField(choices=[('reached', 'Reached'), ('third_party', 'Somebody else answered'), ('voicemail', 'Voicemail'), ('no_answer', 'No answer'), ('wrong_number', 'Wrong number'), ('refused', 'Does not want to talk')], max_length=20, verbose_name='outcome')),
                ('summary', models.TextField(blank=True, verbose_name='summary')),
                ('decision', models.CharField(blank=True, choices=[('pursue', 'Pursue'), ('disqualify', 'Disqualify'), ('think', 'Needs time to think')], max_length=20, verbose_name='decision')),
                ('next_action', models.CharField(blank=True, max_length=300, verbose_name='next action')),
                ('next_action_due', models.DateField(blank=True, null=True, verbose_name='due')),
                ('booking', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='bookings.booking', verbose_name='booking')),
                ('navigator', models.ForeignKey(limit_choices_to={'is_staff': True}, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='patients.patient', verbose_name='patient')),
            ],
            options={
                'verbose_name': 'call',
                'verbose_name_plural': 'calls',
                'ordering': ('-started_at', '-id'),
                'indexes': [models.Index(fields=['-started_at', '-id'], name='bookings_call_newest'), models.Index(fields=['patient', '-started_at', '-id'], name='bookings_call_patient'), models.Index(condition=models.Q(('next_action_due__isnull', False)), fields=['navigator', 'next_action_due'], name='bookings_call_follow_up')],
                'constraints': [models.CheckConstraint(condition=models.Q(('next_action_due', None), models.Q(('next_action', ''), _negated=True), _connector='OR'), name='bookings_call_due_has_action', violation_error_message='Say what is due on that date.')],
            },
        ),
        migrations.CreateModel(
            name='CallEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('started_at', models.DateTimeField(verbose_name='when')),
                ('outcome', models.CharField(choices=[('reached', 'Reached'), ('third_party', 'Somebody else answered'), ('voicemail', 'Voicemail'), ('no_answer', 'No answer'), ('wrong_number', 'Wrong number'), ('refused', 'Does not want to talk')], max_length=20, verbose_name='outcome')),
                ('summary', models.TextField(blank=True, verbose_name='summary')),
                ('decision', models.CharField(blank=True, choices=[('pursue', 'Pursue'), ('disqualify', 'Disqualify'), ('think', 'Needs time to think')], max_length=20, verbose_name='decision')),
                ('next_action', models.CharField(blank=True, max_length=300, verbose_name='next action')),
                ('next_action_due', models.DateField(blank=True, null=True, verbose_name='due')),
                ('booking', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='bookings.booking', verbose_name='booking')),
                ('navigator', models.ForeignKey(db_constraint=False, limit_choices_to={'is_staff': True}, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.call')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TimeOff',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('navigator', models.ForeignKey(limit_choices_to={'is_staff': True}, on_delete=django.db.models.deletion.PROTECT, related_name='time_off', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
            ],
            options={
                'verbose_name': 'time off',
                'verbose_name_plural': 'time off',
                'ordering': ('-starts_at', 'id'),
                'indexes': [models.Index(fields=['navigator', 'ends_at'], name='bookings_timeoff_navigator')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='bookings_timeoff_end_after_start', violation_error_message='The end must be later than the start.')],
            },
        ),
        migrations.CreateModel(
            name='TimeOffEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('navigator', models.ForeignKey(db_constraint=False, limit_choices_to={'is_staff': True}, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.timeoff')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')], verbose_name='weekday')),
                ('starts', models.TimeField(verbose_name='from')),
                ('ends', models.TimeField(verbose_name='until')),
                ('time_zone', models.CharField(default='Europe/Amsterdam', max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name='time zone')),
                ('navigator', models.ForeignKey(limit_choices_to={'is_staff': True}, on_delete=django.db.models.deletion.PROTECT, related_name='working_hours', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
                'ordering': ('navigator', 'weekday', 'starts', 'id'),
                'constraints': [models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts'))), name='bookings_workinghours_end_after_start', violation_error_message='The end must be later than the start.'), models.CheckConstraint(condition=models.Q(('weekday__range', (1, 7))), name='bookings_workinghours_weekday', violation_error_message='A weekday is 1 (Monday) to 7 (Sunday).'), models.UniqueConstraint(fields=('navigator', 'weekday', 'starts'), name='bookings_workinghours_once', violation_error_message='These hours are there already.')],
            },
        ),
        migrations.CreateModel(
            name='WorkingHoursEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')], verbose_name='weekday')),
                ('starts', models.TimeField(verbose_name='from')),
                ('ends', models.TimeField(verbose_name='until')),
                ('time_zone', models.CharField(default='Europe/Amsterdam', max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name='time zone')),
                ('navigator', models.ForeignKey(db_constraint=False, limit_choices_to={'is_staff': True}, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.workinghours')),
            ],
            options={
                'abstract': False,
            },
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='booking',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."cancel_reason" IS DISTINCT FROM (NEW."cancel_reason") OR OLD."cancelled_by" IS DISTINCT FROM (NEW."cancelled_by") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."ends_at" IS DISTINCT FROM (NEW."ends_at") OR OLD."held_until" IS DISTINCT FROM (NEW."held_until") OR OLD."ics_sequence" IS DISTINCT FROM (NEW."ics_sequence") OR OLD."ics_uid" IS DISTINCT FROM (NEW."ics_uid") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."navigator_id" IS DISTINCT FROM (NEW."navigator_id") OR OLD."no_show_by" IS DISTINCT FROM (NEW."no_show_by") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."patient_time_zone" IS DISTINCT FROM (NEW."patient_time_zone") OR OLD."reminder_at" IS DISTINCT FROM (NEW."reminder_at") OR OLD."rescheduled_to_id" IS DISTINCT FROM (NEW."rescheduled_to_id") OR OLD."starts_at" IS DISTINCT FROM (NEW."starts_at") OR OLD."status" IS DISTINCT FROM (NEW."status"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='05d6a89e3a37dd517e362cc8cd88acf6c1eddc3f', operation='UPDATE', pgid='pgtrigger_row_version_e327e', table='bookings_booking', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='booking',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_bookingevent" ("cancel_reason", "cancelled_by", "created_at", "ends_at", "held_until", "ics_sequence", "ics_uid", "id", "navigator_id", "no_show_by", "patient_id", "patient_time_zone", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reminder_at", "rescheduled_to_id", "starts_at", "status", "updated_at", "version") SELECT new_values."cancel_reason", new_values."cancelled_by", new_values."created_at", new_values."ends_at", new_values."held_until", new_values."ics_sequence", new_values."ics_uid", new_values."id", new_values."navigator_id", new_values."no_show_by", new_values."patient_id", new_values."patient_time_zone", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reminder_at", new_values."rescheduled_to_id", new_values."starts_at", new_values."status", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d174cc1004e9a574fd0f5078d4eeb619377512e3', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_28bb6', referencing='REFERENCING NEW TABLE AS new_values ', table='bookings_booking', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='booking',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_bookingevent" ("cancel_reason", "cancelled_by", "created_at", "ends_at", "held_until", "ics_sequence", "ics_uid", "id", "navigator_id", "no_show_by", "patient_id", "patient_time_zone", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reminder_at", "rescheduled_to_id", "starts_at", "status", "updated_at", "version") SELECT new_values."cancel_reason", new_values."cancelled_by", new_values."created_at", new_values."ends_at", new_values."held_until", new_values."ics_sequence", new_values."ics_uid", new_values."id", new_values."navigator_id", new_values."no_show_by", new_values."patient_id", new_values."patient_time_zone", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reminder_at", new_values."rescheduled_to_id", new_values."starts_at", new_values."status", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f8b87ff974e4bab800bffab1384ab849711cf017', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d8751', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='bookings_booking', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='booking',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_bookingevent" ("cancel_reason", "cancelled_by", "created_at", "ends_at", "held_until", "ics_sequence", "ics_uid", "id", "navigator_id", "no_show_by", "patient_id", "patient_time_zone", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reminder_at", "rescheduled_to_id", "starts_at", "status", "updated_at", "version") SELECT old_values."cancel_reason", old_values."cancelled_by", old_values."created_at", old_values."ends_at", old_values."held_until", old_values."ics_sequence", old_values."ics_uid", old_values."id", old_values."navigator_id", old_values."no_show_by", old_values."patient_id", old_values."patient_time_zone", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reminder_at", old_values."rescheduled_to_id", old_values."starts_at", old_values."status", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='43412da99bd3f34b2a5e67fb1d14ad71bfcd0bfc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_0839f', referencing='REFERENCING OLD TABLE AS old_values ', table='bookings_booking', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='bookingevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='a34fcd29f4332b57dd6b640519934b5f63e96d6c', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_727f7', table='bookings_bookingevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='bookingevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='785d8e730e8f6f05ed7f07abd1a71c8038f0c87b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_72b0a', table='bookings_bookingevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='call',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."booking_id" IS DISTINCT FROM (NEW."booking_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."decision" IS DISTINCT FROM (NEW."decision") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."navigator_id" IS DISTINCT FROM (NEW."navigator_id") OR OLD."next_action" IS DISTINCT FROM (NEW."next_action") OR OLD."next_action_due" IS DISTINCT FROM (NEW."next_action_due") OR OLD."outcome" IS DISTINCT FROM (NEW."outcome") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."started_at" IS DISTINCT FROM (NEW."started_at") OR OLD."summary" IS DISTINCT FROM (NEW."summary"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='20ef99d03a5445c79aa9ae54a4fbfeba9c2d29c2', operation='UPDATE', pgid='pgtrigger_row_version_cb7c8', table='bookings_call', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='call',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_callevent" ("booking_id", "created_at", "decision", "id", "navigator_id", "next_action", "next_action_due", "outcome", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "started_at", "summary", "updated_at", "version") SELECT new_values."booking_id", new_values."created_at", new_values."decision", new_values."id", new_values."navigator_id", new_values."next_action", new_values."next_action_due", new_values."outcome", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."started_at", new_values."summary", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3700b3424f1eae62c57087004c461f2f7b555fba', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_ab305', referencing='REFERENCING NEW TABLE AS new_values ', table='bookings_call', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='call',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_callevent" ("booking_id", "created_at", "decision", "id", "navigator_id", "next_action", "next_action_due", "outcome", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "started_at", "summary", "updated_at", "version") SELECT new_values."booking_id", new_values."created_at", new_values."decision", new_values."id", new_values."navigator_id", new_values."next_action", new_values."next_action_due", new_values."outcome", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."started_at", new_values."summary", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f8559369217bf0d5d96a00da3c1ae5f2d6263f5d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_686c1', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='bookings_call', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='call',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_callevent" ("booking_id", "created_at", "decision", "id", "navigator_id", "next_action", "next_action_due", "outcome", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "started_at", "summary", "updated_at", "version") SELECT old_values."booking_id", old_values."created_at", old_values."decision", old_values."id", old_values."navigator_id", old_values."next_action", old_values."next_action_due", old_values."outcome", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."started_at", old_values."summary", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='914632371308aabd3c08e609d147138390ffd89b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7c10c', referencing='REFERENCING OLD TABLE AS old_values ', table='bookings_call', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='callevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='f6381eab19e9edaf8c1a71e08670e4e073a403da', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_b0756', table='bookings_callevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='callevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='205f4dab15afedef37aabef095c6e909a30f5373', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ca78a', table='bookings_callevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='timeoff',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."ends_at" IS DISTINCT FROM (NEW."ends_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."navigator_id" IS DISTINCT FROM (NEW."navigator_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."starts_at" IS DISTINCT FROM (NEW."starts_at"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='a2fcb05ddd5f3917e3fadc66489a8f798093b8bc', operation='UPDATE', pgid='pgtrigger_row_version_92a0a', table='bookings_timeoff', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='timeoff',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_timeoffevent" ("created_at", "ends_at", "id", "navigator_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_at", "updated_at", "version") SELECT new_values."created_at", new_values."ends_at", new_values."id", new_values."navigator_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reason", new_values."starts_at", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='4dfaba60966ddcfef2d9cc5b46dd59fbabd9da5c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_79c92', referencing='REFERENCING NEW TABLE AS new_values ', table='bookings_timeoff', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='timeoff',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_timeoffevent" ("created_at", "ends_at", "id", "navigator_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_at", "updated_at", "version") SELECT new_values."created_at", new_values."ends_at", new_values."id", new_values."navigator_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reason", new_values."starts_at", new_values."updated_at", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a5af8e298c80a2c3c99cc41e9efa3ae6177cff7c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_1e8b5', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='bookings_timeoff', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='timeoff',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_timeoffevent" ("created_at", "ends_at", "id", "navigator_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_at", "updated_at", "version") SELECT old_values."created_at", old_values."ends_at", old_values."id", old_values."navigator_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reason", old_values."starts_at", old_values."updated_at", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a12c9d2f7b5e1cec78de1472cf1d1afd550419f9', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_3af8e', referencing='REFERENCING OLD TABLE AS old_values ', table='bookings_timeoff', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='timeoffevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='ace627b2b175f3ef9d4e4b746b5fb944192986d4', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_9c4bc', table='bookings_timeoffevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='timeoffevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0ed053a6b5fa86593e675ddb65f28a64a1039163', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_493df', table='bookings_timeoffevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='workinghours',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."ends" IS DISTINCT FROM (NEW."ends") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."navigator_id" IS DISTINCT FROM (NEW."navigator_id") OR OLD."starts" IS DISTINCT FROM (NEW."starts") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone") OR OLD."weekday" IS DISTINCT FROM (NEW."weekday"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='726a70226989a624322a75eac2ccea8aebed101f', operation='UPDATE', pgid='pgtrigger_row_version_22cb5', table='bookings_workinghours', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='workinghours',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_workinghoursevent" ("created_at", "ends", "id", "navigator_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts", "time_zone", "updated_at", "version", "weekday") SELECT new_values."created_at", new_values."ends", new_values."id", new_values."navigator_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."starts", new_values."time_zone", new_values."updated_at", new_values."version", new_values."weekday" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3445a6bf6d81d704810c0e638b74975701b3ba00', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_99e78', referencing='REFERENCING NEW TABLE AS new_values ', table='bookings_workinghours', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='workinghours',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_workinghoursevent" ("created_at", "ends", "id", "navigator_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts", "time_zone", "updated_at", "version", "weekday") SELECT new_values."created_at", new_values."ends", new_values."id", new_values."navigator_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."starts", new_values."time_zone", new_values."updated_at", new_values."version", new_values."weekday" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c62f1200e8b36d465d5d6d7a78477950ea030ab0', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_22589', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='bookings_workinghours', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='workinghours',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "bookings_workinghoursevent" ("created_at", "ends", "id", "navigator_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts", "time_zone", "updated_at", "version", "weekday") SELECT old_values."created_at", old_values."ends", old_values."id", old_values."navigator_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."starts", old_values."time_zone", old_values."updated_at", old_values."version", old_values."weekday" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='21a529c1cea4785e617ea7d71b5033aac9cad088', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_bd830', referencing='REFERENCING OLD TABLE AS old_values ', table='bookings_workinghours', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='workinghoursevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='8ce598d92bfc07ca5d7c5e55f3f2dde297a5496e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_b6961', table='bookings_workinghoursevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='workinghoursevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='7aadc1ca433151d7e66baf30b7e24649c2b5d9ec', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_6f959', table='bookings_workinghoursevent', when='BEFORE')),
        ),
    ]
