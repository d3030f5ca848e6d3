"""The errors of the storage that all machines share."""

from django.utils.translation import gettext_lazy as _

from common.errors import Conflict, DomainError


class StorageAway(DomainError):
    """It does not answer, or refuses. The raiser adds its own words."""

    type = "storage-away"
    status = 503
    sentence = _("The storage of files cannot be used now: %(error)s. Try again later, or tell an admin.")


class StorageDamaged(Conflict):
    """An object in it is missing, or has other bytes than were stored. The raiser names it."""

    type = "storage-damaged"
    sentence = _("A file in the storage is missing or damaged: %(object)s. Restore it from a backup.")


class FileChanged(Exception):
    """A file changed, or went, while it was being stored."""
