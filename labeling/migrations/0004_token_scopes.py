"""Tokens say what they may be used for, and may expire. Those made before may do all that their owners may, as before."""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SCOPES = [
    ("read", "See what its owner may see"),
    ("judge", "Take assignments, judge them, take judgments back, settle conflicts"),
    ("import", "Bring prompts and comparisons in"),
    ("export", "Take verdicts and the event log out"),
    ("campaigns", "Make and change campaigns, guidelines and webhooks"),
    ("people", "Accounts, members, tokens, and what is held about its owner"),
    ("train", "Write candidates, train, promote, roll back"),
]


def say_it(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("labeling", "ApiToken").objects.filter(scopes=[]).update(scopes=[name for name, _ in SCOPES])


class Migration(migrations.Migration):
    dependencies = [("labeling", "0003_schedule")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="expires_at",
            field=models.DateTimeField(
                blank=True, help_text="From then on it opens nothing; null: never.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=SCOPES, max_length=32),
                default=list,
                help_text="What it may be used for.",
                size=None,
            ),
        ),
        migrations.RunPython(say_it, migrations.RunPython.noop),
    ]
