"""Looking up jobs and versions that a person may see."""

from typing import Any

from django.db.models import QuerySet

from common.errors import NotFound
from labeling.models import User
from training import access
from training.models import ModelVersion


def find_job(jobs: QuerySet[Any], number: int, not_found: str) -> Any:
    """The job with this number, of those that a person may see. Raises NotFound.

    not_found: the sentence to raise, with %(number)s.
    """
    job = jobs.filter(pk=number).first()
    if job is None:
        raise NotFound(not_found % {"number": number})
    return job


def find_version(user: User, name: str) -> ModelVersion:
    """The version of this name, if the person may see it. Raises NotAllowed, NotFound."""
    access.require_any_lead(user)
    versions = access.visible_versions(user).select_related("parent", "run__campaign")
    version = versions.filter(name=name).first()
    if version is None:
        raise access.version_not_found(name)
    return version
