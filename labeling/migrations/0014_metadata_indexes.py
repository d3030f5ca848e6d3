"""The indexes by which metadata is searched. They are built without blocking writes."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import Q


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0013_practice_answers_in_full'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name=name,
            index=GinIndex(
                fields=['metadata'],
                name=f'{name}_metadata',
                opclasses=['jsonb_path_ops'],
                condition=Q(metadata__isnull=False),
            ),
        )
        for name in ('comparison', 'completion', 'prompt')
    ]
