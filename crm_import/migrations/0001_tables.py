"""All tables, with their constraints and indexes."""

import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import portal.core.ids
import portal.core.models
from django.conf import settings
from django.db import migrations, models

from crm_import.migrations._folded import FOLDED
from portal.core.migrations._operations import together


class Migration(migrations.Migration):
    replaces = FOLDED[-1:]

    initial = True

    dependencies = [
        ('patients', '0001_tables'),
        ('core', '0001_tables'),
    ]

    operations = together([
        migrations.CreateModel(
            name='ForgottenRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entity', models.CharField(choices=[('Contact', 'Contact'), ('Patient', 'Patient'), ('EAPDossier', 'EAP dossier'), ('MedicalCondition', 'Medical condition'), ('Hospital', 'Hospital'), ('Specialization', 'Specialization')], max_length=30, verbose_name='table')),
                ('digest', models.CharField(max_length=64, verbose_name='fingerprint of the legacy id')),
            ],
            options={
                'verbose_name': 'forgotten row',
                'verbose_name_plural': 'forgotten rows',
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('digest', 'entity'), name='crm_import_forgottenrow_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.UUIDField(db_default=portal.core.models.NewId(), default=portal.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(help_text='Name of the folder.', max_length=300, verbose_name='source')),
                ('fingerprint', models.CharField(help_text='SHA-256 over the files and the version of the rules.', max_length=64, verbose_name='fingerprint')),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, verbose_name='started')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='import_runs', to=settings.AUTH_USER_MODEL, verbose_name='started by')),
                ('report', models.JSONField(db_default={}, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='reconciliation')),
            ],
            options={
                'verbose_name': 'import run',
                'verbose_name_plural': 'import runs',
                'ordering': ('-started_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Crosswalk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entity', models.CharField(choices=[('Contact', 'Contact'), ('Patient', 'Patient'), ('EAPDossier', 'EAP dossier'), ('MedicalCondition', 'Medical condition'), ('Hospital', 'Hospital'), ('Specialization', 'Specialization')], max_length=30, verbose_name='table')),
                ('legacy_id', models.UUIDField(verbose_name='legacy id')),
                ('target_model', models.CharField(max_length=60, verbose_name='kind of record')),
                ('target_id', models.UUIDField(verbose_name='record')),
                ('slot', models.CharField(blank=True, db_default='', default='', max_length=60, verbose_name='which one')),
                ('rule', models.CharField(max_length=40, verbose_name='rule')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='crosswalk', to='crm_import.importrun', verbose_name='run')),
            ],
            options={
                'verbose_name': 'legacy id',
                'verbose_name_plural': 'legacy ids',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['target_id'], name='crm_import_crosswalk_target')],
                'constraints': [models.UniqueConstraint(fields=('legacy_id', 'entity', 'target_model', 'slot'), name='crm_import_crosswalk_once')],
            },
        ),
        migrations.CreateModel(
            name='OptionValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('option_set', models.CharField(max_length=50, verbose_name='option set')),
                ('value', models.CharField(max_length=50, verbose_name='value')),
                ('labels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), default=list, size=None, verbose_name='labels')),
                ('meaning', models.CharField(blank=True, help_text='A word of the portal, or the id of the record. Blank: not known.', max_length=50, verbose_name='meaning')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='option_values', to='crm_import.importrun', verbose_name='run')),
            ],
            options={
                'verbose_name': 'option value',
                'verbose_name_plural': 'option values',
                'ordering': ('option_set', 'value'),
                'constraints': [models.UniqueConstraint(fields=('option_set', 'value'), name='crm_import_optionvalue_once')],
            },
        ),
        migrations.CreateModel(
            name='PendingLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entity', models.CharField(choices=[('Contact', 'Contact'), ('Patient', 'Patient'), ('EAPDossier', 'EAP dossier'), ('MedicalCondition', 'Medical condition'), ('Hospital', 'Hospital'), ('Specialization', 'Specialization')], max_length=30, verbose_name='table')),
                ('legacy_id', models.UUIDField(verbose_name='legacy id')),
                ('field', models.CharField(max_length=50, verbose_name='field')),
                ('missing_id', models.UUIDField(verbose_name='missing legacy id')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pending_links', to='crm_import.importrun', verbose_name='run')),
            ],
            options={
                'verbose_name': 'pending link',
                'verbose_name_plural': 'pending links',
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'legacy_id', 'field'), name='crm_import_pendinglink_once')],
            },
        ),
        migrations.CreateModel(
            name='Problem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='problems', to='crm_import.importrun', verbose_name='run')),
                ('entity', models.CharField(choices=[('Contact', 'Contact'), ('Patient', 'Patient'), ('EAPDossier', 'EAP dossier'), ('MedicalCondition', 'Medical condition'), ('Hospital', 'Hospital'), ('Specialization', 'Specialization')], max_length=30, verbose_name='table')),
                ('row', models.BigIntegerField(null=True, verbose_name='row of the archive')),
                ('record', models.PositiveIntegerField(null=True, verbose_name='record in the file')),
                ('legacy_id', models.UUIDField(null=True, verbose_name='legacy id')),
                ('code', models.CharField(max_length=50, verbose_name='code')),
                ('severity', models.CharField(choices=[('info', 'For information'), ('warning', 'To look at'), ('error', 'Not imported')], max_length=10, verbose_name='severity')),
                ('field', models.CharField(blank=True, max_length=50, verbose_name='field')),
                ('note', models.CharField(blank=True, help_text='Ids, codes and numbers only.', max_length=300, verbose_name='note')),
            ],
            options={
                'verbose_name': 'problem',
                'verbose_name_plural': 'problems',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['entity', 'row'], name='crm_import_problem_row'), models.Index(fields=['code'], name='crm_import_problem_code'), models.Index(fields=['legacy_id'], name='crm_import_problem_legacy')],
            },
        ),
        migrations.CreateModel(
            name='RowOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='crm_import.importrun', verbose_name='run')),
                ('entity', models.CharField(choices=[('Contact', 'Contact'), ('Patient', 'Patient'), ('EAPDossier', 'EAP dossier'), ('MedicalCondition', 'Medical condition'), ('Hospital', 'Hospital'), ('Specialization', 'Specialization')], max_length=30, verbose_name='table')),
                ('row', models.BigIntegerField(help_text='Within its table.', verbose_name='row of the archive')),
                ('legacy_id', models.UUIDField(null=True, verbose_name='legacy id')),
                ('outcome', models.CharField(choices=[('imported', 'Imported'), ('merged', 'Merged'), ('superseded', 'Older version'), ('exact_repeat', 'The same again'), ('quarantined', 'Quarantined'), ('ignored', 'Ignored')], max_length=12, verbose_name='outcome')),
                ('reason', models.CharField(blank=True, max_length=50, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'row',
                'verbose_name_plural': 'rows',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['entity', 'row'], name='crm_import_rowoutcome_row'), models.Index(fields=['legacy_id'], name='crm_import_rowoutcome_legacy'), models.Index(condition=models.Q(('outcome', 'quarantined')), fields=['entity', 'reason'], name='crm_import_rowoutcome_held')],
            },
        ),
        migrations.CreateModel(
            name='SourceFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='crm_import.importrun', verbose_name='run')),
                ('entity', models.CharField(max_length=30, verbose_name='table')),
                ('name', models.CharField(max_length=300, verbose_name='file')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('size', models.PositiveBigIntegerField(verbose_name='size in bytes')),
                ('columns', models.JSONField(default=list, verbose_name='columns')),
                ('records', models.PositiveIntegerField(help_text='Found by the scanner.', verbose_name='records')),
                ('unreadable', models.PositiveIntegerField(default=0, verbose_name='unreadable records')),
                ('known', models.PositiveIntegerField(default=0, help_text='Word for word the same.', verbose_name='records already in the archive')),
            ],
            options={
                'verbose_name': 'source file',
                'verbose_name_plural': 'source files',
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('run', 'name'), name='crm_import_sourcefile_once')],
            },
        ),
        migrations.CreateModel(
            name='LegacyCondition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('medicalconditionid', models.TextField(blank=True, db_default='', default='')),
                ('name', models.TextField(blank=True, db_default='', default='')),
                ('abbreviation', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy medical condition',
                'verbose_name_plural': 'legacy medical conditions',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegacyContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('contactid', models.TextField(blank=True, db_default='', default='')),
                ('firstname', models.TextField(blank=True, db_default='', default='')),
                ('lastname', models.TextField(blank=True, db_default='', default='')),
                ('email', models.TextField(blank=True, db_default='', default='')),
                ('contact_type', models.TextField(blank=True, db_default='', default='')),
                ('medical_condition', models.TextField(blank=True, db_default='', default='')),
                ('booking_date', models.TextField(blank=True, db_default='', default='')),
                ('reminder_date', models.TextField(blank=True, db_default='', default='')),
                ('no_show', models.TextField(blank=True, db_default='', default='')),
                ('job_title', models.TextField(blank=True, db_default='', default='')),
                ('specialization', models.TextField(blank=True, db_default='', default='')),
                ('medical_license_number', models.TextField(blank=True, db_default='', default='')),
                ('hospital', models.TextField(blank=True, db_default='', default='')),
                ('createdon', models.TextField(blank=True, db_default='', default='')),
                ('modifiedon', models.TextField(blank=True, db_default='', default='')),
                ('statecode', models.TextField(blank=True, db_default='', default='')),
                ('versionnumber', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy contact',
                'verbose_name_plural': 'legacy contacts',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegacyDossier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('eap_dossier_id', models.TextField(blank=True, db_default='', default='')),
                ('eap_number', models.TextField(blank=True, db_default='', default='')),
                ('patient', models.TextField(blank=True, db_default='', default='')),
                ('product', models.TextField(blank=True, db_default='', default='')),
                ('eap_enrollment_date', models.TextField(blank=True, db_default='', default='')),
                ('createdon', models.TextField(blank=True, db_default='', default='')),
                ('modifiedon', models.TextField(blank=True, db_default='', default='')),
                ('statecode', models.TextField(blank=True, db_default='', default='')),
                ('versionnumber', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy EAP dossier',
                'verbose_name_plural': 'legacy EAP dossiers',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegacyHospital',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('hospitalid', models.TextField(blank=True, db_default='', default='')),
                ('name', models.TextField(blank=True, db_default='', default='')),
                ('city', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy hospital',
                'verbose_name_plural': 'legacy hospitals',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegacyOption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('option_set', models.TextField(blank=True, db_default='', default='')),
                ('value', models.TextField(blank=True, db_default='', default='')),
                ('label', models.TextField(blank=True, db_default='', default='')),
                ('language', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy option label',
                'verbose_name_plural': 'legacy option labels',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegacyPatient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('patientid', models.TextField(blank=True, db_default='', default='')),
                ('firstname', models.TextField(blank=True, db_default='', default='')),
                ('lastname', models.TextField(blank=True, db_default='', default='')),
                ('email', models.TextField(blank=True, db_default='', default='')),
                ('first_contact_date', models.TextField(blank=True, db_default='', default='')),
                ('initial_consult_date', models.TextField(blank=True, db_default='', default='')),
                ('medical_condition', models.TextField(blank=True, db_default='', default='')),
                ('trial_id', models.TextField(blank=True, db_default='', default='')),
                ('eligible', models.TextField(blank=True, db_default='', default='')),
                ('ineligible_reason', models.TextField(blank=True, db_default='', default='')),
                ('ct_referral_date', models.TextField(blank=True, db_default='', default='')),
                ('eap_enrollment_date', models.TextField(blank=True, db_default='', default='')),
                ('contact_record', models.TextField(blank=True, db_default='', default='')),
                ('physician', models.TextField(blank=True, db_default='', default='')),
                ('ct_outcome', models.TextField(blank=True, db_default='', default='')),
                ('createdon', models.TextField(blank=True, db_default='', default='')),
                ('modifiedon', models.TextField(blank=True, db_default='', default='')),
                ('statecode', models.TextField(blank=True, db_default='', default='')),
                ('versionnumber', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy patient',
                'verbose_name_plural': 'legacy patients',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LegacySpecialization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(help_text='Counted through all files of the table.', verbose_name='record')),
                ('extra', models.JSONField(null=True, verbose_name='other columns')),
                ('absent', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), null=True, size=None, verbose_name='not delivered')),
                ('deleted', models.BooleanField(db_default=False, default=False, help_text='The export says that the CRM deleted this row; its cells are the last known.', verbose_name='deleted')),
                ('written', models.CharField(blank=True, db_default='', default='', help_text='When the export wrote this version, where it says so.', max_length=40, verbose_name='written')),
                ('specializationid', models.TextField(blank=True, db_default='', default='')),
                ('name', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name': 'legacy specialization',
                'verbose_name_plural': 'legacy specializations',
                'ordering': ('id',),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UnreadableRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unreadable_set', to='crm_import.sourcefile', verbose_name='file')),
                ('record', models.PositiveIntegerField(verbose_name='record')),
                ('byte_offset', models.PositiveBigIntegerField(verbose_name='byte offset')),
                ('raw', models.BinaryField(verbose_name='bytes')),
                ('reason', models.CharField(max_length=50, verbose_name='reason')),
                ('loaded', models.BooleanField(default=False, help_text='Loaded all the same, without NUL characters.', verbose_name='loaded')),
            ],
            options={
                'verbose_name': 'unreadable record',
                'verbose_name_plural': 'unreadable records',
                'ordering': ('file', 'record'),
            },
        ),
    ])
