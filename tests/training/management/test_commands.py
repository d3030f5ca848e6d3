"""The commands of training."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign, Prompt, User
from tests.training.conftest import NOW, QUESTIONS, TINY_SETTINGS, add_written_pairs
from training.actions.versions import promote
from training.models import Deployment, Evaluation, GenerationJob, JobStatus, ModelVersion, Run
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db

QUICK = ["--set", "epochs=1", "--set", "dtype=float32", "--set", "lora_rank=2", "--set", "threads=1"]


def said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def demo(settings: Any, tiny_model: Path, var_dir: Path) -> list[str]:
    """The demo made on the tiny model; gives what was said."""
    settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME = tiny_model, "tiny-base"
    return said("bootstrap_demo").splitlines()


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

    assert said("bootstrap_demo") == ""
    assert campaign.generation_jobs.count() == 1
    assert (User.objects.count(), Deployment.objects.count(), ModelVersion.objects.count()) == (2, 1, 1)


def test_the_demo_goes_on_where_it_was_interrupted_and_leaves_alone_what_a_lead_has_changed(demo: list[str]) -> None:
    campaign = Campaign.objects.get(slug="demo")
    campaign.generation_jobs.update(status=JobStatus.FAILED)
    Campaign.objects.update(status="draft")
    campaign.prompts.first().delete()  # type: ignore[union-attr]
    said("bootstrap_demo")
    assert campaign.prompts.count() >= 60
    assert campaign.generation_jobs.filter(status=JobStatus.QUEUED).count() == 1

    Campaign.objects.update(status="paused")
    campaign.memberships.filter(user__username="annotator").delete()
    other = ModelVersion.objects.create(
        name="other", base_dir=serving_version().base_dir, content_hash=serving_version().content_hash, created_at=NOW
    )
    promote(version=other, acting_user=None, now=NOW)
    said("bootstrap_demo")
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert not campaign.memberships.filter(user__username="annotator").exists()
    assert serving_version() == other


def test_generate_train_evaluate_promote_and_rollback_one_after_the_other(
    campaign: Campaign, base: ModelVersion
) -> None:
    tokens = str(TINY_SETTINGS["max_tokens"])
    written = json.loads(
        said("generate", "tiny", "--version", "tiny-base", "--max-tokens", tokens, "--seed", "2", "--here", "--json")
    )
    assert (written["status"], written["done"]) == ("finished", 2 * len(QUESTIONS))
    assert campaign.comparisons.count() + written["dropped"] == len(QUESTIONS)

    add_written_pairs(campaign, preference="first")
    trained = json.loads(said("train", "tiny", *QUICK, "--here", "--json"))
    assert (trained["status"], trained["parent"], trained["version"]) == ("finished", "tiny-base", "tiny-v1")
    assert trained["metrics"]["pairs"] > 0

    evaluated = json.loads(said("evaluate", "tiny-v1", "--json"))
    assert evaluated["against"] == "tiny-base"
    assert evaluated["reward_accuracy"] == trained["metrics"]["reward_accuracy"]
    assert Evaluation.objects.get().kind == "held_out"

    assert said("promote", "tiny-v1") == "tiny-v1 serves."
    assert said("promote", "tiny-v1") == "tiny-v1 serves already: nothing changed."
    assert json.loads(said("rollback", "--json")) == {"serving": "tiny-base"}
    with pytest.raises(CommandError, match="none before it"):
        said("rollback")


def test_without_here_or_wait_the_job_is_left_to_a_worker(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")

    assert "queued, 0 of 36" in said("generate", "tiny")
    assert json.loads(said("train", "tiny", "--json"))["version"] is None
    assert GenerationJob.objects.get().status == Run.objects.get().status == JobStatus.QUEUED


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["generate", "nothing"], "There is no campaign nothing. There are: tiny."),
        (["generate", "tiny", "--version", "unknown"], "There is no model version unknown. There are: tiny-base."),
        (["generate", "tiny", "--temperature", "0"], "At temperature 0 every seed writes the same text"),
        (["train", "tiny"], "A run needs at least"),
        (["train", "tiny", "--set", "epochs"], "--set wants FIELD=VALUE"),
        (["train", "tiny", "--set", "epochs=-1"], "epochs must be at least 1"),
        (["promote", "unknown"], "There is no model version unknown"),
        (["evaluate", "tiny-base"], "comes from no run"),
        (["evaluate", "tiny-base", "--campaign", "tiny"], "tiny has no snapshot yet"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    campaign: Campaign, base: ModelVersion, command: list[str], reason: str
) -> None:
    with pytest.raises(CommandError) as error:
        said(*command)
    assert reason in str(error.value)


def test_a_job_that_fails_ends_the_command_with_its_reason(campaign: Campaign, base: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=base.pk).update(content_hash="0" * 64)

    with pytest.raises(CommandError, match=r"generation \d+ failed\. The files of tiny-base"):
        said("generate", "tiny", "--here")
