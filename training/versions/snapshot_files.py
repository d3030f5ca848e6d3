"""The files of a snapshot, for somebody to take away."""

from collections.abc import Iterator

from common.zipping import stream_zip
from labeling.exchange import TEST, TRAIN
from training.models import Snapshot
from training.queries.snapshots import verified

MANIFEST = "manifest.json"


def snapshot_zip(row: Snapshot) -> tuple[str, Iterator[bytes]]:
    """The name and the bytes of a ZIP file with a snapshot's files, all checked before. Raises SnapshotGone."""
    verified(row)
    name, folder = f"{row.campaign.slug}-{row.content_hash[:12]}", row.folder
    return f"{name}.zip", stream_zip(name, [(file, folder / file) for file in (MANIFEST, TRAIN, TEST)])
