"""The files of drafts become uploads, whose bytes are where they were: below VAR_DIR/uploads, under the same name."""

import django.db.models.deletion
from django.db import migrations, models


def link_uploads(apps, schema_editor):
    draft_files, uploads = apps.get_model("training", "DraftFile"), apps.get_model("labeling", "KeptUpload")
    for file in draft_files.objects.filter(upload=None).select_related("draft"):
        file.upload = uploads.objects.create(
            owner_id=file.draft.owner_id,
            key=file.stored_as.hex,
            name=file.name,
            size=file.size,
            sha256=file.sha256,
            created_at=file.created_at,
            expires_at=file.draft.expires_at,
        )
        file.save(update_fields=["upload"])


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0004_import_batches"),
        ("training", "0004_simulated_snapshots_and_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="draftfile",
            name="upload",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.keptupload"
            ),
        ),
        migrations.RunPython(link_uploads, migrations.RunPython.noop),
    ]
