"""Backups: their rows, so that the page of the installation's state says how old the last one is."""

from datetime import datetime

from django.db import transaction

from labeling.events.record import record
from labeling.models import User
from training.models import Backup


@transaction.atomic
def record_backup(*, files: int, size: int, is_encrypted: bool, acting_user: User | None, now: datetime) -> Backup:
    """Records that a backup was completed. now: the moment that it shows."""
    backup = Backup.objects.create(at=now, files=files, size=size, is_encrypted=is_encrypted)
    after = {"files": files, "encrypted": is_encrypted}
    record("backup.made", backup, acting_user=acting_user, now=now, after=after)
    return backup
