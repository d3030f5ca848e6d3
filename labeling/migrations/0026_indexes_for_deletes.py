"""Completions and users are deleted without reading all comparisons and assignments. Built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0025_sign_in_limits'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='comparison',
            index=models.Index(fields=['completion_a'], name='comparison_completion_a'),
        ),
        AddIndexConcurrently(
            model_name='comparison',
            index=models.Index(fields=['completion_b'], name='comparison_completion_b'),
        ),
        AddIndexConcurrently(
            model_name='comparison',
            index=models.Index(fields=['added_by'], name='comparison_added_by'),
        ),
        AddIndexConcurrently(
            model_name='assignment',
            index=models.Index(fields=['annotator'], name='assignment_annotator'),
        ),
    ]
