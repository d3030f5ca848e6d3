"""What leads do with single comparisons: take them out and back, look at flags, make them gold."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from common.wording import in_sentence
from labeling.access import require_lead
from labeling.events.record import record
from labeling.judging.settling import settle, verdict_as_json
from labeling.models import Comparison, Gold, User, Verdict, Winner
from labeling.tally import add_to_tally, tally_of

Status = Comparison.Status


class WrongComparisonStatus(Conflict):
    """The raiser says which status is needed."""

    type = "comparison-status"
    sentence = gettext_lazy("This comparison is %(status)s: that does not allow this.")


@transaction.atomic
def retire_comparison(*, comparison: Comparison, reason: str, acting_user: User | None, now: datetime) -> Comparison:
    """Takes a comparison out: kept, but given to nobody, counted nowhere, trained on never. Twice changes nothing.

    Who has it before them is told when they answer. Its judgments and its verdict stay for when it comes back.
    Raises NotAllowed, Invalid.
    """
    locked = _lock(comparison, acting_user)
    if locked.status == Status.RETIRED:
        return locked
    _move(locked, Status.RETIRED, "comparison.retired", acting_user, now, {"reason": _reason(reason)})
    return locked


@transaction.atomic
def restore_comparison(*, comparison: Comparison, acting_user: User | None, now: datetime) -> Comparison:
    """Brings a retired comparison back to where its judgments stand. Raises NotAllowed, WrongComparisonStatus."""
    locked = _lock(comparison, acting_user)
    if locked.status != Status.RETIRED:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: only a retired one can be brought back.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    _come_back(locked, "comparison.restored", acting_user, now, {})
    return locked


@transaction.atomic
def review_flag(
    *, comparison: Comparison, keep: bool, reason: str, acting_user: User | None, now: datetime
) -> Comparison:
    """A lead has looked at what was flagged: it goes on being judged, or is retired. Says why.

    Raises NotAllowed, Invalid, WrongComparisonStatus.
    """
    locked = _lock(comparison, acting_user)
    if locked.status != Status.FLAGGED:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: there is no flag to look at.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    after = {"reason": _reason(reason)}
    if keep:
        _come_back(locked, "comparison.flag_dismissed", acting_user, now, after)
    else:
        _move(locked, Status.RETIRED, "comparison.flag_upheld", acting_user, now, after)
    return locked


@transaction.atomic
def make_gold(
    *, comparison: Comparison, winner: str, reason: str = "", acting_user: User | None, now: datetime
) -> Comparison:
    """Makes a comparison gold, with what annotators should say; of gold: changes that.

    From now on it counts in no total and no agreement, its verdict is no more, and nothing is trained on it. Raises
    NotAllowed, Invalid, WrongComparisonStatus.
    """
    if winner not in Winner.values:
        known = ", ".join(Winner.values)
        raise Invalid(
            _("There is no winner %(winner)s. Known are %(known)s.") % {"winner": repr(winner), "known": known},
            fields={"winner": _("One of %(known)s.") % {"known": known}},
        )
    locked = _lock(comparison, acting_user)
    if locked.status in (Status.RETIRED, Status.FLAGGED):
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: bring it back first.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    verdict = Verdict.objects.filter(comparison=locked).first()
    before = Gold.objects.filter(comparison=locked).first()
    Gold.objects.update_or_create(
        comparison=locked,
        defaults={"winner": winner, "reason": reason.strip(), "set_by": acting_user, "set_at": now},
    )
    if verdict is not None:
        verdict.delete()
    was: dict[str, Any] = {"gold": str(before.winner)} if before else {"verdict": verdict_as_json(verdict)}
    after = {"gold": str(winner), "reason": reason.strip()}
    _move(locked, Status.GOLD, "comparison.made_gold", acting_user, now, after, before=was)
    return locked


@transaction.atomic
def unmake_gold(*, comparison: Comparison, acting_user: User | None, now: datetime) -> Comparison:
    """Makes gold a comparison like any other: open, or settled by the votes it had before.

    What annotators said about it as gold stays counted as that. Raises NotAllowed, WrongComparisonStatus.
    """
    locked = _lock(comparison, acting_user)
    if locked.status != Status.GOLD:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s, not gold.") % {"status": in_sentence(locked.get_status_display())}
        )
    gold = Gold.objects.get(comparison=locked)
    before = {"gold": str(gold.winner)}
    gold.delete()
    _come_back(locked, "comparison.unmade_gold", acting_user, now, {}, before=before)
    return locked


def _lock(comparison: Comparison, acting_user: User | None) -> Comparison:
    require_lead(acting_user, comparison.campaign)
    rows = Comparison.objects.select_related("campaign__annotator_estimates")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=comparison.pk)


def _come_back(
    comparison: Comparison,
    verb: str,
    acting_user: User | None,
    now: datetime,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
) -> None:
    """To gold if it is gold, to its verdict if it has one; else to where its votes stand under the rule of today."""
    if Gold.objects.filter(comparison=comparison).exists():
        _move(comparison, Status.GOLD, verb, acting_user, now, after, before=before)
    elif Verdict.objects.filter(comparison=comparison).exists():
        _move(comparison, Status.SETTLED, verb, acting_user, now, after, before=before)
    else:
        _move(comparison, Status.OPEN, verb, acting_user, now, after, before=before)


def _move(
    comparison: Comparison,
    status: Status,
    verb: str,
    acting_user: User | None,
    now: datetime,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
) -> None:
    was, totals = str(comparison.status), tally_of(comparison)
    comparison.status = status
    verdict = settle(comparison, comparison.campaign, now) if status == Status.OPEN else None
    comparison.save(update_fields=["status", "overlap"])
    record(
        verb,
        comparison,
        acting_user=acting_user,
        now=now,
        campaign=comparison.campaign,
        before={"status": was} | (before or {}),
        after={"status": str(comparison.status)} | after | ({"verdict": verdict_as_json(verdict)} if verdict else {}),
    )
    add_to_tally(comparison.campaign_id, tally_of(comparison) - totals)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Say why: the reason stays in the log."), fields={"reason": _("Must not be empty.")})
    return reason.strip()
