"""The indexes of the lists of prompts and comparisons. They are built without blocking writes."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently, TrigramExtension
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME, TASK, SECONDS = "Labeling: look after acts on many rows", "labeling.tasks.sweep_bulk_acts", 60


def add_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=SECONDS, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(
        name=NAME, defaults={"task": TASK, "interval": interval, "expire_seconds": SECONDS}
    )


def remove_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0008_bulk_acts'),
    ]

    operations = [
        TrigramExtension(),
        AddIndexConcurrently(
            model_name='comparison',
            index=models.Index(fields=['campaign', 'status', 'id'], name='comparison_status_newest'),
        ),
        AddIndexConcurrently(
            model_name='completion',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('text'), name='gin_trgm_ops'), name='completion_text'),
        ),
        AddIndexConcurrently(
            model_name='prompt',
            index=models.Index(fields=['campaign', 'id'], name='prompt_campaign'),
        ),
        AddIndexConcurrently(
            model_name='prompt',
            index=django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='prompt_tags'),
        ),
        AddIndexConcurrently(
            model_name='prompt',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper(models.Func(models.F('messages'), output_field=models.TextField(), template="(jsonb_path_query_array(%(expressions)s, '$[*].content'))::text")), name='gin_trgm_ops'), name='prompt_text'),
        ),
        RemoveIndexConcurrently(
            model_name='comparison',
            name='comparison_campaign_status',
        ),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
