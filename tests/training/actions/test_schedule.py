"""The schedule runs rounds: when it waits and why, what it starts from, and the pairs of the next round."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from labeling.models import Assignment, Campaign, Event, Judgment, User
from tests.training.actions.conftest import rule_of
from tests.training.actions.test_rounds import ended, version_of
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from tests.training.queries.test_rounds import decided
from training import tasks
from training.actions import round_plans
from training.actions.round_plans import save_round_plan
from training.actions.runs import RunSpec, start_run
from training.actions.schedule import _require_on, _SwitchedOff, consider_retraining
from training.actions.versions import promote, roll_back
from training.models import EvaluationJob, GenerationJob, ModelVersion, RetrainingRule, RoundPlan, Run
from training.queries.retraining import rules_without_time
from training.queries.round_costs import plan_of
from training.queries.schedule import version_to_start_from

pytestmark = pytest.mark.django_db

ALL = len(QUESTIONS)


def planned(campaign: Campaign, **values: Any) -> RoundPlan:
    return save_round_plan(campaign=campaign, values=values, acting_user=None, now=NOW)


def ready(campaign: Campaign, **values: Any) -> RetrainingRule:
    """A rule that has enough fresh verdicts."""
    return rule_of(campaign, **{"min_fresh_verdicts": ALL} | values)


def looked(rule: RetrainingRule, **later: float) -> str:
    """The outcome of a look of the schedule."""
    consider_retraining(rule=rule, now=NOW + timedelta(**later))
    rule.refresh_from_db()
    return str(rule.outcome)


def test_quiet_hours_are_those_of_the_campaigns_time_zone(labeled: Campaign) -> None:
    planned(labeled, quiet_from=time(22), quiet_until=time(7), time_zone="Asia/Tokyo")
    rule = ready(labeled)
    assert looked(rule, hours=5) == "Waiting: quiet hours until 07:00 (Asia/Tokyo)."  # 23:00 there
    assert looked(rule, hours=12.9) == "Waiting: quiet hours until 07:00 (Asia/Tokyo)."  # 6:54
    assert not Run.objects.exists()
    assert looked(rule, hours=13).startswith("Started run")


def test_a_rule_whose_time_came_in_quiet_hours_starts_after_them(labeled: Campaign) -> None:
    planned(labeled, quiet_from=time(8), quiet_until=time(10), time_zone="UTC")
    rule = ready(labeled, cron="0 9 * * *")
    assert not rules_without_time().exists()
    looked(rule)
    assert list(rules_without_time()) == [rule]
    planned(labeled, quiet_from=None, quiet_until=None)
    tasks.consider_retraining_rules()
    assert Run.objects.get().trigger == Run.Trigger.SCHEDULE
    assert not rules_without_time().exists()


def second_votes(campaign: Campaign, person: User, choice: str = "") -> None:
    """A person votes on what others judged, in place of what she said before. choice: empty: as they did."""
    Judgment.objects.filter(annotator=person).update(superseded_at=NOW)
    for vote in Judgment.objects.filter(campaign=campaign).exclude(annotator=person):
        mine = Assignment.objects.filter(comparison=vote.comparison, annotator=person).first()
        if mine is None:
            mine = vote.assignment
            mine.pk, mine.annotator, mine.slot = None, person, 1000
            mine.save()
        vote.pk, vote.annotator, vote.assignment = None, person, mine
        vote.choice, vote.key = choice or vote.choice, f"{choice} {vote.comparison_id}"
        vote.save()


def test_a_run_waits_for_agreement_on_enough_pairs(
    campaign: Campaign, base: ModelVersion, alice: User, charlie: User
) -> None:
    planned(campaign, min_agreement=0.8)
    add_written_pairs(campaign, per_prompt=2)
    judge_all(campaign, alice)
    rule = ready(campaign)
    few = "Waiting: 80.0 % agreement is needed, and {} of 20 pairs have two judgments since the last run."
    assert looked(rule) == few.format(0)
    second_votes(campaign, charlie, "tie")
    assert looked(rule) == f"Waiting: agreement is 0.0 % on {2 * ALL} pairs, and 80.0 % is needed."
    second_votes(campaign, charlie)
    assert looked(rule).startswith("Started run")
    Run.objects.update(status="failed")
    campaign.verdicts.update(settled_at=NOW + timedelta(hours=1))
    assert looked(rule) == few.format(0)  # that run has them


def test_a_budget_of_machine_minutes_stops_the_schedule_and_tells_leads_once(labeled: Campaign) -> None:
    planned(labeled, budget_minutes=10, budget_period="month", time_zone="UTC")
    job = GenerationJob.objects.create(
        campaign=labeled,
        created_at=NOW,
        started_at=NOW - timedelta(minutes=10),
        finished_at=NOW,
        worked_seconds=600,
        status="finished",
    )
    rule = ready(labeled)
    assert looked(rule) == "Waiting: the budget of this month is used up: 10 of 10 machine minutes."
    looked(rule, minutes=1)
    event = Event.objects.get(verb="round.budget_reached")
    assert (event.campaign, event.after["reason"]) == (labeled, str(rule.outcome))
    assert not Run.objects.exists()

    GenerationJob.objects.filter(pk=job.pk).update(worked_seconds=540)
    assert looked(rule).startswith("Started run")
    assert RoundPlan.objects.get().budget_reached_at is None


def test_the_minutes_of_another_month_are_not_of_this_one(labeled: Campaign) -> None:
    planned(labeled, budget_minutes=10, budget_period="month", time_zone="UTC")
    GenerationJob.objects.create(
        campaign=labeled,
        created_at=NOW,
        started_at=NOW - timedelta(days=9),
        finished_at=NOW - timedelta(days=8),
        worked_seconds=24 * 3600,
        status="finished",
    )
    assert looked(ready(labeled)).startswith("Started run")
    Run.objects.update(status="failed")
    planned(labeled, budget_period="total")
    assert looked(ready(labeled)) == "Waiting: the budget is used up: 1440 of 10 machine minutes."


@pytest.mark.parametrize("is_simulated", [False, True])
def test_a_budget_in_money_counts_people_by_their_hour(
    campaign: Campaign, base: ModelVersion, alice: User, is_simulated: bool
) -> None:
    planned(campaign, human_hour=Decimal(30), currency="EUR", budget_money=Decimal("8.50"), budget_period="total")
    User.objects.filter(pk=alice.pk).update(is_simulated=is_simulated)
    add_written_pairs(campaign)
    judge_all(campaign, alice, seconds=60)
    spent = looked(ready(campaign), minutes=1)
    if is_simulated:
        assert spent.startswith("Started run")  # nobody spent time
    else:
        assert spent == "Waiting: the budget is used up: 9.00 of 8.50 EUR."  # 18 minutes


def test_a_run_starts_from_the_base_or_from_the_newest_version(labeled: Campaign, base: ModelVersion) -> None:
    rule = ready(labeled)
    looked(rule)
    version = version_of(Run.objects.get(), "tiny-v1")
    promote(version=version, acting_user=None, now=NOW, servers_first=False)
    Run.objects.update(created_at=NOW)
    labeled.verdicts.update(settled_at=NOW + timedelta(hours=1))
    for start_from, parent in (("base", base), ("serving", version)):
        planned(labeled, start_from=start_from)
        looked(rule)
        run = Run.objects.latest("pk")
        assert (run.parent, run.serving) == (parent, version)
        newest = version_of(run, f"from-{start_from}")
        labeled.verdicts.update(settled_at=NOW + timedelta(hours=1 + run.pk))
    planned(labeled, start_from="newest")
    looked(rule)
    assert Run.objects.latest("pk").parent == newest


def test_the_newest_version_is_none_that_was_rejected(labeled: Campaign, base: ModelVersion, alice: User) -> None:
    plan = planned(labeled, start_from="newest")
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    good = version_of(run, "good")
    promote(version=good, acting_user=None, now=NOW, servers_first=False)
    versions = {}
    for name in ("rolled-back", "held", "worse"):
        again = start_run(campaign=labeled, acting_user=None, now=NOW)
        versions[name] = version_of(again, name)
    assert version_to_start_from(plan) == versions["worse"]
    EvaluationJob.objects.create(
        version=versions["worse"], campaign=labeled, status="finished", finding="worse", created_at=NOW
    )
    assert version_to_start_from(plan) == versions["held"]
    decided(versions["held"], "held_back", "Held back.")
    assert version_to_start_from(plan) == versions["rolled-back"]
    promote(version=versions["rolled-back"], acting_user=None, now=NOW, servers_first=False)
    roll_back(acting_user=None, now=NOW)
    assert version_to_start_from(plan) == good


def test_a_time_that_found_the_budget_used_up_is_not_made_up_for(labeled: Campaign) -> None:
    planned(labeled, budget_minutes=0)
    assert looked(ready(labeled, cron="0 9 * * *")).startswith("Waiting: the budget")
    assert not rules_without_time().exists()


def test_the_pairs_of_the_next_round_are_generated_after_a_promotion(labeled: Campaign, alice: User) -> None:
    planned(labeled, generates=True)
    rule = ready(labeled)
    assert looked(rule).startswith("Started run")  # all labels are there: nothing is generated before
    assert looked(rule).startswith("Waiting")  # its run is active
    version = version_of(Run.objects.get(), "tiny-v1")
    assert not GenerationJob.objects.exists()

    promote(version=version, acting_user=None, now=NOW, servers_first=False)
    assert looked(rule) == "Generating the pairs of round 2."
    job = GenerationJob.objects.get()
    assert (list(job.versions.all()), job.created_by) == ([version], None)
    assert looked(rule) == f"Waiting: 0 fresh verdicts of {ALL}."
    ended(job)
    add_written_pairs(labeled, per_prompt=2)
    looked(rule)
    assert GenerationJob.objects.count() == 1


def test_open_pairs_that_are_enough_are_judged_before_more_are_written(campaign: Campaign, base: ModelVersion) -> None:
    planned(campaign, generates=True)
    add_written_pairs(campaign)
    rule = ready(campaign)
    assert looked(rule) == f"Waiting: 0 fresh verdicts of {ALL}."
    rule = ready(campaign, min_fresh_verdicts=ALL + 1)
    assert looked(rule) == "Generating the pairs of round 1."


def test_a_round_gets_more_pairs_until_they_are_enough(campaign: Campaign, base: ModelVersion) -> None:
    planned(campaign, generates=True)
    rule = ready(campaign, min_fresh_verdicts=2 * ALL)
    assert looked(rule) == "Generating the pairs of round 1."
    job = GenerationJob.objects.get()
    assert looked(rule) == f"Waiting: 0 fresh verdicts of {2 * ALL}."  # it writes
    ended(job)
    assert looked(rule) == "The last generation of this round added no pairs: start another one."
    add_written_pairs(campaign)
    job.items.update(comparison=campaign.comparisons.first())
    assert looked(rule) == "Generating the pairs of round 1."
    assert GenerationJob.objects.count() == 2
    ended(GenerationJob.objects.latest("pk"))
    add_written_pairs(campaign, per_prompt=2)
    assert looked(rule) == f"Waiting: 0 fresh verdicts of {2 * ALL}."  # the open pairs are enough


def test_a_failed_generation_is_named_and_not_started_again(campaign: Campaign, base: ModelVersion) -> None:
    planned(campaign, generates=True)
    rule = ready(campaign)
    looked(rule)
    GenerationJob.objects.update(status="failed", error="The server is gone.")
    assert looked(rule) == (
        "The generation of this round failed: try it again, or start another one. The server is gone."
    )
    GenerationJob.objects.update(status="cancelled", error="")
    assert looked(rule).startswith("The generation of this round was cancelled")
    assert GenerationJob.objects.count() == 1


def test_nothing_is_generated_while_a_run_from_before_rounds_is_active(labeled: Campaign) -> None:
    planned(labeled, generates=True)
    looked(ready(labeled))
    Run.objects.update(round=None)
    labeled.rounds.all().delete()
    assert looked(ready(labeled, min_fresh_verdicts=ALL + 1)) == f"Waiting: 0 fresh verdicts of {ALL + 1}."
    assert not GenerationJob.objects.exists()


def test_a_rule_that_was_paused_meanwhile_starts_nothing(labeled: Campaign) -> None:
    rule = ready(labeled)
    RetrainingRule.objects.update(paused_at=NOW, pause="Rolled back.")
    assert looked(rule) == "Paused until a lead resumes it: Rolled back."  # the row given is older
    RetrainingRule.objects.update(paused_at=None)
    rule.refresh_from_db()
    RetrainingRule.objects.update(enabled=False)
    with pytest.raises(_SwitchedOff, match="switched off"):
        start_run(campaign=labeled, acting_user=None, now=NOW, spec=RunSpec(also=lambda: _require_on(rule)))
    assert not Run.objects.exists()


def test_saving_a_plan_keeps_what_the_schedule_noted(labeled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(labeled, budget_minutes=0, target=0.6)
    RoundPlan.objects.update(target_reached_at=NOW)

    def reached_after_reading(campaign: Campaign) -> RoundPlan:
        plan = plan_of(campaign)
        RoundPlan.objects.update(budget_reached_at=NOW)
        return plan

    monkeypatch.setattr(round_plans, "plan_of", reached_after_reading)
    planned(labeled, canary=0.1)
    plan = RoundPlan.objects.get()
    assert (plan.budget_reached_at, plan.target_reached_at) == (NOW, NOW)
    planned(labeled, budget_minutes=5)
    assert RoundPlan.objects.get().budget_reached_at is None  # told again if this one is used up, too
