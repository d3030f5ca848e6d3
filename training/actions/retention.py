"""Removing the files that `training.versions.retention` finds removable."""

import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from common.storage import artifacts
from common.storage.errors import StorageAway
from labeling.access import require_admin
from labeling.events.record import record
from labeling.models import User
from training.access import require_version
from training.errors import VersionInUse
from training.models import ModelVersion, Run
from training.versions import retention
from training.versions.retention import Removable

logger = logging.getLogger(__name__)

LOOKED_AT_FOR = timedelta(days=90)
"""For so long after a removal, machines look whether they have a copy. One that was away for longer keeps it."""


def remove_version_files(*, version: ModelVersion, acting_user: User | None, now: datetime) -> ModelVersion:
    """Removes a version's adapter from the disk; its row, figures and lineage stay. Removing twice changes nothing.

    Raises VersionInUse, NotAllowed, NotFound.
    """
    require_version(acting_user, version)
    with transaction.atomic():
        locked = ModelVersion.objects.select_for_update().get(pk=version.pk)
        if locked.files_removed_at is not None:
            return locked
        reason = retention.why_needed(locked)
        if reason:
            raise VersionInUse(
                _("The files of %(name)s must stay: %(reason)s.") % {"name": locked.name, "reason": reason}
            )
        if not retention.is_ours(Path(locked.adapter_dir)):
            raise VersionInUse(
                _("The files of %(name)s are outside var/: remove them yourself.") % {"name": locked.name}
            )
        locked.files_removed_at = now
        locked.save(update_fields=["files_removed_at"])
        record("version.files_removed", locked, acting_user=acting_user, now=now)
        # After the row: a folder that outlives a crash only takes space, but a row without its folder is wrong.
        transaction.on_commit(lambda: _forget(Path(locked.adapter_dir)))
    return locked


def _forget(adapter: Path) -> None:
    """Removes an adapter from this machine, and from the storage; see `forget_copies` for other machines."""
    shutil.rmtree(adapter, ignore_errors=True)
    try:
        artifacts.withdraw(adapter)
    except StorageAway as error:
        logger.warning("%s is still in the storage; a sweep removes it: %s", adapter, error)


def forget_copies(*, now: datetime) -> int:
    """Removes this machine's copies of versions whose files were removed on another one; returns how many."""
    if not artifacts.is_on():
        return 0
    removed = ModelVersion.objects.filter(files_removed_at__gt=now - LOOKED_AT_FOR).exclude(adapter_dir="")
    return sum(artifacts.drop(Path(version.adapter_dir)) for version in removed)


def tidy(*, keep_newest: int, acting_user: User | None, now: datetime) -> list[Removable]:
    """Removes everything removable, of every campaign; returns what was removed. For admins. Raises NotAllowed."""
    require_admin(acting_user)
    removed = []
    for one in retention.removable(keep_newest=keep_newest):
        if isinstance(one.of, Run):
            _remove_checkpoints(one.of, one.folder, acting_user, now)
        else:
            try:
                remove_version_files(version=one.of, acting_user=acting_user, now=now)
            except VersionInUse:
                continue  # it came into use just now
        removed.append(one)
    return removed


def _remove_checkpoints(run: Run, folder: Path, acting_user: User | None, now: datetime) -> None:
    """Removes a finished run's checkpoints: it is never resumed, so nothing needs them."""
    with transaction.atomic():
        record("run.checkpoints_removed", run, acting_user=acting_user, now=now, campaign=run.campaign)
        transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))
