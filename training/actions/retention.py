"""Removing what `training.retention` says may go."""

import shutil
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.actions.events import record
from labeling.models import User
from training import retention
from training.access import require_version
from training.errors import VersionInUse
from training.models import ModelVersion
from training.retention import Removable


def remove_version_files(*, version: ModelVersion, acting_user: User | None, now: datetime) -> ModelVersion:
    """Removes a version's adapter from the disk; its row, figures and lineage stay. A second time changes nothing.

    Raises VersionInUse, NotAllowed, NotFound.
    """
    require_version(acting_user, version)
    with transaction.atomic():
        locked = ModelVersion.objects.select_for_update().get(pk=version.pk)
        if locked.files_removed_at is not None:
            return locked
        why = retention.why_needed(locked)
        if why:
            raise VersionInUse(_("The files of %(name)s must stay: %(why)s.") % {"name": locked.name, "why": why})
        if not retention.is_ours(Path(locked.adapter_dir)):
            raise VersionInUse(
                _("The files of %(name)s lie outside of var/: remove them there yourself.") % {"name": locked.name}
            )
        locked.files_removed_at = now
        locked.save(update_fields=["files_removed_at"])
        record("version.files_removed", locked, acting_user=acting_user, now=now)
        # Once the row says so: a folder that outlives a crash is only space, a row without its folder is a lie.
        transaction.on_commit(lambda: shutil.rmtree(locked.adapter_dir, ignore_errors=True))
    return locked


def tidy(*, keep_newest: int, acting_user: User | None, now: datetime) -> list[Removable]:
    """Removes everything that may go; returns what went. Raises NotAllowed."""
    gone = []
    for one in retention.removable(keep_newest=keep_newest):
        if one.version is not None:
            remove_version_files(version=one.version, acting_user=acting_user, now=now)
        else:
            shutil.rmtree(one.folder, ignore_errors=True)
        gone.append(one)
    return gone
