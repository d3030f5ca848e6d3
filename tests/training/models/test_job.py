"""The states of a job."""

import pytest

from training.models import JobStatus, Run
from training.models.job import ACTIVE_STATUSES, CLAIMED_STATUSES


@pytest.mark.parametrize("status", JobStatus)
def test_a_job_is_active_until_it_finished_failed_or_was_cancelled(status: JobStatus) -> None:
    assert Run(status=status).is_active == (status not in ("finished", "failed", "cancelled"))


def test_a_claimed_job_is_active() -> None:
    assert set(ACTIVE_STATUSES) - set(CLAIMED_STATUSES) == {JobStatus.QUEUED}
    assert set(CLAIMED_STATUSES) < set(ACTIVE_STATUSES)
