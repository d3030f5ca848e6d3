"""Webhooks and their messages, and the row that beat reads to send what is due."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME = "Labeling: send webhook messages that are due"
SECONDS = 30


def add_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval_schedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    interval, _ = interval_schedule.objects.get_or_create(every=SECONDS, period="seconds")
    values = {"task": "labeling.tasks.send_due_webhooks", "interval": interval, "expire_seconds": SECONDS}
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(name=NAME, defaults=values)


def remove_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0005_kept_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(help_text='Where it is told: http:// or https://.', max_length=500)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), help_text='What it is told of.', size=None)),
                ('secret', models.CharField(help_text='whsec_ and base64: signing needs it itself, not its hash.', max_length=120)),
                ('previous_secret', models.CharField(blank=True, max_length=120)),
                ('previous_until', models.DateTimeField(blank=True, help_text='Until then messages are signed with the previous secret too.', null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('disabled_reason', models.CharField(blank=True, help_text='Why, where the system switched it off.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='labeling.campaign')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=60)),
                ('message_id', models.CharField(help_text='The same in every attempt.', max_length=60, unique=True)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('given_up', 'Given up')], default='waiting', max_length=12)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(help_text='When it is sent next.')),
                ('created_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('http_status', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('excerpt', models.CharField(blank=True, help_text='How the answer began.', max_length=500)),
                ('error', models.CharField(blank=True, help_text='Why there was no answer.', max_length=300)),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labeling.event')),
                ('webhook', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='labeling.webhook')),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
                'indexes': [models.Index(condition=models.Q(('status', 'waiting')), fields=['due_at'], name='webhook_delivery_due'), models.Index(fields=['webhook', '-id'], name='webhook_delivery_newest')],
            },
        ),
        migrations.RunPython(add_row, remove_row),
    ]
