"""A kept reply has random bits of its own. Replies with a secret that was made without them are forgotten."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget_secrets(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("labeling", "KeptReply").objects.filter(body__contains="{secret}").delete()


class Migration(migrations.Migration):
    dependencies = [("labeling", "0023_blind_tests")]

    operations = [
        migrations.AddField(
            model_name="keptreply",
            name="salt",
            field=models.CharField(
                max_length=64,
                default="",
                db_default="",
                help_text="Random; the reply's secrets are made of it and the key.",
            ),
        ),
        migrations.AlterField(
            model_name="keptreply",
            name="body",
            field=models.TextField(blank=True, help_text="JSON without secrets; they are made of key and salt again."),
        ),
        migrations.RunPython(forget_secrets, migrations.RunPython.noop),
    ]
