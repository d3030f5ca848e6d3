"""The demo, made by its command."""

from pathlib import Path
from typing import Any

import pytest

from labeling.models import Campaign, Prompt, User
from tests.training.commands import output_of
from tests.training.conftest import NOW
from training.actions.versions import promote
from training.models import Deployment, JobStatus, ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Any, tiny_model: Path, var_dir: Path) -> list[str]:
    """The demo made on the tiny model; gives what was said."""
    settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME = tiny_model, "tiny-base"
    return output_of("bootstrap_demo").splitlines()


def test_the_demo_is_made_once_and_its_passwords_are_said_once(demo: list[str]) -> None:
    logins = dict(line.removeprefix("login: ").split(" ") for line in demo)
    assert set(logins) == {"lead", "annotator"}
    for name, password in logins.items():
        assert User.objects.get(username=name).check_password(password)
    campaign = Campaign.objects.get(slug="demo")
    assert (campaign.status, campaign.overlap) == ("active", 1)
    assert Prompt.objects.filter(campaign=campaign).count() >= 60
    assert sum(len(prompt.messages) > 2 for prompt in campaign.prompts.all()) >= 10
    assert "How to judge" in campaign.guideline_versions.get().text
    roles = dict(campaign.memberships.values_list("user__username", "role"))
    assert roles == {"lead": "lead", "annotator": "annotator"}
    assert serving_version().name == "tiny-base"
    assert campaign.generation_jobs.get().status == JobStatus.QUEUED

    assert output_of("bootstrap_demo") == ""
    assert campaign.generation_jobs.count() == 1
    assert (User.objects.count(), Deployment.objects.count(), ModelVersion.objects.count()) == (2, 1, 1)


def test_the_demo_goes_on_where_it_was_interrupted_and_leaves_alone_what_a_lead_has_changed(demo: list[str]) -> None:
    campaign = Campaign.objects.get(slug="demo")
    campaign.generation_jobs.update(status=JobStatus.FAILED)
    Campaign.objects.update(status="draft")
    campaign.prompts.first().delete()  # type: ignore[union-attr]
    output_of("bootstrap_demo")
    assert campaign.prompts.count() >= 60
    assert campaign.generation_jobs.filter(status=JobStatus.QUEUED).count() == 1

    Campaign.objects.update(status="paused")
    campaign.memberships.filter(user__username="annotator").delete()
    other = ModelVersion.objects.create(
        name="other", base_dir=serving_version().base_dir, content_hash=serving_version().content_hash, created_at=NOW
    )
    promote(version=other, acting_user=None, now=NOW)
    output_of("bootstrap_demo")
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert not campaign.memberships.filter(user__username="annotator").exists()
    assert serving_version() == other
