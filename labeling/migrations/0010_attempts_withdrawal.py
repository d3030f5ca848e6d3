"""Every attempt at a message is kept; an erasure says how many judgments were withdrawn with it."""

import django.db.models.deletion
from django.db import migrations, models


# Of what was tried before, the last attempt is all that is known.
LAST_ATTEMPTS = """
INSERT INTO labeling_webhookattempt (delivery_id, at, http_status, seconds, excerpt, error)
SELECT id, tried_at, http_status, coalesce(seconds, 0), excerpt, error
FROM labeling_webhookdelivery WHERE tried_at IS NOT NULL ORDER BY id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0009_erasure'),
    ]

    operations = [
        migrations.AddField(
            model_name='erasure',
            name='withdrawn',
            field=models.PositiveIntegerField(default=0, help_text='Of those that counted, how many count no more: all of them, if that was asked for.'),
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('http_status', models.PositiveSmallIntegerField(blank=True, help_text='null: there was no answer.', null=True)),
                ('seconds', models.FloatField(help_text='How long it took, answer or not.')),
                ('excerpt', models.CharField(blank=True, help_text='How the answer began.', max_length=500)),
                ('error', models.CharField(blank=True, help_text='Why there was no answer.', max_length=300)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log', to='labeling.webhookdelivery')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.RunSQL(LAST_ATTEMPTS, migrations.RunSQL.noop),
    ]
