"""The chain over the event log. The sealer fills it: existing events become its beginning."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME, TASK, SECONDS = "Labeling: seal the event log", "labeling.tasks.seal_event_log", 60

APPEND_ONLY = """
CREATE FUNCTION labeling_eventlink_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the chain of events is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER labeling_eventlink_append_only BEFORE UPDATE OR DELETE ON labeling_eventlink
    FOR EACH ROW EXECUTE FUNCTION labeling_eventlink_is_append_only();
"""
FORGET_FUNCTION = "DROP FUNCTION labeling_eventlink_is_append_only() CASCADE"


def add_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(every=SECONDS, period="seconds")
    values = {"task": TASK, "interval": interval, "expire_seconds": SECONDS}
    apps.get_model("django_celery_beat", "PeriodicTask").objects.update_or_create(name=NAME, defaults=values)


def remove_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        ('labeling', '0030_index_messages_given_up'),
    ]

    operations = [
        migrations.CreateModel(
            name='EventLink',
            fields=[
                ('number', models.BigIntegerField(help_text='Its place in the chain: 1, 2, 3, ...', primary_key=True, serialize=False)),
                ('event_number', models.BigIntegerField(help_text='The id of the event.', unique=True)),
                ('hash', models.CharField(help_text="SHA-256 of the previous hash and the event's content.", max_length=64)),
                ('sealed_at', models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(APPEND_ONLY, FORGET_FUNCTION),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
