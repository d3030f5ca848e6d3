"""The inbox: what people set aside, when they want notices, and the watch over agreement."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


SCHEDULE = (  # name, task, seconds
    ("Labeling: send notices about inboxes", "labeling.tasks.send_notices", 60),
    ("Labeling: watch agreement", "labeling.tasks.watch_agreement", 3600),
)


def add_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects
    rows = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, task, seconds in SCHEDULE:
        interval, _ = intervals.get_or_create(every=seconds, period="seconds")
        rows.update_or_create(name=name, defaults={"task": task, "interval": interval, "expire_seconds": seconds})


def remove_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    names = [name for name, _, _ in SCHEDULE]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        ('labeling', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgreementWatch',
            fields=[
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='agreement_watch', serialize=False, to='labeling.campaign')),
                ('early', models.FloatField(help_text='Share of agreeing pairs of votes in the first third; null: none.', null=True)),
                ('late', models.FloatField(help_text='The same in the last third.', null=True)),
                ('fell_at', models.DateTimeField(blank=True, help_text='Since when the whole interval of the change has been below zero.', null=True)),
                ('checked_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'agreement watches',
            },
        ),
        migrations.CreateModel(
            name='NoticeChoice',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notice_choice', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('when', models.CharField(choices=[('never', 'Never'), ('daily', 'Once a day, if something is new'), ('at_once', 'At once')], default='never', max_length=8)),
                ('hour', models.PositiveSmallIntegerField(default=8, help_text="The hour of the daily e-mail, in the server's zone.")),
                ('channel', models.CharField(blank=True, help_text='An Apprise URL (Slack, Teams, Matrix) that gets them too. A secret.', max_length=500)),
                ('language', models.CharField(default='en', max_length=8)),
                ('sent', models.JSONField(blank=True, default=dict, help_text='The items of the last e-mail: what each counted.')),
                ('sent_at', models.DateTimeField(blank=True, help_text='When the last e-mail was sent.', null=True)),
                ('failed_at', models.DateTimeField(blank=True, help_text='When the last attempt failed.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AttentionDismissal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Names the item: its kind and the thing it is about.', max_length=120)),
                ('count', models.PositiveIntegerField(help_text='Its count when it was set aside.')),
                ('at', models.DateTimeField()),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='dismissals', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='attention_dismissal_once')],
            },
        ),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
