"""All tables, with their constraints and indexes."""

from django.db import migrations, models

from portal.migrations._folded import FOLDED


class Migration(migrations.Migration):
    replaces = FOLDED[-1:]

    initial = True

    dependencies = [
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
    ]
