"""Campaigns: created, changed, started and stopped, with their guidelines."""

import secrets
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy

from common.errors import ChangedMeanwhile, Conflict, Invalid, SavedMeanwhile
from common.stamps import changed_since
from common.wording import in_sentence
from labeling.access import require_lead, require_may_change, require_may_create_campaigns
from labeling.actions.bulk import apply_overlap
from labeling.actions.recounts import request_recount
from labeling.actions.rules import FIXED_IN_BLIND_TESTS, cleaned, rules_of
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import (
    Campaign,
    Demand,
    GuidelineVersion,
    Membership,
    PracticePair,
    User,
    VerdictRecount,
    Winner,
)

Status = Campaign.Status

TRANSITIONS: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({Status.ACTIVE, Status.ARCHIVED}),
    Status.ACTIVE: frozenset({Status.PAUSED, Status.CLOSED}),
    Status.PAUSED: frozenset({Status.ACTIVE, Status.CLOSED}),
    Status.CLOSED: frozenset({Status.ACTIVE, Status.ARCHIVED}),
    Status.ARCHIVED: frozenset({Status.CLOSED}),
}
"""The statuses that may follow each status."""


class SlugTaken(Conflict):
    type = "slug-taken"
    sentence = gettext_lazy("There is already a campaign %(slug)s. Choose another slug.")


class WrongStatus(Conflict):
    type = "campaign-status"
    sentence = gettext_lazy("A campaign that is %(before)s cannot become %(status)s; it can become %(ways)s.")


def create_campaign(
    *,
    name: str,
    acting_user: User,
    now: datetime,
    slug: str | None = None,
    overlap: int = 1,
    guidelines: str = "",
    kind: str = Campaign.Kind.LABELS,
    **rules: Any,
) -> Campaign:
    """Creates a campaign in draft, led by its creator. rules: any of `labeling.actions.rules.RULES`.

    slug: None: made from the name. Raises NotAllowed, Invalid, SlugTaken.
    """
    require_may_create_campaigns(acting_user)
    rules = cleaned(rules)
    campaign = Campaign(
        name=name,
        slug=slug or _free_slug(name),
        kind=kind,
        overlap=overlap,
        created_by=acting_user,
        created_at=now,
        **rules,
    )
    checked(campaign)
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
            Membership.objects.create(campaign=campaign, user=acting_user, role=Membership.Role.LEAD, created_at=now)
            after = rules_of(campaign) | {"slug": campaign.slug}
            record("campaign.created", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
            if guidelines:
                _add_guidelines(campaign, guidelines, acting_user, now)
    except IntegrityError as error:
        raise SlugTaken(slug=campaign.slug) from error
    return campaign


@transaction.atomic
def change_campaign(
    *, campaign: Campaign, acting_user: User | None, now: datetime, expected: str | None = None, **changes: Any
) -> Campaign:
    """Changes rules of a campaign. changes: any of `labeling.actions.rules.RULES`. expected: the stamp of the rules
    that were changed (`rules_of`); None: whichever apply.

    A new overlap applies to comparisons that nobody holds yet and to later ones; the others keep theirs. In a large
    campaign a worker applies it. A new verdict rule, or another threshold of it, recounts all verdicts in the
    background. Raises ChangedMeanwhile, NotAllowed, Invalid.
    """
    require_may_change(acting_user, campaign)
    changes = cleaned(changes)
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    changes = {rule: value for rule, value in changes.items() if getattr(campaign, rule) != value}
    if not changes:
        return campaign
    stored = rules_of(campaign)
    if expected is not None and (others := changed_since(expected, stored)):
        raise ChangedMeanwhile({name: stored[name] for name in others})
    if campaign.is_blind_test and (fixed := FIXED_IN_BLIND_TESTS & changes.keys()):
        raise Invalid.of(min(fixed), gettext("This stays as it is in a blind test: its evidence rests on it."))
    before = {rule: getattr(campaign, rule) for rule in changes}
    for rule, value in changes.items():
        setattr(campaign, rule, value)
    checked(campaign)
    _check_known_answers(campaign, changes)
    campaign.save(update_fields=list(changes))
    if {"overlap", "overlap_share"} & changes.keys():
        apply_overlap(campaign=campaign, acting_user=acting_user, now=now)
    if _changes_verdicts(campaign, changes):
        request_recount(
            campaign=campaign, cause=VerdictRecount.Cause.RULE, acting_user=acting_user, now=now, before=before
        )
    record(
        "campaign.changed", campaign, acting_user=acting_user, now=now, campaign=campaign, before=before, after=changes
    )
    return campaign


@transaction.atomic
def change_campaign_status(*, campaign: Campaign, status: str, acting_user: User | None, now: datetime) -> Campaign:
    """Starts, pauses, closes, reopens or archives a campaign. Its present status again changes nothing.

    Raises NotAllowed, Invalid, WrongStatus.
    """
    require_lead(acting_user, campaign)
    if status not in Status.values:
        raise Invalid(
            gettext("There is no status %(status)s.") % {"status": repr(status)},
            fields={"status": gettext("One of %(values)s.") % {"values": ", ".join(Status.values)}},
        )
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    before = campaign.status
    if status == before:
        return campaign
    if status not in TRANSITIONS[before]:
        labels = {name: in_sentence(Status(name).label) for name in Status.values}
        ways = ", ".join(sorted(labels[name] for name in TRANSITIONS[before]))
        raise WrongStatus(before=labels[before], status=labels[status], ways=ways)
    campaign.status = status
    campaign.save(update_fields=["status"])
    record(
        "campaign.status_changed",
        campaign,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        before={"status": before},
        after={"status": status},
    )
    return campaign


@transaction.atomic
def write_guidelines(
    *,
    campaign: Campaign,
    text: str,
    demand: str = Demand.NOTHING,
    expected: int | None = None,
    acting_user: User,
    now: datetime,
) -> GuidelineVersion:
    """Adds a version of the guidelines. Each judgment keeps the version that it was made under.

    demand: what annotators must do before they go on; the first version must always be read, where the campaign asks
    for that. The same text again adds none and demands nothing. expected: the number of the version that was changed, 0
    where there was none; None: whichever is newest. Raises SavedMeanwhile, NotAllowed, Invalid.
    """
    require_may_change(acting_user, campaign)
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    latest = campaign.guideline_versions.aggregate(number=Max("number"))["number"] or 0
    if expected is not None and latest != expected:
        raise SavedMeanwhile(number=latest)
    return _add_guidelines(campaign, text, acting_user, now, demand=demand)


def _add_guidelines(
    campaign: Campaign, text: str, acting_user: User, now: datetime, *, demand: str = Demand.NOTHING
) -> GuidelineVersion:
    latest = campaign.guideline_versions.order_by("-number").first()
    if latest is not None and latest.text == text:
        return latest
    number = latest.number + 1 if latest else 1
    version = GuidelineVersion(
        campaign=campaign, number=number, text=text, demand=demand, created_by=acting_user, created_at=now
    )
    checked(version).save(force_insert=True)
    _demand(campaign, version)
    record(
        "guidelines.written",
        version,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        after={"number": number, "demand": str(version.demand)},
    )
    return version


def _demand(campaign: Campaign, version: GuidelineVersion) -> None:
    """Writes into the campaign what a new version demands, where the queue reads it."""
    demand = version.demand
    if demand != Demand.NOTHING or version.number == 1:
        campaign.read_from = version.number
    if demand in (Demand.PRACTISE, Demand.QUALIFY):
        campaign.practise_since = version.created_at
    if demand == Demand.QUALIFY:
        campaign.qualify_since = version.created_at
    campaign.save(update_fields=["read_from", "practise_since", "qualify_since"])


def _check_known_answers(campaign: Campaign, changes: dict[str, Any]) -> None:
    """Raises Invalid if annotators could no longer give the known answer of a practice pair."""
    for rule, winner in (("allow_tie", Winner.TIE), ("allow_both_bad", Winner.BOTH_BAD)):
        pairs = PracticePair.objects.filter(campaign=campaign, winner=winner)
        if changes.get(rule) is False and pairs.exists():
            text = gettext("This is the known answer of a practice pair. Change that pair first.")
            raise Invalid.of(rule, text)


def _changes_verdicts(campaign: Campaign, changes: dict[str, Any]) -> bool:
    threshold_decides = campaign.verdict_rule == Campaign.VerdictRule.DAWID_SKENE
    return "verdict_rule" in changes or (threshold_decides and "verdict_threshold" in changes)


def _free_slug(name: str) -> str:
    base = slugify(name)[:70] or "campaign"
    if not Campaign.objects.filter(slug=base).exists():
        return base
    return f"{base}-{secrets.token_hex(3)}"
