
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0024_random_secrets_of_replies"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignInBucket",
            fields=[
                (
                    "name_hash",
                    models.CharField(
                        help_text="SHA-256 of what is counted.", max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("left", models.FloatField(help_text="Failures left; it refills within a minute.")),
                ("at", models.DateTimeField(db_index=True, help_text="When `left` was counted.")),
            ],
        ),
        migrations.CreateModel(
            name="KnownPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "network_hash",
                    models.CharField(help_text="A keyed hash of the network and the user.", max_length=64),
                ),
                ("seen_at", models.DateTimeField(db_index=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_places",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "network_hash"), name="known_place_once")],
            },
        ),
    ]
