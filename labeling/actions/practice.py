"""Practice: leads mark comparisons with known answers, for annotators to practise or to qualify on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from common.wording import in_sentence
from labeling.access import require_may_change
from labeling.actions.blind_test_acts import PRACTICE
from labeling.actions.comparison_drafts import ComparisonDraft, unfit
from labeling.actions.comparisons import add_comparisons
from labeling.actions.curation import (
    Status,
    WrongComparisonStatus,
    lock_comparison,
    move_comparison,
    moved_comparison,
    return_comparison,
)
from labeling.actions.prompts import unstorable
from labeling.actions.validation import check_winner
from labeling.judging.settling import verdict_as_json
from labeling.models import Campaign, Comparison, Gold, PracticeAnswer, PracticePair, Prompt, User, Verdict, Winner
from labeling.tally import Tally, add_to_tally

MAX_EXPLANATION = 10_000
Use = PracticePair.Use


class QualificationNeedsPairs(Conflict):
    type = "qualification-needs-pairs"
    sentence = gettext_lazy(
        "The qualification asks for %(pairs)s pairs, and fewer would be left. Lower that number in the settings first."
    )


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """The known answer of a pair, in terms of a and b, and its use.

    explanation: Markdown, why this is the right answer. strength, criteria: known answers to these too, as in a
    judgment. Only the winner is scored; the others are part of the feedback.
    """

    winner: str
    explanation: str = ""
    use: str = Use.PRACTICE
    strength: int | None = None
    criteria: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PracticeDraft:
    """A pair to practise on, with its known answer.

    comparison: its `gold` is the known answer; the campaign may have the comparison already. explanation: Markdown, why
    this is the right answer. strength, criteria: known answers to these too; criteria name the completions first and
    second.
    """

    comparison: ComparisonDraft
    explanation: str = ""
    use: str = Use.PRACTICE
    strength: int | None = None
    criteria: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AddedPractice:
    """The pairs of a file in its order, and how many of them changed what the campaign knew, by a code of NOTES."""

    pairs: list[PracticePair]
    changes: Counter[str]


@transaction.atomic
def make_practice(
    *,
    comparison: Comparison,
    winner: str,
    explanation: str = "",
    use: str = Use.PRACTICE,
    strength: int | None = None,
    criteria: Mapping[str, str] | None = None,
    acting_user: User | None,
    now: datetime,
) -> PracticePair:
    """Marks a comparison for practice or for the qualification, or changes its answer, explanation or use.

    strength, criteria: see KnownAnswer.

    Gold stops being gold. As with gold, the comparison counts in no total, and its own verdict is deleted; its votes
    are kept for when it is taken out of practice. Raises NotAllowed, Invalid, WrongComparisonStatus,
    QualificationNeedsPairs.
    """
    require_may_change(acting_user, comparison.campaign)
    campaign = _locked_campaign(comparison.campaign)
    known = KnownAnswer(winner, explanation, use, strength, criteria or {})
    pair, change = _mark(comparison, known, acting_user, now)
    _count_pairs(campaign)
    add_to_tally(campaign.pk, change)
    return pair


@transaction.atomic
def unmake_practice(*, comparison: Comparison, acting_user: User | None, now: datetime) -> Comparison:
    """Takes a comparison out of practice: it is open again, or settled by its earlier votes.

    If its prompt was retired meanwhile, it is retired with it. Rounds that are under way go on without it. Raises
    NotAllowed, WrongComparisonStatus, QualificationNeedsPairs.
    """
    require_may_change(acting_user, comparison.campaign)
    campaign = _locked_campaign(comparison.campaign)
    locked = lock_comparison(comparison, acting_user, PRACTICE)
    if locked.status != Status.PRACTICE:
        raise WrongComparisonStatus(
            _("This comparison is %(status)s, not in practice.") % {"status": in_sentence(locked.get_status_display())}
        )
    before = _as_json(PracticePair.objects.get(comparison=locked))
    delete_pairs(campaign, PracticePair.objects.filter(comparison=locked))
    verb = "comparison.unmade_practice"
    if Prompt.objects.filter(pk=locked.prompt_id, retired_at=None).exists():
        return_comparison(locked, verb, acting_user, now, {}, before=before)
    else:
        locked.retired_with_prompt = True
        locked.save(update_fields=["retired_with_prompt"])
        move_comparison(locked, Status.RETIRED, verb, acting_user, now, {}, before=before)
    return locked


def delete_pairs(campaign: Campaign, pairs: QuerySet[PracticePair]) -> None:
    """Deletes the marks of some pairs of a locked campaign, and their places in rounds that are under way.

    Raises QualificationNeedsPairs.
    """
    ids = list(pairs.values_list("pk", flat=True))
    if not ids:
        return
    PracticePair.objects.filter(pk__in=ids).delete()
    PracticeAnswer.objects.filter(comparison__in=ids, choice="").delete()
    _count_pairs(campaign)


@transaction.atomic
def add_practice(
    *, campaign: Campaign, drafts: Sequence[PracticeDraft], source: str, acting_user: User | None, now: datetime
) -> AddedPractice:
    """Adds pairs with known answers to a campaign and marks them, all or none.

    A comparison that the campaign has already is marked as well. Of a practice pair it keeps the explanation and the
    other known answers where the draft has none. source: what made them, at most 120 characters. Raises NotAllowed,
    Invalid, WrongComparisonStatus, QualificationNeedsPairs.
    """
    for number, draft in enumerate(drafts, 1):
        if draft.comparison.gold is None or unfit(draft.comparison):
            raise Invalid(_("Pair %(number)s has no known answer, or no two texts to compare.") % {"number": number})
    require_may_change(acting_user, campaign)
    campaign = _locked_campaign(campaign)
    plain = [_without_answer(draft.comparison) for draft in drafts]
    added = add_comparisons(
        campaign=campaign, drafts=plain, source=source, is_part=True, acting_user=acting_user, now=now
    )
    marked = PracticePair.objects.filter(comparison__in=[one for one in added.comparisons if one is not None])
    earlier = {pair.comparison_id: pair for pair in marked}
    pairs, changes, totals = [], Counter[str](), added.totals
    for draft, comparison in zip(drafts, added.comparisons, strict=True):
        assert comparison is not None  # drafts that are unfit were refused
        known, before = _known_answer(draft, comparison), earlier.get(comparison.pk)
        changes.update(_changes(comparison, known, before))
        pair, change = _mark(comparison, _with_earlier(known, before, campaign), acting_user, now)
        pairs.append(pair)
        totals += change
        earlier[comparison.pk] = pair
    _count_pairs(campaign)
    add_to_tally(campaign.pk, totals)  # last: judging waits for the totals that this transaction has locked
    return AddedPractice(pairs, changes)


def _with_earlier(known: KnownAnswer, earlier: PracticePair | None, campaign: Campaign) -> KnownAnswer:
    """The answer of a file; where the file is silent, the earlier one, as far as the campaign still asks for it."""
    if earlier is None:
        return known
    is_strength_kept = known.winner == earlier.winner and campaign.scale == Campaign.Scale.STRENGTH
    asked = {criterion["name"] for criterion in campaign.criteria}
    criteria = {name: answer for name, answer in earlier.criteria.items() if name in asked}
    return replace(
        known,
        explanation=known.explanation.strip() or earlier.explanation,
        strength=known.strength or (earlier.strength if is_strength_kept else None),
        criteria=criteria | dict(known.criteria),
    )


def _changes(comparison: Comparison, known: KnownAnswer, earlier: PracticePair | None) -> list[str]:
    """What a new mark changes about a comparison that the campaign has, as codes of NOTES."""
    if earlier is None:
        if Gold.objects.filter(comparison=comparison).exists():
            return ["no_longer_gold"]
        return ["no_longer_settled"] if Verdict.objects.filter(comparison=comparison).exists() else []
    moved = "moved_to_qualification" if known.use == Use.QUALIFICATION else "moved_to_practice"
    changed = {"known_answer_changed": known.winner != earlier.winner, moved: known.use != earlier.use}
    return [code for code, is_true in changed.items() if is_true]


def _locked_campaign(campaign: Campaign) -> Campaign:
    """Locks the campaign before its comparisons, as imports do: its counts of pairs are written here only."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


def _mark(
    comparison: Comparison, known: KnownAnswer, acting_user: User | None, now: datetime
) -> tuple[PracticePair, Tally]:
    """Marks a comparison; returns the pair, and the change of the campaign's totals."""
    check_winner(known.winner)
    explanation = _checked_explanation(known.explanation)
    if known.use not in Use.values:
        raise Invalid.of("use", _("One of %(values)s.") % {"values": ", ".join(Use.values)})
    locked = lock_comparison(comparison, acting_user, PRACTICE)
    _check_answer(locked.campaign, known)
    if locked.status in (Status.RETIRED, Status.FLAGGED):
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: restore it first.") % {"status": in_sentence(locked.get_status_display())}
        )
    earlier = PracticePair.objects.filter(comparison=locked).first()
    before = _as_json(earlier) if earlier else _former_answer(locked)
    set_at = earlier.set_at if earlier else now  # keeps its place in the round
    pair, _is_new = PracticePair.objects.update_or_create(
        comparison=locked,
        defaults={
            "campaign": locked.campaign,
            "winner": known.winner,
            "strength": known.strength,
            "criteria": dict(known.criteria),
            "explanation": explanation,
            "use": known.use,
            "set_by": acting_user,
            "set_at": set_at,
        },
    )
    Gold.objects.filter(comparison=locked).delete()
    Verdict.objects.filter(comparison=locked).delete()
    after = _as_json(pair)
    verb = "comparison.made_practice"
    return pair, moved_comparison(locked, Status.PRACTICE, verb, acting_user, now, after, before=before)


def _former_answer(comparison: Comparison) -> dict[str, Any]:
    """The knowledge about a comparison before it was marked, as the event log holds it."""
    gold = Gold.objects.filter(comparison=comparison).first()
    if gold is not None:
        return {"gold": str(gold.winner)}
    return {"verdict": verdict_as_json(Verdict.objects.filter(comparison=comparison).first())}


def _count_pairs(campaign: Campaign) -> None:
    """Writes how many pairs the campaign has for each use. Raises QualificationNeedsPairs."""
    pairs = PracticePair.objects.filter(campaign=campaign)
    campaign.practice_pairs = pairs.filter(use=Use.PRACTICE).count()
    campaign.qualification_pool = pairs.filter(use=Use.QUALIFICATION).count()
    if campaign.qualification_pairs > campaign.qualification_pool:
        raise QualificationNeedsPairs(pairs=campaign.qualification_pairs)
    campaign.save(update_fields=["practice_pairs", "qualification_pool"])


def _check_answer(campaign: Campaign, known: KnownAnswer) -> None:
    """Raises Invalid if annotators of this campaign cannot give this answer."""
    winner, strength = known.winner, known.strength
    not_offered = _("Annotators cannot give this answer: the campaign's rules do not offer it.")
    if (winner == "tie" and not campaign.allow_tie) or (winner == "both_bad" and not campaign.allow_both_bad):
        raise Invalid.of("winner", not_offered)
    if strength is not None and campaign.scale != Campaign.Scale.STRENGTH:
        raise Invalid.of("strength", not_offered)
    if strength is not None and (strength not in (1, 2, 3) or winner not in (Winner.A, Winner.B)):
        raise Invalid.of("strength", _("A strength is 1, 2 or 3, and only where one completion is better."))
    names = {criterion["name"] for criterion in campaign.criteria}
    if any(name not in names or answer not in ("a", "b", "tie") for name, answer in known.criteria.items()):
        raise Invalid.of("criteria", _("Each answer is a, b or tie, to a criterion of the campaign."))


def _checked_explanation(explanation: str) -> str:
    if len(explanation) > MAX_EXPLANATION or unstorable(explanation):
        text = _("An explanation has at most %(most)s characters, and none that cannot be stored (NUL).")
        raise Invalid.of("explanation", text % {"most": MAX_EXPLANATION})
    return explanation.strip()


def _without_answer(draft: ComparisonDraft) -> ComparisonDraft:
    return ComparisonDraft(prompt=draft.prompt, first=draft.first, second=draft.second, external_id=draft.external_id)


def _known_answer(draft: PracticeDraft, comparison: Comparison) -> KnownAnswer:
    """The known answer of a draft in terms of a and b."""
    first_is_a = comparison.completion_a.identity == draft.comparison.first.identity
    sides = {"first": "a", "second": "b"} if first_is_a else {"first": "b", "second": "a"}
    assert draft.comparison.gold is not None
    return KnownAnswer(
        winner=sides.get(draft.comparison.gold, draft.comparison.gold),
        explanation=draft.explanation,
        use=draft.use,
        strength=draft.strength,
        criteria={name: sides.get(answer, answer) for name, answer in draft.criteria.items()},
    )


def _as_json(pair: PracticePair) -> dict[str, Any]:
    known = {"practice": str(pair.winner), "use": str(pair.use), "explanation": pair.explanation}
    extras = {"strength": pair.strength, "criteria": pair.criteria}
    return known | {name: value for name, value in extras.items() if value}
