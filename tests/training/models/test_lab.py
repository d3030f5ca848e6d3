"""Sessions in the lab that the database has only once."""

import pytest
from django.db import IntegrityError, transaction

from labeling.models import User
from tests.training.conftest import NOW
from training.models import JobStatus, LabSession, ModelVersion


@pytest.mark.django_db
def test_a_person_has_one_open_session_beside_those_being_cancelled(
    maya: User, alice: User, base: ModelVersion
) -> None:
    def session(person: User, status: str = JobStatus.QUEUED) -> LabSession:
        return LabSession.objects.create(version=base, created_by=person, status=status, lesson={}, created_at=NOW)

    session(maya, JobStatus.CANCELLING)
    session(maya, JobStatus.RUNNING)
    session(alice)
    with pytest.raises(IntegrityError, match="lab_one_open_per_person"), transaction.atomic():
        session(maya)
