"""The messages given up in the last day are counted without reading all of them. Built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0029_kept_counts'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('status', 'given_up')), fields=['tried_at'], name='webhook_delivery_given_up'),
        ),
    ]
