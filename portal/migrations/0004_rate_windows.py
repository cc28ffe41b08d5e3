"""The rate limit of the public pages, and the roles brought into line with their table."""

from django.db import migrations, models

from portal.roles import synchronize


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0003_roles_of_proposals'),
    ]

    operations = [
        migrations.CreateModel(
            name='RateWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender', models.CharField(max_length=64, verbose_name='sender')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('hits', models.PositiveIntegerField(verbose_name='times')),
            ],
            options={
                'verbose_name': 'rate window',
                'verbose_name_plural': 'rate windows',
                'indexes': [models.Index(fields=['starts_at'], name='portal_ratewindow_oldest')],
                'constraints': [models.UniqueConstraint(fields=('sender', 'starts_at'), name='portal_ratewindow_sender_once', violation_error_message='This window is being counted already.')],
            },
        ),
        migrations.RunPython(synchronize, migrations.RunPython.noop),
    ]
