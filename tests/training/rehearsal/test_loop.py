"""The loop without people, on the tiny model: what it does, not how well it learns."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign, Judgment, User
from labeling.queries.agreement import agreement
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs
from training.models import Deployment, Evaluation, ModelVersion
from training.queries.serving import serving_version
from training.rehearsal import PREFERENCE_RULES, judge_by_rule
from training.rehearsal.annotators import simulated_people
from training.rehearsal.figures import verdict_accuracy

pytestmark = pytest.mark.django_db

QUICK = ["--set", "epochs=1", "--set", "dtype=float32", "--set", "lora_rank=2", "--set", "threads=1"]


@pytest.fixture
def rehearsed(campaign: Campaign) -> Campaign:
    """A campaign with written pairs and three simulated members."""
    from labeling.actions.campaigns import change_campaign
    from labeling.actions.members import add_member

    change_campaign(campaign=campaign, acting_user=None, now=NOW, overlap=3)
    campaign.refresh_from_db()
    add_written_pairs(campaign, per_prompt=3)
    for annotator in simulated_people(3, now=NOW)[1]:
        add_member(campaign=campaign, user=annotator, role="annotator", acting_user=None, now=NOW)
    return campaign


def judge_with_three(campaign: Campaign, error_rate: float) -> None:
    for annotator in simulated_people(3, now=NOW)[1]:
        judge_by_rule(
            campaign=campaign,
            annotator=annotator,
            rule=PREFERENCE_RULES["shorter"],
            error_rate=error_rate,
            seed=1,
            now=NOW,
        )


def test_annotators_who_never_err_say_what_the_rule_says(rehearsed: Campaign) -> None:
    judge_with_three(rehearsed, 0.0)

    figures = verdict_accuracy(rehearsed, PREFERENCE_RULES["shorter"])
    assert (figures["value"], figures["verdicts"]) == (1.0, 3 * len(QUESTIONS))
    assert Judgment.objects.filter(campaign=rehearsed).count() == 9 * len(QUESTIONS)


def test_the_error_rate_is_kept_and_the_majority_corrects_most_of_it(rehearsed: Campaign) -> None:
    judge_with_three(rehearsed, 0.25)

    wrong = Judgment.objects.filter(campaign=rehearsed).exclude(choice__in=["tie"])
    by_rule = {
        comparison.pk: "a" if len(comparison.completion_a.text) < len(comparison.completion_b.text) else "b"
        for comparison in rehearsed.comparisons.select_related("completion_a", "completion_b")
    }
    errors = sum(judgment.choice != by_rule[judgment.comparison_id] for judgment in wrong)
    assert errors / wrong.count() == pytest.approx(0.25, abs=0.1)
    accuracy = verdict_accuracy(rehearsed, PREFERENCE_RULES["shorter"])["value"]
    assert 0.25 < 1 - errors / wrong.count() < accuracy < 1.0  # 3 votes: 0.844 expected


def test_simulated_annotators_are_marked_and_never_counted_as_human(rehearsed: Campaign) -> None:
    judge_with_three(rehearsed, 0.1)

    assert all(user.is_simulated and not user.has_usable_password() for user in User.objects.filter(judgments__gt=0))
    assert agreement(rehearsed).alpha_nominal.value is None
    assert agreement(rehearsed, include_simulated=True).alpha_nominal.value is not None


def test_a_round_runs_through_and_what_serves_is_not_touched(base: ModelVersion, db: None) -> None:
    out = StringIO()

    call_command(
        "rehearse",
        "--json",
        *("--base", base.name, "--prompts", "24", "--pairs-per-prompt", "1", "--max-tokens", "8", "--samples", "2"),
        *QUICK,
        stdout=out,
    )

    report = json.loads(out.getvalue())
    assert report["parent"] == base.name
    assert report["labels"]["prompts_and_seeds"] == 24
    assert report["labels"]["judgments"] == 3 * report["labels"]["comparisons"]
    assert report["verdict_accuracy"]["value"] > 0.8
    assert report["held_out"]["pairs"] == report["labels"]["test_pairs"] > 0
    wins = report["win_rate"]
    assert wins["low"] <= wins["value"] <= wins["high"]
    assert wins["wins"] + wins["ties"] + wins["losses"] == 2 * wins["held_out_prompts"]
    assert report["kl"]["k3"] >= 0
    assert set(report["seconds"]) == {"generate", "label", "train", "evaluate", "total"}
    assert report["agreement"]["alpha_nominal"]["value"] is not None
    assert serving_version() == base
    assert serving_version(report["campaign"]).name == report["version"]  # and writes the next round's candidates
    assert [one.version.name for one in Deployment.objects.filter(channel=report["campaign"]).order_by("pk")] == [
        base.name,
        report["version"],
    ]
    assert Evaluation.objects.filter(version__name=report["version"], results__simulated=True).count() == 2


def test_a_phase_that_fails_is_named(base: ModelVersion, db: None) -> None:
    ModelVersion.objects.filter(pk=base.pk).update(content_hash="0" * 64)

    with pytest.raises(CommandError, match="not those that were registered"):
        call_command("rehearse", "--base", base.name, "--prompts", "3", stdout=StringIO())
