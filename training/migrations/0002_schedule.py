"""The rows that beat reads: the sweep and the look at policies without a set time."""

import json

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

ROWS = (
    ("Training: sweep", "training.tasks.sweep", 30),
    ("Training: consider policies", "training.tasks.consider_policies", 60),
)


def add_rows(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval_schedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    periodic_task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, task, seconds in ROWS:
        interval, _ = interval_schedule.objects.get_or_create(every=seconds, period="seconds")
        # A message that waited longer than this in a stopped system is worth nothing: the next one is there.
        values = {"task": task, "interval": interval, "args": json.dumps([]), "expire_seconds": seconds}
        periodic_task.objects.update_or_create(name=name, defaults=values)


def remove_rows(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=[row[0] for row in ROWS]).delete()


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial")]

    operations = [migrations.RunPython(add_rows, remove_rows)]
