"""All tables, with their constraints and indexes."""

import bookings.models
import bookings.models.ranges
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import portal.core.choices
import portal.core.ids
import portal.core.models
import uuid
from django.conf import settings
from django.db import migrations, models

from bookings.migrations._folded import FOLDED
from portal.core.migrations._operations import together


class Migration(migrations.Migration):
    replaces = FOLDED[-1:]

    initial = True

    dependencies = [
        ('core', '0001_tables'),
        ('patients', '0001_tables'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = together([
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('patient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='patients.patient', verbose_name='patient')),
                ('navigator', models.ForeignKey(blank=True, db_index=False, limit_choices_to={'is_active': True, 'is_staff': True}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('submission', models.ForeignKey(blank=True, editable=False, help_text='The form after which the visitor picked the time.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='patients.submission', verbose_name='booked on the landing page')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('status', models.CharField(choices=[('held', 'Held'), ('booked', 'Booked'), ('completed', 'Completed'), ('no_show', 'No-show'), ('cancelled', 'Cancelled'), ('rescheduled', 'Rescheduled')], default='booked', max_length=12, verbose_name='status')),
                ('held_until', models.DateTimeField(blank=True, null=True, verbose_name='held until')),
                ('no_show_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='who did not show')),
                ('cancelled_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='cancelled by')),
                ('cancel_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for cancelling')),
                ('rescheduled_to', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rescheduled_from', to='bookings.booking', verbose_name='moved to')),
                ('reminder_at', models.DateTimeField(blank=True, null=True, verbose_name='reminder')),
                ('patient_time_zone', models.CharField(blank=True, max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name="the patient's time zone")),
                ('ics_uid', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='calendar id')),
                ('ics_sequence', models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='calendar sequence')),
            ],
            options={
                'verbose_name': 'booking',
                'verbose_name_plural': 'bookings',
                'ordering': ('-starts_at', '-id'),
                'indexes': [models.Index(fields=['-starts_at', '-id'], name='bookings_booking_newest'), models.Index(fields=['patient', '-starts_at', '-id'], name='bookings_booking_patient'), models.Index(fields=['navigator', 'starts_at'], name='bookings_booking_navigator'), models.Index(fields=['status', '-starts_at', '-id'], name='bookings_booking_status'), models.Index(fields=['updated_at', 'id'], name='bookings_booking_changed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ('held', 'booked', 'completed', 'no_show', 'cancelled', 'rescheduled'))), name='bookings_booking_status_known', violation_error_message='This is no known choice.'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='bookings_booking_end_after_start', violation_error_message='The end must be later than the start.'), models.CheckConstraint(condition=models.Q(models.Q(('held_until__isnull', False), ('status', 'held')), models.Q(models.Q(('status', 'held'), _negated=True), ('held_until', None)), _connector='OR'), name='bookings_booking_held_has_end', violation_error_message='A held slot says until when.'), models.CheckConstraint(condition=models.Q(models.Q(('no_show_by__gt', ''), ('status', 'no_show')), models.Q(models.Q(('status', 'no_show'), _negated=True), ('no_show_by', '')), _connector='OR'), name='bookings_booking_no_show_says_who', violation_error_message='Say who did not show up.'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_by__gt', ''), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('cancelled_by', '')), _connector='OR'), name='bookings_booking_cancelled_says_who', violation_error_message='Say who cancelled.'), models.CheckConstraint(condition=models.Q(models.Q(('rescheduled_to__isnull', False), ('status', 'rescheduled')), models.Q(models.Q(('status', 'rescheduled'), _negated=True), ('rescheduled_to', None)), _connector='OR'), name='bookings_booking_rescheduled_says_where', violation_error_message='A moved call points at the new one.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('navigator__isnull', False), ('status__in', ('held', 'booked'))), expressions=[(bookings.models.SameId('navigator'), '&&'), (bookings.models.ranges.TimeSpan('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='bookings_booking_navigator_free', violation_error_message='The navigator has another call at that time.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('status__in', ('held', 'booked'))), expressions=[(bookings.models.SameId('patient'), '&&'), (bookings.models.ranges.TimeSpan('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='bookings_booking_patient_free', violation_error_message='The patient has another call at that time.'), models.UniqueConstraint(condition=models.Q(('status__in', ('held', 'booked'))), fields=('submission',), name='bookings_booking_one_per_visitor', violation_error_message='The visitor has a call already. Move that one.')],
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calendar_feeds', to=settings.AUTH_USER_MODEL, verbose_name='whose calls')),
                ('secret_hash', models.CharField(editable=False, max_length=64, unique=True, verbose_name='hash of the secret')),
                ('stopped_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='stopped')),
                ('last_read_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last read')),
                ('content_hash', models.CharField(blank=True, editable=False, max_length=64)),
                ('content_changed_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'calendar link',
                'verbose_name_plural': 'calendar links',
                'ordering': ('-created_at', '-id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('stopped_at', None)), fields=('user',), name='bookings_calendarfeed_one_works', violation_error_message='They have a calendar link already. Stop it first.')],
            },
        ),
        migrations.CreateModel(
            name='SlotRules',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('minutes', models.PositiveSmallIntegerField(default=30, help_text='In minutes.', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(240)], verbose_name='length of a call')),
                ('buffer_minutes', models.PositiveSmallIntegerField(default=15, help_text='In minutes, before and after each call.', validators=[django.core.validators.MaxValueValidator(240)], verbose_name='pause between calls')),
                ('notice_hours', models.PositiveSmallIntegerField(default=4, help_text='In hours: a slot that begins sooner is not offered.', validators=[django.core.validators.MaxValueValidator(720)], verbose_name='minimum notice')),
                ('horizon_days', models.PositiveSmallIntegerField(default=28, help_text='In days: a slot that begins later is not offered.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)], verbose_name='horizon')),
                ('per_day', models.PositiveSmallIntegerField(default=8, help_text='For each navigator: on a day with as many calls nothing more is offered.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='calls per day')),
                ('only', models.BooleanField(default=True, editable=False)),
            ],
            options={
                'verbose_name': 'slot rules',
                'verbose_name_plural': 'slot rules',
                'constraints': [models.UniqueConstraint(fields=('only',), name='bookings_slotrules_one_row', violation_error_message='There are slot rules already. Change those.'), models.CheckConstraint(condition=models.Q(('only', True)), name='bookings_slotrules_only_true', violation_error_message='There is one row of slot rules.'), models.CheckConstraint(condition=models.Q(('minutes__range', (5, 240))), name='bookings_slotrules_minutes', violation_error_message='A call takes 5 to 240 minutes.'), models.CheckConstraint(condition=models.Q(('horizon_days__range', (1, 365))), name='bookings_slotrules_horizon', violation_error_message='The horizon is 1 to 365 days.')],
            },
        ),
        migrations.CreateModel(
            name='TimeOff',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('navigator', models.ForeignKey(limit_choices_to={'is_active': True, 'is_staff': True}, on_delete=django.db.models.deletion.PROTECT, related_name='time_off', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
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
            name='WorkingHours',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('navigator', models.ForeignKey(limit_choices_to={'is_active': True, 'is_staff': True}, on_delete=django.db.models.deletion.PROTECT, related_name='working_hours', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')], verbose_name='weekday')),
                ('starts', models.TimeField(verbose_name='from')),
                ('ends', models.TimeField(verbose_name='until')),
                ('time_zone', models.CharField(default='Europe/Amsterdam', max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name='time zone')),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
                'ordering': ('navigator', 'weekday', 'starts', 'id'),
                'constraints': [models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts'))), name='bookings_workinghours_end_after_start', violation_error_message='The end must be later than the start.'), models.CheckConstraint(condition=models.Q(('weekday__range', (1, 7))), name='bookings_workinghours_weekday', violation_error_message='A weekday is 1 (Monday) to 7 (Sunday).'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(bookings.models.SameId('navigator'), '&&'), (bookings.models.WeekSpan('weekday', 'starts', 'ends'), '&&')], name='bookings_workinghours_no_overlap', violation_error_message='The navigator has other hours at that time.')],
            },
        ),
        migrations.CreateModel(
            name='BookingEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.booking')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient')),
                ('navigator', models.ForeignKey(blank=True, db_constraint=False, limit_choices_to={'is_active': True, 'is_staff': True}, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('submission', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='The form after which the visitor picked the time.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.submission', verbose_name='booked on the landing page')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('status', models.CharField(choices=[('held', 'Held'), ('booked', 'Booked'), ('completed', 'Completed'), ('no_show', 'No-show'), ('cancelled', 'Cancelled'), ('rescheduled', 'Rescheduled')], default='booked', max_length=12, verbose_name='status')),
                ('held_until', models.DateTimeField(blank=True, null=True, verbose_name='held until')),
                ('no_show_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='who did not show')),
                ('cancelled_by', models.CharField(blank=True, choices=[('patient', 'Patient'), ('navigator', 'Navigator')], max_length=10, verbose_name='cancelled by')),
                ('cancel_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for cancelling')),
                ('rescheduled_to', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='bookings.booking', verbose_name='moved to')),
                ('reminder_at', models.DateTimeField(blank=True, null=True, verbose_name='reminder')),
                ('patient_time_zone', models.CharField(blank=True, max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name="the patient's time zone")),
                ('ics_uid', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='calendar id')),
                ('ics_sequence', models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='calendar sequence')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CalendarFeedEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.calendarfeed')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='whose calls')),
                ('stopped_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='stopped')),
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
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='patients.patient', verbose_name='patient')),
                ('booking', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='bookings.booking', verbose_name='booking')),
                ('navigator', models.ForeignKey(limit_choices_to={'is_active': True, 'is_staff': True}, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='bookings.call', verbose_name='corrects')),
                ('started_at', models.DateTimeField(verbose_name='when')),
                ('outcome', models.CharField(choices=[('reached', 'Reached'), ('third_party', 'Somebody else answered'), ('voicemail', 'Voicemail'), ('no_answer', 'No answer'), ('wrong_number', 'Wrong number'), ('refused', 'Does not want to talk')], max_length=20, verbose_name='outcome')),
                ('summary', models.TextField(blank=True, verbose_name='summary')),
                ('decision', models.CharField(blank=True, choices=[('pursue', 'Pursue'), ('disqualify', 'Disqualify'), ('think', 'Needs time to think')], max_length=20, verbose_name='decision')),
                ('next_action', models.CharField(blank=True, max_length=300, verbose_name='next action')),
                ('next_action_due', models.DateField(blank=True, null=True, verbose_name='due')),
            ],
            options={
                'verbose_name': 'call',
                'verbose_name_plural': 'calls',
                'ordering': ('-started_at', '-id'),
                'indexes': [models.Index(fields=['-started_at', '-id'], name='bookings_call_newest'), models.Index(fields=['patient', '-started_at', '-id'], name='bookings_call_patient'), models.Index(condition=models.Q(('next_action_due__isnull', False)), fields=['navigator', 'next_action_due'], name='bookings_call_follow_up')],
                'constraints': [models.CheckConstraint(condition=models.Q(('outcome__in', ('reached', 'third_party', 'voicemail', 'no_answer', 'wrong_number', 'refused'))), name='bookings_call_outcome_known', violation_error_message='This is no known choice.'), models.CheckConstraint(condition=models.Q(('decision__in', ('', 'pursue', 'disqualify', 'think'))), name='bookings_call_decision_known', violation_error_message='This is no known choice.'), models.CheckConstraint(condition=models.Q(('next_action_due', None), models.Q(('next_action', ''), _negated=True), _connector='OR'), name='bookings_call_due_has_action', violation_error_message='Say what is due on that date.'), models.CheckConstraint(condition=models.Q(('supersedes', None), models.Q(('supersedes', models.F('id')), _negated=True), _connector='OR'), name='bookings_call_not_itself', violation_error_message='A call cannot correct itself.')],
            },
        ),
        migrations.CreateModel(
            name='SlotRulesEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.slotrules')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('minutes', models.PositiveSmallIntegerField(default=30, help_text='In minutes.', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(240)], verbose_name='length of a call')),
                ('buffer_minutes', models.PositiveSmallIntegerField(default=15, help_text='In minutes, before and after each call.', validators=[django.core.validators.MaxValueValidator(240)], verbose_name='pause between calls')),
                ('notice_hours', models.PositiveSmallIntegerField(default=4, help_text='In hours: a slot that begins sooner is not offered.', validators=[django.core.validators.MaxValueValidator(720)], verbose_name='minimum notice')),
                ('horizon_days', models.PositiveSmallIntegerField(default=28, help_text='In days: a slot that begins later is not offered.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)], verbose_name='horizon')),
                ('per_day', models.PositiveSmallIntegerField(default=8, help_text='For each navigator: on a day with as many calls nothing more is offered.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='calls per day')),
                ('only', models.BooleanField(default=True, editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TimeOffEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.timeoff')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('navigator', models.ForeignKey(db_constraint=False, limit_choices_to={'is_active': True, 'is_staff': True}, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WorkingHoursEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.workinghours')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('navigator', models.ForeignKey(db_constraint=False, limit_choices_to={'is_active': True, 'is_staff': True}, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')], verbose_name='weekday')),
                ('starts', models.TimeField(verbose_name='from')),
                ('ends', models.TimeField(verbose_name='until')),
                ('time_zone', models.CharField(default='Europe/Amsterdam', max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name='time zone')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CallEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='bookings.call')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient', verbose_name='patient')),
                ('booking', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='bookings.booking', verbose_name='booking')),
                ('navigator', models.ForeignKey(db_constraint=False, limit_choices_to={'is_active': True, 'is_staff': True}, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='navigator')),
                ('supersedes', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='bookings.call', verbose_name='corrects')),
                ('started_at', models.DateTimeField(verbose_name='when')),
                ('outcome', models.CharField(choices=[('reached', 'Reached'), ('third_party', 'Somebody else answered'), ('voicemail', 'Voicemail'), ('no_answer', 'No answer'), ('wrong_number', 'Wrong number'), ('refused', 'Does not want to talk')], max_length=20, verbose_name='outcome')),
                ('summary', models.TextField(blank=True, verbose_name='summary')),
                ('decision', models.CharField(blank=True, choices=[('pursue', 'Pursue'), ('disqualify', 'Disqualify'), ('think', 'Needs time to think')], max_length=20, verbose_name='decision')),
                ('next_action', models.CharField(blank=True, max_length=300, verbose_name='next action')),
                ('next_action_due', models.DateField(blank=True, null=True, verbose_name='due')),
            ],
            options={
                'abstract': False,
            },
        ),
    ])
