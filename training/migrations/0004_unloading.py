"""The row that beat reads: servers forget versions that nothing uses any more."""

import json

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME, TASK, SECONDS = "Training: unload unused versions", "training.tasks.unload_unused", 600


def add_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval_schedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    periodic_task = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = interval_schedule.objects.get_or_create(every=SECONDS, period="seconds")
    values = {"task": TASK, "interval": interval, "args": json.dumps([]), "expire_seconds": SECONDS}
    periodic_task.objects.update_or_create(name=NAME, defaults=values)


def remove_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("training", "0003_strategies_and_serving")]

    operations = [migrations.RunPython(add_row, remove_row)]
