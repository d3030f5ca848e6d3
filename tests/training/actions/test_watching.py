"""A promoted version is rolled back by rule, and a canary writes a share of the pairs."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Campaign, Event, Judgment, User
from labeling.queries.attention import attention
from tests.training.actions.conftest import rule_of
from tests.training.actions.test_rounds import SPEC, version_of
from tests.training.conftest import NOW
from training.actions.generation import start_generation
from training.actions.round_plans import save_round_plan
from training.actions.runs import start_run
from training.actions.versions import promote
from training.actions.watching import look_at_promotion
from training.models import Deployment, EvaluationJob, ModelVersion, RetrainingRule, RoundPlan
from training.queries.serving import serving_version
from training.queries.watching import watch_of

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=2)


def judged_texts(campaign: Campaign, alice: User, version: str, choices: Iterable[str], *, at: int) -> None:
    """Alice judges pairs that a version wrote, so many hours after NOW."""
    now = NOW + timedelta(hours=at)
    prompt = campaign.prompts.order_by("pk")[0]
    for number, choice in enumerate(choices):
        one, other = (
            CompletionDraft(f"{side} {number} by {version} at {at}", model_version=version) for side in ("one", "other")
        )
        draft = ComparisonDraft(prompt, one, other)
        add_comparisons(campaign=campaign, drafts=[draft], source="test", acting_user=None, now=now)
        assignment = next_assignments(campaign=campaign, acting_user=alice, now=now).next
        assert assignment is not None
        sent = JudgmentDraft(choice, f"{assignment.pk}")
        judge(assignment=assignment, draft=sent, acting_user=alice, now=now)


@pytest.fixture
def served(labeled: Campaign, base: ModelVersion, alice: User, maya: User) -> ModelVersion:
    """A promoted version of a campaign that watches its first twenty pairs; few ties before."""
    judged_texts(labeled, alice, base.name, ["left"] * 57 + ["tie"] * 3, at=0)
    version = version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")
    rule_of(labeled, auto_promote=True)
    save_round_plan(campaign=labeled, values={"watch_pairs": 20}, acting_user=maya, now=NOW)
    promote(version=version, acting_user=maya, now=NOW + timedelta(hours=1), servers_first=False)
    return version


def test_a_version_with_proven_more_ties_is_rolled_back_and_leads_are_told(
    labeled: Campaign, served: ModelVersion, base: ModelVersion, alice: User, maya: User
) -> None:
    judged_texts(labeled, alice, served.name, ["both_bad"] * 12 + ["left"] * 7, at=2)
    assert look_at_promotion(now=LATER) is None  # nineteen
    judged_texts(labeled, alice, served.name, ["left", "tie"], at=3)

    rollback = look_at_promotion(now=LATER)
    assert rollback is not None
    reason = "Ties and “both bad” rose from 5.0 % to 60.0 % (20 pairs, after tiny-v1 was promoted)."
    assert (rollback.kind, rollback.by, rollback.reason) == ("rollback", None, reason)
    assert serving_version() == base
    event = Event.objects.get(verb="version.rolled_back_by_rule")
    assert (event.campaign, event.after["reason"]) == (labeled, reason)
    assert event.after["watched"]["ties"] == 0.6
    assert event.after["watched_before"]["ties"] == 0.05
    assert RetrainingRule.objects.get().paused_at is not None
    assert "tiny-v1 was rolled back by rule" in [item.sentence for item in attention(maya).items]
    assert look_at_promotion(now=LATER) is None


def against_before(campaign: Campaign, alice: User, new: ModelVersion, old: ModelVersion, wins: str) -> None:
    """Alice judges pairs of a new text and one of the version before: n, o or t for the new one, the old one, a tie."""
    now, prompt = NOW + timedelta(hours=2), campaign.prompts.order_by("pk")[0]
    for number, winner in enumerate(wins):
        one, other = (CompletionDraft(f"{by.name} says {number}", model_version=by.name) for by in (new, old))
        drafts = [ComparisonDraft(prompt, one, other)]
        add_comparisons(campaign=campaign, drafts=drafts, source="test", acting_user=None, now=now)
        assignment = next_assignments(campaign=campaign, acting_user=alice, now=now).next
        assert assignment is not None
        of_new = "a" if assignment.comparison.completion_a.model_version == new.name else "b"
        side = "left" if (assignment.left == of_new) == (winner == "n") else "right"
        draft = JudgmentDraft("tie" if winner == "t" else side, f"{assignment.pk}")
        judge(assignment=assignment, draft=draft, acting_user=alice, now=now)


def test_a_version_that_loses_against_the_one_before_is_rolled_back(
    labeled: Campaign, served: ModelVersion, base: ModelVersion, alice: User
) -> None:
    against_before(labeled, alice, served, base, "o" * 17 + "nt" + "o")
    rollback = look_at_promotion(now=LATER)
    assert rollback is not None
    reason = "Annotators prefer the version before: it won 92.5 % of 20 pairs (after tiny-v1 was promoted)."
    assert str(rollback.reason) == reason
    assert Event.objects.get(verb="version.rolled_back_by_rule").after["watched"] == {"losses": 0.925}
    assert serving_version() == base


def test_pairs_that_somebody_picked_are_no_evidence_about_a_version(
    labeled: Campaign, served: ModelVersion, base: ModelVersion, alice: User
) -> None:
    against_before(labeled, alice, served, base, "o" * 20)
    labeled.comparisons.filter(judgments__created_at__gt=NOW + timedelta(hours=1)).update(source="suite safety")
    assert look_at_promotion(now=LATER) is None
    assert serving_version() == served


def test_a_version_that_wins_as_often_as_the_one_before_stays(
    labeled: Campaign, served: ModelVersion, base: ModelVersion, alice: User
) -> None:
    against_before(labeled, alice, served, base, "on" * 9 + "oo")
    assert look_at_promotion(now=LATER) is None
    watch = watch_of(Deployment.objects.get(is_current=True), RoundPlan.objects.get())
    assert watch is not None
    (losses,) = watch.figures
    assert (losses.name, losses.share, losses.before, losses.is_worse) == ("losses", 0.55, 0.5, False)


def test_a_change_that_chance_explains_rolls_nothing_back(labeled: Campaign, served: ModelVersion, alice: User) -> None:
    judged_texts(labeled, alice, served.name, ["tie"] * 3 + ["left"] * 17, at=2)
    assert look_at_promotion(now=LATER) is None
    assert serving_version() == served


def test_what_is_judged_after_a_look_changes_nothing_of_it(
    labeled: Campaign, served: ModelVersion, base: ModelVersion, alice: User
) -> None:
    plan, promotion = RoundPlan.objects.get(), Deployment.objects.get(is_current=True)
    judged_texts(labeled, alice, served.name, ["tie"] * 3 + ["left"] * 17, at=2)
    seen = watch_of(promotion, plan)
    assert seen is not None
    assert seen.figures
    judged_texts(labeled, alice, base.name, ["tie"] * 5, at=3)
    late = Judgment.objects.filter(comparison__completion_a__model_version=served.name).order_by("-pk")[:4]
    Judgment.objects.filter(pk__in=[vote.pk for vote in late]).update(superseded_at=NOW + timedelta(hours=3))
    assert watch_of(promotion, plan) == seen


def test_a_canary_writes_its_share_before_its_promotion(labeled: Campaign, base: ModelVersion, maya: User) -> None:
    version = version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")
    EvaluationJob.objects.create(version=version, campaign=labeled, status="finished", finding="better", created_at=NOW)
    save_round_plan(campaign=labeled, values={"canary": 0.3}, acting_user=maya, now=NOW)
    job = start_generation(campaign=labeled, acting_user=None, now=NOW, spec=SPEC)

    writers = list(job.items.values_list("version_first__name", "version_second__name"))
    assert set(writers) == {("tiny-base", "tiny-base"), ("tiny-v1", "tiny-v1")}
    assert 1 <= writers.count(("tiny-v1", "tiny-v1")) <= 9  # of eighteen
    assert set(job.versions.all()) == {base, version}
    assert Event.objects.get(verb="generation.started").after["canary"] == "tiny-v1"
    assert len(set(job.items.values_list("seed_first", flat=True))) == 18


def test_whoever_names_the_version_gets_that_one_alone(labeled: Campaign, base: ModelVersion, maya: User) -> None:
    version = version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")
    EvaluationJob.objects.create(version=version, campaign=labeled, status="finished", created_at=NOW)
    save_round_plan(campaign=labeled, values={"canary": 0.5}, acting_user=maya, now=NOW)
    job = start_generation(campaign=labeled, acting_user=None, now=NOW, spec=replace(SPEC, versions=[base]))
    assert list(job.versions.all()) == [base]
