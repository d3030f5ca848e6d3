"""The index of the verdicts by confidence, built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0009_list_indexes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='verdict',
            index=models.Index(fields=['campaign', 'confidence', 'comparison'], name='verdict_confidence'),
        ),
    ]
