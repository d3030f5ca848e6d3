"""Uploads that are kept on the server between two steps of a form, for their owner, until they expire.

The bytes are below VAR_DIR, and in the storage if there is one; the row says whose they are. A sweep deletes what has
expired.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from common.hashed_file import HashedFile, Readable
from common.storage import artifacts
from common.storage.errors import StorageAway
from labeling.models import KeptUpload, User

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
PIECE = 1 << 20


class UploadGone(Conflict):
    type = "upload-gone"
    sentence = gettext_lazy("The uploaded file is no longer kept. Choose it again.")


def keep_upload(
    *, stream: Readable, name: str, acting_user: User, now: datetime, until: datetime | None = None
) -> KeptUpload:
    """Stores a file for its owner, in constant memory. name: of the file, for people. until: None: for a day."""
    key = secrets.token_hex(32)
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed = HashedFile(stream)
    with (folder / key).open("wb") as file:
        while piece := hashed.read(PIECE):
            file.write(piece)
    artifacts.publish(folder / key)
    return KeptUpload.objects.create(
        owner=acting_user,
        key=key,
        name=name[:255],
        size=hashed.size,
        sha256=hashed.digest(),
        created_at=now,
        expires_at=until or now + KEPT_FOR,
    )


@contextmanager
def opened_upload(upload: KeptUpload | None, *, acting_user: User) -> Iterator[BinaryIO]:
    """The kept file, to be read. Raises UploadGone if it has expired, or is somebody else's."""
    if upload is None or upload.owner_id != acting_user.pk:
        raise UploadGone
    try:
        file = artifacts.fetch(_folder() / upload.key).open("rb")
    except FileNotFoundError as error:
        raise UploadGone from error
    with file:
        yield file


def discard_upload(upload: KeptUpload) -> None:
    """Deletes a kept file, and its row. Twice is harmless."""
    KeptUpload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(lambda: _forget(upload.key))


def _forget(key: str) -> None:
    (_folder() / key).unlink(missing_ok=True)
    try:
        artifacts.withdraw(_folder() / key)
    except StorageAway as error:
        logger.warning("The upload %s is still in the storage; a sweep removes it: %s", key, error)


def forget_uploads(*, now: datetime) -> int:
    """Deletes expired uploads; returns how many. Files without a row are left-overs of a process that died."""
    expired = list(KeptUpload.objects.filter(expires_at__lt=now))
    for upload in expired:
        discard_upload(upload)
    _delete_leftovers(now)
    return len(expired)


def _delete_leftovers(now: datetime) -> None:
    if not _folder().is_dir():
        return
    old = {path.name: path for path in _folder().iterdir() if path.stat().st_mtime < (now - KEPT_FOR).timestamp()}
    for key in old.keys() - set(KeptUpload.objects.filter(key__in=old).values_list("key", flat=True)):
        old[key].unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "uploads"
