"""Shared by the tests of training's pages: a quiet campaign and the text of its page."""

from django.test import Client

from tests.browser.furnished import furnish
from tests.people import Stage
from training.models import GenerationJob, JobStatus, ModelVersion, Run

PATH = "/campaigns/sums/"


def quiet(on_stage: Stage) -> ModelVersion:
    """The campaign after two rounds, with nothing under way. Returns what serves."""
    furnished = furnish(on_stage)
    GenerationJob.objects.update(status=JobStatus.FINISHED)
    Run.objects.filter(status=JobStatus.RUNNING).update(status=JobStatus.CANCELLED)
    return furnished.one


def page_of(client: Client, path: str = PATH) -> str:
    return client.get(path).content.decode()
