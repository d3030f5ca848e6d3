"""The row that beat reads: leases that ran out are freed every minute, also where nobody asks for the next comparison."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME = "Labeling: release expired assignments"
SECONDS = 60


def add_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval_schedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    interval, _ = interval_schedule.objects.get_or_create(every=SECONDS, period="seconds")
    # A message that waited longer than this in a stopped system is worth nothing: the next one is there.
    values = {"task": "labeling.tasks.release_expired", "interval": interval, "expire_seconds": SECONDS}
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(name=NAME, defaults=values)


def remove_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0002_append_only"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(add_row, remove_row)]
