"""Curation: leads retire and restore comparisons, review flags, and make comparisons gold."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from common.wording import in_sentence
from labeling.access import require_may_change
from labeling.actions.blind_test_acts import FLAG, GOLD, Kind, refuse_in_blind_test
from labeling.actions.validation import check_winner, checked_reason
from labeling.events.record import record
from labeling.judging.settling import settle, verdict_as_json
from labeling.models import Comparison, Gold, User, Verdict
from labeling.queries.flags import with_unreviewed_flags
from labeling.tally import Tally, add_to_tally, tally_of

Status = Comparison.Status


class WrongComparisonStatus(Conflict):
    """The raiser says which status is needed."""

    type = "comparison-status"
    sentence = gettext_lazy("You cannot do this to a comparison that is %(status)s.")


@transaction.atomic
def retire_comparison(*, comparison: Comparison, reason: str, acting_user: User | None, now: datetime) -> Comparison:
    """Takes a comparison out of the campaign. It is kept, but never given out, counted or trained on.

    An annotator who holds it learns of this on judging it. Its judgments and its verdict are kept for when it is
    restored. Twice changes nothing. Raises NotAllowed, Invalid, WrongComparisonStatus, BendsBlindTest.
    """
    locked = lock_comparison(comparison, acting_user, Kind.RETIRE)
    if locked.status == Status.RETIRED:
        return locked
    _check_no_practice(locked)
    move_comparison(locked, Status.RETIRED, "comparison.retired", acting_user, now, {"reason": checked_reason(reason)})
    return locked


@transaction.atomic
def restore_comparison(*, comparison: Comparison, acting_user: User | None, now: datetime) -> Comparison:
    """Restores a retired comparison, in the state of its judgments. A flag that no lead has reviewed waits again.

    Raises NotAllowed, WrongComparisonStatus, BendsBlindTest.
    """
    locked = lock_comparison(comparison, acting_user, Kind.RESTORE)
    if locked.status != Status.RETIRED:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: only a retired one can be restored.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    if locked.retired_with_prompt:
        raise WrongComparisonStatus(_("Its prompt is retired. Restore the prompt: its comparisons come back with it."))
    if with_unreviewed_flags(locked.campaign, [locked]):
        move_comparison(locked, Status.FLAGGED, "comparison.restored", acting_user, now, {})
    else:
        return_comparison(locked, "comparison.restored", acting_user, now, {})
    return locked


@transaction.atomic
def review_flag(
    *, comparison: Comparison, keep: bool, reason: str, acting_user: User | None, now: datetime
) -> Comparison:
    """Decides about a flagged comparison: it is judged further, or retired. keep: which of the two.

    Raises NotAllowed, Invalid, WrongComparisonStatus, BendsBlindTest.
    """
    locked = lock_comparison(comparison, acting_user, FLAG)
    if locked.status != Status.FLAGGED:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: there is no flag to review.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    after = {"reason": checked_reason(reason)}
    if keep:
        return_comparison(locked, "comparison.flag_dismissed", acting_user, now, after)
    else:
        move_comparison(locked, Status.RETIRED, "comparison.flag_upheld", acting_user, now, after)
    return locked


@transaction.atomic
def make_gold(
    *, comparison: Comparison, winner: str, reason: str = "", acting_user: User | None, now: datetime
) -> Comparison:
    """Makes a comparison gold with a known verdict, or changes the known verdict of gold.

    It counts in no total and no agreement any longer, its own verdict is deleted, and it is not trained on. Raises
    NotAllowed, Invalid, WrongComparisonStatus.
    """
    check_winner(winner)
    locked = lock_comparison(comparison, acting_user, GOLD)
    if locked.status in (Status.RETIRED, Status.FLAGGED):
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: restore it first.") % {"status": in_sentence(locked.get_status_display())}
        )
    _check_no_practice(locked)
    verdict = Verdict.objects.filter(comparison=locked).first()
    before = Gold.objects.filter(comparison=locked).first()
    Gold.objects.update_or_create(
        comparison=locked,
        defaults={"winner": winner, "reason": reason.strip(), "set_by": acting_user, "set_at": now},
    )
    if verdict is not None:
        verdict.delete()
    former: dict[str, Any] = {"gold": str(before.winner)} if before else {"verdict": verdict_as_json(verdict)}
    after = {"gold": str(winner), "reason": reason.strip()}
    move_comparison(locked, Status.GOLD, "comparison.made_gold", acting_user, now, after, before=former)
    return locked


@transaction.atomic
def unmake_gold(*, comparison: Comparison, acting_user: User | None, now: datetime) -> Comparison:
    """Turns gold into an ordinary comparison: open, or settled by its earlier votes.

    Judgments of it as gold still count for their annotators. Raises NotAllowed, WrongComparisonStatus, BendsBlindTest.
    """
    locked = lock_comparison(comparison, acting_user, GOLD)
    if locked.status != Status.GOLD:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s, not gold.") % {"status": in_sentence(locked.get_status_display())}
        )
    gold = Gold.objects.get(comparison=locked)
    before = {"gold": str(gold.winner)}
    gold.delete()
    return_comparison(locked, "comparison.unmade_gold", acting_user, now, {}, before=before)
    return locked


def _check_no_practice(comparison: Comparison) -> None:
    if comparison.status == Status.PRACTICE:
        raise WrongComparisonStatus(_("Annotators practise on this comparison: take it out of practice first."))


def lock_comparison(comparison: Comparison, acting_user: User | None, act: str) -> Comparison:
    """Locks a comparison for an act of a lead. act: its name in `REFUSED`. Raises NotAllowed, BendsBlindTest."""
    require_may_change(acting_user, comparison.campaign)
    refuse_in_blind_test(comparison.campaign, act)
    rows = Comparison.objects.select_related("campaign__annotator_estimates")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=comparison.pk)


def return_comparison(
    comparison: Comparison,
    verb: str,
    acting_user: User | None,
    now: datetime,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
) -> None:
    """Returns a comparison to gold, to its verdict, or to the state of its votes under the campaign's present rule."""
    if Gold.objects.filter(comparison=comparison).exists():
        move_comparison(comparison, Status.GOLD, verb, acting_user, now, after, before=before)
    elif Verdict.objects.filter(comparison=comparison).exists():
        move_comparison(comparison, Status.SETTLED, verb, acting_user, now, after, before=before)
    else:
        move_comparison(comparison, Status.OPEN, verb, acting_user, now, after, before=before)


def move_comparison(
    comparison: Comparison,
    status: Status,
    verb: str,
    acting_user: User | None,
    now: datetime,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
) -> None:
    """Gives a locked comparison another status, with the totals and the event. Open: settles it by its votes."""
    add_to_tally(
        comparison.campaign_id, moved_comparison(comparison, status, verb, acting_user, now, after, before=before)
    )


def moved_comparison(
    comparison: Comparison,
    status: Status,
    verb: str,
    acting_user: User | None,
    now: datetime,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
) -> Tally:
    """Does so without the totals, and returns their change. For callers that move many in one transaction."""
    former_status, totals = str(comparison.status), tally_of(comparison)
    comparison.status = status
    verdict = settle(comparison, comparison.campaign, now) if status == Status.OPEN else None
    comparison.save(update_fields=["status", "overlap"])
    record(
        verb,
        comparison,
        acting_user=acting_user,
        now=now,
        campaign=comparison.campaign,
        before={"status": former_status} | (before or {}),
        after={"status": str(comparison.status)} | after | ({"verdict": verdict_as_json(verdict)} if verdict else {}),
    )
    return tally_of(comparison) - totals
