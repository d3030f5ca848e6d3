"""The texts of imports are put into the indexes of search afterwards. Indexes are built without blocking writes."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F, Func, Q, TextField
from django.db.models.functions import Upper

NAME, TASK, SECONDS = "Labeling: index imported texts", "labeling.tasks.index_imported_texts", 60
HELP = "Whether the index of text search has it. An import leaves that to a job in the background."
PROMPT_TEXT = Func(F("messages"), template="(jsonb_path_query_array(%(expressions)s, '$[*].content'))::text", output_field=TextField())


def add_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(every=SECONDS, period="seconds")
    values = {"task": TASK, "interval": interval, "expire_seconds": SECONDS}
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(name=NAME, defaults=values)


def remove_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        ('labeling', '0019_erased_outside_annotators'),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=name,
                name='text_indexed',
                field=models.BooleanField(db_default=True, default=True, help_text=HELP),
            )
            for name in ('completion', 'prompt')
        ),
        AddIndexConcurrently(
            model_name='completion',
            index=GinIndex(OpClass(Upper('text'), name='gin_trgm_ops'), condition=Q(text_indexed=True), name='completion_text_search'),
        ),
        AddIndexConcurrently(
            model_name='prompt',
            index=GinIndex(OpClass(Upper(PROMPT_TEXT), name='gin_trgm_ops'), condition=Q(text_indexed=True), name='prompt_text_search'),
        ),
        *(
            AddIndexConcurrently(
                model_name=name,
                index=models.Index(condition=Q(text_indexed=False), fields=['id'], name=f'{name}_text_unindexed'),
            )
            for name in ('completion', 'prompt')
        ),
        RemoveIndexConcurrently(model_name='completion', name='completion_text'),
        RemoveIndexConcurrently(model_name='prompt', name='prompt_text'),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
