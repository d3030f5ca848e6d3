"""The promotion gate: its rules, and its decisions about versions, by the schedule or by a person."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from common.errors import DomainError, SavedMeanwhile
from common.sentences import Sentence, sentence_of
from labeling.access import require_may_change
from labeling.actions.validation import checked_text
from labeling.events.record import record
from labeling.models import Campaign, User
from training.access import require_version
from training.actions.displacing import require_may_waive
from training.actions.versions import promote
from training.errors import GateNotMet, ServersAway, ServingChanged, WrongGate
from training.models import (
    Deployment,
    Gate,
    GateDecision,
    ModelVersion,
    PeopleGate,
    RetrainingRule,
    Run,
    WrongRules,
    certificate_hash,
    parse_rules,
)
from training.queries.gates import Standing, campaigns_concerned, current_gate, standing
from training.queries.rehearsals import channel_of_version
from training.queries.retraining import passed_since_decision
from training.queries.serving import current_deployment

logger = logging.getLogger(__name__)

LONGEST_REASON = 2000
Outcome = GateDecision.Outcome


@dataclass(frozen=True, slots=True)
class _Asked:
    """The schedule's question about a run. people: the gate by people that was passed since it was held back."""

    run: Run
    people: PeopleGate | None


class _HeldBack(Exception):
    """The schedule does not promote after all."""

    def __init__(self, reason: Sentence) -> None:
        self.reason = reason


def save_gate(
    *, campaign: Campaign, rules: Any, acting_user: User | None, now: datetime, expected: int | None = None
) -> Gate:
    """Makes the next gate of a campaign, with other rules; the same rules again change nothing.

    rules: [{"figure", "floor" or "ceiling", "on_missing"}]. expected: the number of the gate that was changed; None:
    whichever is newest. Raises WrongGate, SavedMeanwhile, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    try:
        parsed = [rule.as_json() for rule in parse_rules(rules)]
    except WrongRules as error:
        raise WrongGate.of("rules", str(error)) from error
    with transaction.atomic():
        current = _saved_gate(campaign, now=now)
        if current.rules == parsed:
            return current
        if expected is not None and current.number != expected:
            raise SavedMeanwhile(number=current.number)
        gate = Gate.objects.create(campaign=campaign, number=current.number + 1, rules=parsed, by=acting_user, at=now)
        record(
            "gate.saved",
            gate,
            acting_user=acting_user,
            now=now,
            campaign=campaign,
            before={"gate": current.number, "rules": _limits(current)},
            after={"gate": gate.number, "rules": _limits(gate)},
        )
    return gate


def _limits(gate: Gate) -> dict[str, float]:
    return {rule.figure: rule.limit for rule in gate.parsed}


def _saved_gate(campaign: Campaign, *, now: datetime) -> Gate:
    """The current gate as a row, within a transaction: two leads who save at once wait for each other."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    return _as_row(current_gate(campaign), now=now)


def _as_row(gate: Gate, *, now: datetime) -> Gate:
    """A gate as a row; its campaign is locked."""
    if gate._state.adding:
        gate.at = now
        gate.save(force_insert=True)
    return gate


def _standing_locked(version: ModelVersion) -> Standing:
    """How a version of a run stands now; no gate that is asked changes until the transaction ends."""
    concerned = [campaign.pk for campaign in campaigns_concerned(version)]
    list(Campaign.objects.select_for_update(no_key=True).filter(pk__in=concerned).order_by("pk").values_list("pk"))
    stands = standing(version)
    assert stands is not None
    return stands


def decide_by_rule(*, run: Run, version: ModelVersion, now: datetime) -> GateDecision:
    """Promotes a scheduled run's version if the gates are met and what served at its start still serves; else not.

    Decides once, and once more if a gate by people is passed after the version was held back: a further call changes
    nothing. While no server is ready to be promoted to, that second decision is not made.
    """
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=run.pk)
        decisions = GateDecision.objects.filter(run=run, is_automatic=True).order_by("-pk")
        earlier = decisions.first()
        people = passed_since_decision(run) if earlier and not earlier.is_promoted else None
        if earlier and people is None:
            return earlier
        stands = standing(version)
        assert stands is not None
        asked = _Asked(run, people)
        try:
            reason = _held_by_rule(run, stands) or _promote_by_rule(asked, version, now=now)
        except ServersAway as error:
            if earlier is not None:  # people preferred it: it is asked again until the servers are there
                logger.warning("%s is not promoted yet: %s", version, error)
                return earlier
            reason = _held_because(error)
        newest = decisions.first()
        if newest is not None and newest != earlier:
            return newest
        return _decide(_standing_locked(version), Outcome.HELD, reason, now=now, asked=asked)


def _held_by_rule(run: Run, stands: Standing) -> Sentence:
    """Why the schedule does not promote; empty: it does."""
    rule = RetrainingRule.objects.filter(campaign=run.campaign).first()
    if rule is None or not rule.auto_promote:
        return Sentence(gettext_noop("Held back: automatic promotion has been switched off."))
    if rule.paused_at is not None:
        return Sentence(gettext_noop("Held back: automatic retraining is paused."))
    return Sentence() if stands.is_met else stands.reason


def _promote_by_rule(asked: _Asked, version: ModelVersion, *, now: datetime) -> Sentence:
    """Promotes and stores the decision; returns why that was not possible, or an empty sentence.

    Raises ServersAway.
    """

    def decide() -> Sentence:
        stands = _standing_locked(version)
        if held := _held_by_rule(asked.run, stands):  # something changed while the servers loaded it
            raise _HeldBack(held)
        _decide(stands, Outcome.PASSED, stands.reason, now=now, asked=asked)
        return stands.reason

    expected, channel = asked.run.serving or asked.run.parent, channel_of_version(version)
    try:
        promote(version=version, acting_user=None, now=now, channel=channel, expected=expected, also=decide)
    except _HeldBack as held:
        return held.reason
    except ServersAway:
        raise
    except DomainError as error:
        return _held_because(error)
    return Sentence()


def _held_because(error: DomainError) -> Sentence:
    return Sentence(gettext_noop("Held back: %(reason)s"), {"reason": sentence_of(error)})


def promote_through_gate(
    *, version: ModelVersion, acting_user: User | None, now: datetime, reason: str = "", expected: str = ""
) -> Deployment:
    """Promotes a version for a person or a command, and stores the gate's decision.

    A version that comes from no run (a base) passes no gate, and one that serves already changes nothing.
    reason: for a promotion past a gate that is not met, which is a waiver: for admins and leads of the campaigns
    whose gates are not met. expected: the name of the version that is to be replaced; empty: whichever
    serves. Raises GateNotMet without a reason, ServingChanged, and whatever `promote` raises.
    """
    require_version(acting_user, version)
    stands, serves = standing(version), current_deployment(channel_of_version(version))
    if serves is not None and serves.version_id == version.pk:
        return promote(version=version, acting_user=acting_user, now=now)
    if expected and (serves is None or serves.version.name != expected):
        raise ServingChanged
    if stands is None:
        return promote(version=version, acting_user=acting_user, now=now, expected=serves.version if serves else None)
    waiver = ""
    if not stands.is_met:
        if not reason.strip():
            raise _not_met(stands)
        require_may_waive(acting_user, _holding(stands))
        waiver = checked_text("reason", reason, most=LONGEST_REASON)

    def decide() -> None:
        now_stands = _standing_locked(version)  # the servers took their time: what was measured or asked may differ
        if not now_stands.is_met and not waiver:
            raise _not_met(now_stands)
        if waiver:
            require_may_waive(acting_user, _holding(now_stands))
        given = "" if now_stands.is_met else waiver
        outcome = Outcome.WAIVED if given else Outcome.PASSED
        _decide(now_stands, outcome, now_stands.reason, now=now, by=acting_user, waiver=given)

    return promote(version=version, acting_user=acting_user, now=now, expected=stands.serving, also=decide)


def _holding(stands: Standing) -> list[Campaign]:
    """The campaigns whose gates are not met."""
    return [each.campaign for each in (stands.own, *stands.others) if each.held_by]


def _not_met(stands: Standing) -> GateNotMet:
    """The error that names each rule that is not met; those of other campaigns after "other"."""
    rules = {result.rule.figure: str(result.sentence) for result in stands.own.held_by}
    for other in stands.others:
        rules |= {f"other.{result.rule.figure}": str(result.sentence) for result in other.held_by}
    text = gettext("The gate is not met. Give a reason to promote %(name)s anyway. %(rules)s")
    values = {"name": stands.version.name, "rules": " ".join(rules.values())}
    return GateNotMet(text % values, fields=rules)


def _decide(
    stands: Standing,
    outcome: GateDecision.Outcome,
    reason: Sentence,
    *,
    now: datetime,
    by: User | None = None,
    waiver: str = "",
    asked: _Asked | None = None,
) -> GateDecision:
    """Stores a decision with its certificate's hash, and records it.

    stands: of `_standing_locked`. asked: the question of the schedule; None: a person decides.

    A promotion concerns every campaign that the version will write for, holding it back those whose gates do.
    """
    own = stands.own
    decision = GateDecision(
        gate=_as_row(own.gate, now=now),
        run=stands.version.run,
        version=stands.version,
        outcome=outcome,
        is_automatic=asked is not None,
        people_gate=asked.people if asked else None,
        figures=dict(own.figures),
        results=[result.as_json() for result in own.results],
        others=[other.as_json() for other in stands.others],
        reason=reason,
        waiver=waiver,
        by=by,
        at=now,
    )
    decision.certificate_hash = certificate_hash(decision.certificate())
    decision.save(force_insert=True)
    concerned = [own, *(other for other in stands.others if outcome != Outcome.HELD or other.held_by)]
    for each in concerned:
        record(
            f"gate.{outcome}",
            decision,
            acting_user=by,
            now=now,
            campaign=each.campaign,
            after={
                "version": stands.version.name,
                "gate": each.gate.number,
                "decision": decision.pk,
                "reason": reason,
                "waiver": waiver,
                "certificate": decision.certificate_hash,
            },
        )
    return decision
