"""All tables, with their constraints and indexes."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import portal.core.choices
import portal.core.ids
import portal.core.migrations._functions
import portal.core.models
from django.conf import settings
from django.db import migrations, models

from portal.core.migrations._folded import FOLDED
from portal.core.migrations._operations import together


class Migration(migrations.Migration):
    replaces = FOLDED[-1:]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = together([
        migrations.RunPython(
            code=portal.core.migrations._functions.create,
            reverse_code=portal.core.migrations._functions.drop,
        ),
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='when')),
                ('actor_id', models.UUIDField(null=True, verbose_name='account')),
                ('actor_name', models.CharField(max_length=200, verbose_name='who')),
                ('route', models.CharField(choices=[('admin', 'workplace'), ('rest', 'REST'), ('fhir', 'FHIR'), ('export', 'export')], max_length=10, verbose_name='route')),
                ('record_type', models.CharField(max_length=100, verbose_name='kind of record')),
                ('record_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None, verbose_name='records')),
                ('request_id', models.UUIDField(null=True, verbose_name='request')),
            ],
            options={
                'verbose_name': 'access event',
                'verbose_name_plural': 'access log',
                'ordering': ('-at',),
                'indexes': [models.Index(fields=['-at'], name='core_accessevent_newest'), django.contrib.postgres.indexes.GinIndex(fields=['record_ids'], name='core_accessevent_records')],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('username', models.CharField(error_messages={'unique': 'This log-in name is taken.'}, max_length=150, unique=True, validators=[django.core.validators.RegexValidator('^[\\w.@+-]+$', 'Letters, digits and @ . + - _ only.')], verbose_name='log-in name')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(choices=portal.core.choices.language_choices, default='en', max_length=10, verbose_name='language of the screens')),
                ('time_zone', models.CharField(default='Europe/Amsterdam', max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name='time zone')),
                ('languages_spoken', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=portal.core.choices.language_choices, max_length=10), blank=True, default=list, size=None, verbose_name='languages spoken with patients')),
                ('is_active', models.BooleanField(default=True, help_text='Switch off instead of deleting an account.', verbose_name='active')),
                ('is_staff', models.BooleanField(default=False, help_text='Off for API clients.', verbose_name='may open the workplace')),
                ('password_changed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='password changed')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'ordering': ('name', 'username'),
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='core_user_username_unique_ignoring_case', violation_error_message='This log-in name is taken.')],
            },
        ),
        migrations.CreateModel(
            name='RoleGiven',
            fields=[
            ],
            options={
                'verbose_name': 'role',
                'verbose_name_plural': 'roles',
                'proxy': True,
            },
            bases=('core.user_groups',),
        ),
        migrations.CreateModel(
            name='UserEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to=settings.AUTH_USER_MODEL)),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False, verbose_name='last changed')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, verbose_name='version')),
                ('username', models.CharField(error_messages={'unique': 'This log-in name is taken.'}, max_length=150, validators=[django.core.validators.RegexValidator('^[\\w.@+-]+$', 'Letters, digits and @ . + - _ only.')], verbose_name='log-in name')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(choices=portal.core.choices.language_choices, default='en', max_length=10, verbose_name='language of the screens')),
                ('time_zone', models.CharField(default='Europe/Amsterdam', max_length=64, validators=[portal.core.choices.validate_time_zone], verbose_name='time zone')),
                ('languages_spoken', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=portal.core.choices.language_choices, max_length=10), blank=True, default=list, size=None, verbose_name='languages spoken with patients')),
                ('is_active', models.BooleanField(default=True, help_text='Switch off instead of deleting an account.', verbose_name='active')),
                ('is_staff', models.BooleanField(default=False, help_text='Off for API clients.', verbose_name='may open the workplace')),
                ('password_changed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='password changed')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RoleGivenEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='core.rolegiven')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('id', models.BigIntegerField()),
                ('user', models.ForeignKey(db_constraint=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(db_constraint=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
            ],
            options={
                'abstract': False,
            },
        ),
    ])
