"""Automatic retraining: a campaign's rule. Whether it is time is considered in `training.actions.schedule`."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from common.errors import ChangedMeanwhile
from common.schedules import CRON_FIELDS, next_time, wrong_field
from common.sentences import Sentence
from common.stamps import changed_since
from labeling.access import require_may_change
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import Campaign, User
from training.access import require_no_blind_test
from training.errors import NotPaused, WrongSchedule
from training.models import RetrainingRule

CONSIDER_TASK = "training.tasks.consider_retraining"
CRON_RULES = {
    "minute": gettext_noop("The minute is 0 to 59."),
    "hour": gettext_noop("The hour is 0 to 23."),
    "day_of_month": gettext_noop("The day is 1 to 31."),
    "month_of_year": gettext_noop("The month is 1 to 12, or jan to dec."),
    "day_of_week": gettext_noop("The weekday is 0 (Sunday) to 6, or sun to sat."),
}
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
    expected: str | None = None,
) -> RetrainingRule:
    """Sets when a campaign retrains automatically.

    cron: five fields, in the server's time zone. At that time a run starts if there are enough fresh verdicts; empty:
    a run starts as soon as there are enough. expected: the stamp of the rule that was changed (`rule_as_json`); None:
    whichever applies. Raises WrongSchedule, ChangedMeanwhile, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    crontab = _crontab(cron) if cron.strip() else None
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # serializes two leads who save at once
        rule = RetrainingRule.objects.filter(campaign=campaign).first() or RetrainingRule(campaign=campaign)
        is_saved = rule.pk is not None
        stored = rule_as_json(rule)
        if expected is not None and (others := changed_since(expected, stored)):
            sent = {"enabled": enabled, "min_fresh_verdicts": min_fresh_verdicts, "auto_promote": auto_promote}
            if stored == {**sent, "cron": " ".join(cron.split())}:
                return rule  # the same form, sent twice
            raise ChangedMeanwhile({name: stored[name] for name in others})
        rule.enabled, rule.min_fresh_verdicts = enabled, min_fresh_verdicts
        rule.auto_promote, rule.updated_at, rule.is_due = auto_promote, now, False
        checked(rule, exclude=["campaign", "periodic_task"], refusal=WrongSchedule).save()
        _set_time(rule, crontab)
        record(
            "retraining_rule.saved",
            rule,
            acting_user=acting_user,
            now=now,
            campaign=campaign,
            before=stored if is_saved else {},
            after=rule_as_json(rule),
        )
    return rule


def rule_as_json(rule: RetrainingRule | None) -> dict[str, Any]:
    """The settings of a rule; of none: those that it would start with."""
    rule = rule or RetrainingRule()
    fields = ("enabled", "min_fresh_verdicts", "cron", "auto_promote")
    return {name: getattr(rule, name) for name in fields}


def check_cron(cron: str) -> None:
    """Raises WrongSchedule unless the text has five fields that can be read and a time that comes."""
    _crontab(cron)


def _crontab(cron: str) -> CrontabSchedule:
    """The unsaved schedule row of a cron expression. Raises WrongSchedule."""
    fields = cron.split()
    if len(fields) != len(CRON_FIELDS):
        text = _(
            "A cron time has five fields (minute, hour, day of month, month, day of week), not %(count)s: %(cron)s."
        )
        raise WrongSchedule.of("cron", text % {"count": len(fields), "cron": repr(cron)})
    if name := wrong_field(cron):
        text = _(
            "The cron time %(cron)s cannot be read at %(field)s. %(rule)s Lists (1,15), ranges (1-5), * and "
            "*/5 are read too."
        )
        wrong = fields[CRON_FIELDS.index(name)]
        raise WrongSchedule.of("cron", text % {"cron": repr(cron), "field": repr(wrong), "rule": _(CRON_RULES[name])})
    times = dict(zip(CRON_FIELDS, fields, strict=True))
    crontab = CrontabSchedule(**times, timezone=settings.TIME_ZONE)
    try:
        crontab.full_clean()
        next_time(cron, after=timezone.now(), zone=ZoneInfo(settings.TIME_ZONE))
    except ValidationError as error:  # longer than its column, for instance
        text = _("The cron time %(cron)s cannot be stored: %(messages)s")
        raise WrongSchedule.of("cron", text % {"cron": repr(cron), "messages": " ".join(error.messages)}) from error
    except ValueError as error:
        text = _("The cron time %(cron)s never comes: no date fits it. Change its day or its month.")
        raise WrongSchedule.of("cron", text % {"cron": repr(cron)}) from error
    return crontab


def _set_time(rule: RetrainingRule, crontab: CrontabSchedule | None) -> None:
    """Writes the rule's row in the table of Celery beat, which notices the change."""
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


def resume_retraining(*, rule: RetrainingRule, acting_user: User | None, now: datetime) -> RetrainingRule:
    """Ends the pause after a rollback. Raises NotPaused, NotAllowed, NotFound."""
    require_may_change(acting_user, rule.campaign)
    with transaction.atomic():
        locked = RetrainingRule.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=rule.pk)
        if locked.paused_at is None:
            raise NotPaused
        locked.paused_at, locked.pause = None, Sentence()
        locked.updated_at = now
        locked.save(update_fields=["paused_at", "pause", "updated_at"])
        record("retraining_rule.resumed", locked, acting_user=acting_user, now=now, campaign=locked.campaign)
    return locked
