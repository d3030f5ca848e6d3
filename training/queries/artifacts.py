"""The artifacts that rows name: versions, base models, snapshots, runs and uploads."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from django.conf import settings

from common.storage.artifacts import key_of
from labeling.models import KeptUpload
from training.models import ModelVersion, Run, Snapshot


def named_paths() -> Iterator[Path]:
    """Where the artifacts lie on this machine, if they are here. Those outside of CHOSEN_VAR are none.

    A version whose files were removed is left out.
    """
    versions = ModelVersion.objects.filter(files_removed_at=None).order_by("pk")
    places = chain(
        ModelVersion.objects.order_by("base_dir").values_list("base_dir", flat=True).distinct(),
        versions.exclude(adapter_dir="").values_list("adapter_dir", flat=True),
        Snapshot.objects.order_by("pk").values_list("directory", flat=True),
        Run.objects.exclude(directory="").order_by("pk").values_list("directory", flat=True),
    )
    uploads = Path(settings.VAR_DIR) / "uploads"
    kept = (uploads / key for key in KeptUpload.objects.order_by("pk").values_list("key", flat=True))
    return (path for path in chain(map(Path, places), kept) if key_of(path) is not None)


def named_keys() -> set[str]:
    """Their names in the storage."""
    return {key for key in map(key_of, named_paths()) if key is not None}
