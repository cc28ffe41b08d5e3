import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import portal.core.choices
import portal.core.ids
import portal.core.migrations._functions
import portal.core.migrations._operations
import portal.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.RunPython(
            code=portal.core.migrations._functions.create,
            reverse_code=portal.core.migrations._functions.drop,
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
            name='UserEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
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
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
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
        portal.core.migrations._operations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF current_setting('portal.unsealed', true) <> '' THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;", hash='1b1533a64d0225c555c24079b451c9959224aa36', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_ee645', table='core_accessevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='b68835c28fc0c1509aed64fd50fe07c0c0d3fec0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_truncated_f0d43', table='core_accessevent', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='row_version', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."languages_spoken" IS DISTINCT FROM (NEW."languages_spoken") OR OLD."last_login" IS DISTINCT FROM (NEW."last_login") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."password" IS DISTINCT FROM (NEW."password") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone") OR OLD."username" IS DISTINCT FROM (NEW."username"))', func='NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;', hash='948483de1aa93d9afb9a345138d032cf7c2eb4c7', operation='UPDATE', pgid='pgtrigger_row_version_4981d', table='core_user', when='BEFORE')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_userevent" ("created_at", "email", "id", "is_active", "is_staff", "is_superuser", "language", "languages_spoken", "last_login", "name", "password", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "updated_at", "username", "version") SELECT new_values."created_at", new_values."email", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."language", new_values."languages_spoken", new_values."last_login", new_values."name", new_values."password", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."time_zone", new_values."updated_at", new_values."username", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='62000188a8e352a15fabbb28eb00c5130d4137eb', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_45de6', referencing='REFERENCING NEW TABLE AS new_values ', table='core_user', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_userevent" ("created_at", "email", "id", "is_active", "is_staff", "is_superuser", "language", "languages_spoken", "last_login", "name", "password", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "updated_at", "username", "version") SELECT new_values."created_at", new_values."email", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."language", new_values."languages_spoken", new_values."last_login", new_values."name", new_values."password", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."time_zone", new_values."updated_at", new_values."username", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='67adef3b01116898717ae2330c51aee1750c0fa3', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_6ccff', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='core_user', when='AFTER')),
        ),
        portal.core.migrations._operations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "core_userevent" ("created_at", "email", "id", "is_active", "is_staff", "is_superuser", "language", "languages_spoken", "last_login", "name", "password", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "updated_at", "username", "version") SELECT old_values."created_at", old_values."email", old_values."id", old_values."is_active", old_values."is_staff", old_values."is_superuser", old_values."language", old_values."languages_spoken", old_values."last_login", old_values."name", old_values."password", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."time_zone", old_values."updated_at", old_values."username", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='278ac2e3deb098399c3c070f6cdad327af2d476f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_1425a', referencing='REFERENCING OLD TABLE AS old_values ', table='core_user', when='AFTER')),
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
