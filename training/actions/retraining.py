"""Retraining by itself: a campaign's rule, the question whether it is time, and the gate before a promotion."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from common.errors import DomainError
from labeling.access import require_lead
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import Campaign, User
from training.actions.runs import start_run
from training.actions.versions import promote
from training.errors import JobActive, WrongSchedule
from training.models import ModelVersion, RetrainingRule, Run
from training.queries.retraining import fresh_verdicts

CONSIDER_TASK = "training.tasks.consider_retraining"
CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
DEFAULT_MIN_FRESH_VERDICTS = 200


def save_retraining_rule(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    enabled: bool = True,
    min_fresh_verdicts: int = DEFAULT_MIN_FRESH_VERDICTS,
    cron: str = "",
    auto_promote: bool = False,
    max_accuracy_drop: float = 0.0,
) -> RetrainingRule:
    """Sets when a campaign retrains by itself.

    cron: five fields, in the server's time zone; at that time a run starts if there are enough fresh verdicts.
    Empty: as soon as there are enough. Raises WrongSchedule, NotAllowed, NotFound.
    """
    require_lead(acting_user, campaign)
    crontab = _crontab(cron) if cron.strip() else None
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)  # two leads saving at once: one after the other
        rule = RetrainingRule.objects.filter(campaign=campaign).first() or RetrainingRule(campaign=campaign)
        before = _as_dict(rule) if rule.pk else {}
        rule.enabled, rule.min_fresh_verdicts = enabled, min_fresh_verdicts
        rule.auto_promote, rule.max_accuracy_drop = auto_promote, max_accuracy_drop
        rule.updated_at = now
        checked(rule, exclude=["campaign", "periodic_task"], refusal=WrongSchedule).save()
        _set_time(rule, crontab)
        record(
            "retraining_rule.saved",
            rule,
            acting_user=acting_user,
            now=now,
            campaign=campaign,
            before=before,
            after=_as_dict(rule),
        )
    return rule


def _as_dict(rule: RetrainingRule) -> dict[str, Any]:
    fields = ("enabled", "min_fresh_verdicts", "cron", "auto_promote", "max_accuracy_drop")
    return {name: getattr(rule, name) for name in fields}


def _crontab(cron: str) -> CrontabSchedule:
    """The unsaved schedule row of a cron string. Raises WrongSchedule."""
    fields = cron.split()
    if len(fields) != len(CRON_FIELDS):
        raise WrongSchedule(
            _("A cron time has five fields (minute, hour, day of month, month, day of week), not %(count)s: %(cron)s.")
            % {"count": len(fields), "cron": repr(cron)}
        )
    crontab = CrontabSchedule(**dict(zip(CRON_FIELDS, fields, strict=True)), timezone=settings.TIME_ZONE)
    try:
        crontab.full_clean()
    except (ValidationError, ValueError) as error:
        messages = error.messages if isinstance(error, ValidationError) else [str(error)]
        raise WrongSchedule(
            _("The cron time %(cron)s cannot be read: %(messages)s")
            % {"cron": repr(cron), "messages": " ".join(messages)}
        ) from error
    return crontab


def _set_time(rule: RetrainingRule, crontab: CrontabSchedule | None) -> None:
    """Makes the rule's row in beat's table what it should be: beat reads it again by itself."""
    task = rule.periodic_task
    if crontab is None:
        rule.periodic_task = None
        rule.save(update_fields=["periodic_task"])
        if task is not None:
            task.delete()
        return
    values = {name: getattr(crontab, name) for name in (*CRON_FIELDS, "timezone")}
    schedule = CrontabSchedule.objects.filter(**values).first()
    if schedule is None:
        crontab.save()
        schedule = crontab
    if task is None:
        task = PeriodicTask(name=f"Retrain {rule.campaign.slug}", task=CONSIDER_TASK)
    task.crontab, task.enabled, task.args = schedule, rule.enabled, json.dumps([rule.pk])
    task.save()
    rule.periodic_task = task
    rule.save(update_fields=["periodic_task"])


def consider_retraining(*, rule: RetrainingRule, now: datetime) -> Run | None:
    """Starts a run from the serving version if the rule wants one now; returns it, or None with the reason kept.

    Being asked twice at once starts one run: only one may be active in a campaign.
    """
    run, outcome = None, "The rule is switched off."
    if rule.enabled:
        fresh = fresh_verdicts(rule.campaign)
        if fresh < rule.min_fresh_verdicts:
            outcome = f"Waits: {fresh} fresh verdicts of {rule.min_fresh_verdicts}."
        else:
            run, outcome = _try_to_start(rule, fresh, now=now)
    rule.considered_at, rule.outcome = now, outcome[:300]
    RetrainingRule.objects.filter(pk=rule.pk).update(considered_at=now, outcome=rule.outcome)
    return run


def _try_to_start(rule: RetrainingRule, fresh: int, *, now: datetime) -> tuple[Run | None, str]:
    try:
        run = start_run(campaign=rule.campaign, acting_user=None, now=now, trigger=Run.Trigger.SCHEDULE)
    except JobActive:
        return None, "Waits: a run is active."
    except DomainError as error:
        return None, f"Could not start: {error}"
    return run, f"Started run {run.pk} on {fresh} fresh verdicts."


@dataclass(frozen=True)
class GateMeasurement:
    """Held-out reward accuracy of a run's new version and of its parent: the same pairs, the same reference (the base).

    The run's own accuracy cannot be compared with anything of the parent's: there the parent is the reference, against
    which it scores a tie on every pair. Measured against their common base, both are shares of the same test pairs that
    the version's implicit reward orders as the annotators did. The base against itself is all ties: 0.5.
    """

    accuracy: float
    parent_accuracy: float
    pairs: int

    def did_not_fall(self, max_drop: float) -> bool:
        """Whether the new accuracy is at least the parent's, less the drop that the rule allows."""
        return self.accuracy >= self.parent_accuracy - max_drop - 1e-12


def decide_promotion(*, run: Run, version: ModelVersion, measured: GateMeasurement, now: datetime) -> dict[str, Any]:
    """Promotes a scheduled run's version if its accuracy did not fall and its parent still serves; keeps the decision.

    Deciding a second time changes nothing. Returns what is kept in `run.gate`.
    """
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.gate is not None:
            return dict(locked.gate)
        rule = RetrainingRule.objects.get(campaign=run.campaign)
        compared = f"{measured.accuracy:.3f}; its parent {measured.parent_accuracy:.3f}; {measured.pairs} pairs"
        promoted, reason = False, f"Held back: held-out accuracy fell, {compared}."
        if not rule.auto_promote:
            reason = "Held back: the rule does not promote by itself any more."
        elif measured.did_not_fall(rule.max_accuracy_drop):
            promoted, reason = _promote_by_rule(run, version, f"Held-out accuracy did not fall: {compared}.", now=now)
        figures = {**asdict(measured), "max_drop": rule.max_accuracy_drop}
        return _keep_decision(locked, {**figures, "promoted": promoted, "reason": reason}, now=now)


def hold_back(*, run: Run, reason: str, now: datetime) -> dict[str, Any]:
    """Keeps the decision that a scheduled run's version is left to a person."""
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.gate is not None:
            return dict(locked.gate)
        return _keep_decision(locked, {"promoted": False, "reason": reason}, now=now)


def _keep_decision(run: Run, gate: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    run.gate = gate
    run.save(update_fields=["gate"])
    record("run.gate_decided", run, acting_user=None, now=now, campaign=run.campaign, after=gate)
    return gate


def _promote_by_rule(run: Run, version: ModelVersion, reason: str, *, now: datetime) -> tuple[bool, str]:
    try:
        promote(version=version, acting_user=None, now=now, expected=run.parent, reason=reason[:200])
    except DomainError as error:
        return False, f"Held back: {error}"
    return True, reason
