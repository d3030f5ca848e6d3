import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0005_uploads_of_draft_files"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="draftfile",
            name="draft_file_once",
        ),
        migrations.RemoveField(
            model_name="draftfile",
            name="name",
        ),
        migrations.RemoveField(
            model_name="draftfile",
            name="sha256",
        ),
        migrations.RemoveField(
            model_name="draftfile",
            name="size",
        ),
        migrations.RemoveField(
            model_name="draftfile",
            name="stored_as",
        ),
        migrations.AlterField(
            model_name="draftfile",
            name="upload",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.keptupload"
            ),
        ),
    ]
