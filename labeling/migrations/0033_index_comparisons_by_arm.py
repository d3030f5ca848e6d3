"""The comparisons that arms chose are counted without reading the others. Built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0032_comparisons_chosen_by_arms'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='comparison',
            index=models.Index(condition=models.Q(('arm', ''), _negated=True), fields=['campaign', 'arm', 'status'], name='comparison_arm'),
        ),
    ]
