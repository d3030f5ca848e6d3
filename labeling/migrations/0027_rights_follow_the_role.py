"""An admin who became a lead or an annotator kept the right to open Django's admin. A bulk act can be stopped."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q


def follow_the_role(apps: Any, schema_editor: Any) -> None:
    users = apps.get_model("labeling", "User").objects
    users.filter(Q(is_staff=True) | Q(is_superuser=True)).exclude(role="admin").update(
        is_staff=False, is_superuser=False
    )
    admins = users.filter(Q(is_staff=False) | Q(is_superuser=False), role="admin", is_active=True)
    admins.update(is_staff=True, is_superuser=True)


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0026_indexes_for_deletes"),
    ]

    operations = [
        migrations.RunPython(follow_the_role, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="bulkact",
            name="status",
            field=models.CharField(
                choices=[("waiting", "Waiting"), ("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                default="waiting",
                max_length=16,
            ),
        ),
    ]
