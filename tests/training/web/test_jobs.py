"""Stopping jobs and letting them go on."""

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import stage
from training.models import GenerationJob, JobStatus, Run


def test_jobs_are_cancelled_and_go_on(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    maya = visiting(on_stage.maya)
    maya.post(f"/generation/{furnished.writing.pk}/cancel/")
    maya.post(f"/runs/{furnished.running.pk}/cancel/")
    assert GenerationJob.objects.get().status == JobStatus.CANCELLING
    assert Run.objects.get(pk=furnished.running.pk).status == JobStatus.CANCELLING
    GenerationJob.objects.update(status=JobStatus.CANCELLED)
    maya.post(f"/generation/{furnished.writing.pk}/resume/")
    assert GenerationJob.objects.get().status == JobStatus.QUEUED
