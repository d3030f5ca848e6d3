"""The command `demo` makes the demo once."""

import pytest

from labeling.models import Campaign, Prompt, User
from tests.training.commands import output_of
from training.models import Deployment, JobStatus, ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_the_demo_is_made_once_and_its_passwords_are_said_once(demo: list[str]) -> None:
    logins = dict(line.removeprefix("login: ").split(" ") for line in demo)
    assert set(logins) == {"lead", "annotator"}
    for name, password in logins.items():
        assert User.objects.get(username=name).check_password(password)
    campaign = Campaign.objects.get(slug="demo")
    assert (campaign.status, campaign.overlap, campaign.overlap_share) == ("active", 2, 0.3)
    assert campaign.comparisons.filter(status="gold").count() == 6
    assert Prompt.objects.filter(campaign=campaign).count() >= 60
    assert sum(len(prompt.messages) > 2 for prompt in campaign.prompts.all()) >= 10
    assert "How to judge" in campaign.guideline_versions.get().text
    assert (campaign.guidelines_first, campaign.practice_pairs, campaign.qualification_pairs) == (True, 3, 0)
    roles = dict(campaign.memberships.values_list("user__username", "role"))
    assert roles == {"lead": "lead", "annotator": "annotator"}
    assert serving_version().name == "tiny-base"
    assert campaign.generation_jobs.get().status == JobStatus.QUEUED

    assert output_of("demo") == ""
    assert campaign.generation_jobs.count() == 1
    assert (User.objects.count(), Deployment.objects.count(), ModelVersion.objects.count()) == (2, 1, 1)
