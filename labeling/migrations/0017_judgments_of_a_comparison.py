"""Judgments are found by comparison and by assignment, superseded ones too. Built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0016_certainty_is_a_probability'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='judgment',
            index=models.Index(fields=['comparison'], name='judgment_comparison'),
        ),
        AddIndexConcurrently(
            model_name='judgment',
            index=models.Index(fields=['assignment'], name='judgment_assignment'),
        ),
        RemoveIndexConcurrently(
            model_name='judgment',
            name='judgment_current',
        ),
    ]
