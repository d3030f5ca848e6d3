"""What is there already is counted as finished where it is; and beat looks after recounts every minute."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME = "Labeling: look after recounts of verdicts"
SECONDS = 60

# Into one shard: only the sum over the shards means something.
FINISHED = """
UPDATE labeling_campaigntally tally
SET finished = counted.comparisons, finished_judgments = counted.judgments
FROM (
    SELECT campaign_id, count(*) AS comparisons, sum(judged) AS judgments FROM labeling_comparison
    WHERE judged > 0 AND status IN ('settled', 'conflict') GROUP BY campaign_id
) counted
WHERE counted.campaign_id = tally.campaign_id AND tally.id = (
    SELECT min(id) FROM labeling_campaigntally own WHERE own.campaign_id = counted.campaign_id
)
"""


def add_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval_schedule = apps.get_model("django_celery_beat", "IntervalSchedule")
    interval, _ = interval_schedule.objects.get_or_create(every=SECONDS, period="seconds")
    values = {"task": "labeling.tasks.sweep_recounts", "interval": interval, "expire_seconds": SECONDS}
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(name=NAME, defaults=values)


def remove_row(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("labeling", "0007_rules_gold_retests")]

    operations = [
        migrations.RunSQL(FINISHED, migrations.RunSQL.noop),
        migrations.RunPython(add_row, remove_row),
    ]
