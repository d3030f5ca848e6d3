"""The schedule: considers a campaign's rule, and starts the next phase of its round if nothing speaks against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from common.errors import DomainError
from common.sentences import Sentence, sentence_of
from training.actions.generation import ONE_VERSION, start_generation
from training.actions.planning import GenerationSpec
from training.actions.round_plans import look_at_budget, look_at_target
from training.actions.runs import RunSpec, start_run
from training.errors import JobActive
from training.models import GenerationJob, RetrainingRule, RoundPlan, Run
from training.queries.retraining import fresh_verdicts
from training.queries.round_costs import plan_of
from training.queries.rounds import wants_pairs, why_not_again
from training.queries.schedule import version_to_start_from, waits_for_agreement, waits_for_hours


@dataclass(frozen=True, slots=True)
class CallersJobs:
    """Of a caller that runs the jobs of the schedule itself, and repeatably: a rehearsal.

    seed: of the pairs that are generated. config: settings of the engine that differ from its defaults.
    """

    seed: int
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Step:
    """The result of a look. passes: it waits for something that passes, so that a rule with a time looks again."""

    outcome: Sentence
    run: Run | None = None
    passes: bool = False


class _SwitchedOff(Exception):
    """The rule was switched off or paused while its run was prepared."""

    def __init__(self, reason: Sentence) -> None:
        self.reason = reason


def consider_retraining(*, rule: RetrainingRule, now: datetime, jobs: CallersJobs | None = None) -> Run | None:
    """Starts a run, or the next round's pairs, if the rule wants it now; returns the run, and stores the outcome.

    jobs: None: workers run them. Two calls at once start one run: a campaign has at most one active run.
    """
    rule.refresh_from_db()  # rules before it may have taken a while
    step = _consider(rule, jobs, now=now)
    rule.considered_at, rule.outcome = now, step.outcome
    rule.save(update_fields=["considered_at", "outcome"])
    is_due = step.passes and rule.periodic_task_id is not None
    RetrainingRule.objects.filter(pk=rule.pk, updated_at=rule.updated_at).update(is_due=is_due)
    return step.run


def _consider(rule: RetrainingRule, jobs: CallersJobs | None, *, now: datetime) -> _Step:
    if off := _why_off(rule):
        return _Step(off)
    plan = plan_of(rule.campaign)
    if reached := look_at_target(plan=plan, now=now):
        return _Step(reached)
    if waits := look_at_budget(plan=plan, now=now):
        return _Step(waits)
    if waits := waits_for_hours(plan, now=now):
        return _Step(waits, passes=True)
    generated = _generate(rule, plan, jobs, now=now)
    fresh = fresh_verdicts(rule.campaign)
    if fresh < rule.min_fresh_verdicts:
        numbers = {"fresh": fresh, "needed": rule.min_fresh_verdicts}
        return _Step(generated or Sentence(gettext_noop("Waiting: %(fresh)s fresh verdicts of %(needed)s."), numbers))
    if waits := waits_for_agreement(plan):
        return _Step(waits)
    return _train(rule, plan, fresh, jobs, now=now)


def _why_off(rule: RetrainingRule) -> Sentence:
    if not rule.enabled:
        return Sentence(gettext_noop("The rule is switched off."))
    if rule.paused_at is not None:
        return Sentence(gettext_noop("Paused until a lead resumes it: %(reason)s"), {"reason": rule.pause})
    return Sentence()


def _require_on(rule: RetrainingRule) -> None:
    """Raises _SwitchedOff for a rule that was switched off or paused meanwhile; call it within the transaction."""
    if off := _why_off(RetrainingRule.objects.select_for_update(no_key=True).get(pk=rule.pk)):
        raise _SwitchedOff(off)


def _generate(rule: RetrainingRule, plan: RoundPlan, jobs: CallersJobs | None, *, now: datetime) -> Sentence:
    """Starts to write the pairs of the next round, if the plan says so and they are missing; empty: it does not."""
    if not plan.generates or not wants_pairs(rule):
        return Sentence()
    if stopped := why_not_again(rule.campaign):
        return stopped
    try:
        spec = replace(_spec(rule), seed=jobs.seed if jobs else None)
        campaign, by_worker = rule.campaign, jobs is None
        job = start_generation(campaign=campaign, acting_user=None, now=now, spec=spec, hand_to_worker=by_worker)
    except JobActive:
        return Sentence()
    except DomainError as error:
        return Sentence(gettext_noop("Could not generate pairs: %(reason)s"), {"reason": sentence_of(error)})
    assert job.round is not None
    return Sentence(gettext_noop("Generating the pairs of round %(number)s."), {"number": job.round.number})


def _spec(rule: RetrainingRule) -> GenerationSpec:
    """As the campaign's last job that a single version wrote; the version is the one that serves."""
    jobs = GenerationJob.objects.filter(campaign=rule.campaign, strategy__in=ONE_VERSION)
    last = jobs.order_by("-pk").first()
    if last is None:
        return GenerationSpec()
    return GenerationSpec(
        strategy=last.strategy,
        settings=last.settings,
        second_settings=last.second_settings,
        pairs_per_prompt=last.pairs_per_prompt,
    )


def _train(rule: RetrainingRule, plan: RoundPlan, fresh: int, jobs: CallersJobs | None, *, now: datetime) -> _Step:
    try:
        parent = version_to_start_from(plan)
        config = jobs.config if jobs else {}
        spec = RunSpec(
            parent=parent,
            config=config,
            trigger=Run.Trigger.SCHEDULE,
            new_labels=plan.only_new_labels,
            also=lambda: _require_on(rule),
        )
        run = start_run(campaign=rule.campaign, acting_user=None, now=now, spec=spec, hand_to_worker=jobs is None)
    except JobActive:
        return _Step(Sentence(gettext_noop("Waiting: a run is active.")), passes=True)
    except _SwitchedOff as off:
        return _Step(off.reason)
    except DomainError as error:
        return _Step(Sentence(gettext_noop("Could not start: %(reason)s"), {"reason": sentence_of(error)}))
    numbers = {"number": run.pk, "fresh": fresh}
    return _Step(Sentence(gettext_noop("Started run %(number)s on %(fresh)s fresh verdicts."), numbers), run)
