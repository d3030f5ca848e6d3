"""Comparisons that wait for a decision: conflicts for experts, flagged ones for leads."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from labeling.models import Assignment, Campaign, Choice, Comparison, Flag, Judgment, User

STRENGTHS = {1: _("slightly"), 2: _("clearly"), 3: _("much")}
SIDES = {"a": "A", "b": "B"}
"""The names of both texts on the page."""
SAID = {**dict(Choice.choices), "a": _("A is better"), "b": _("B is better")}


@dataclass(frozen=True, slots=True)
class Statement:
    """One annotator's judgment of a comparison in words, in terms of A and B.

    strength: slightly, clearly or much; empty: not asked. edit: the improved text. is_changed: an earlier judgment of
    the same assignment was undone or changed. criteria: name and side, in the campaign's order.
    """

    annotator: User
    choice: str
    said: str
    strength: str
    criteria: list[tuple[str, str]]
    comment: str
    skip_reason: str
    flag: str
    edit: str
    is_changed: bool
    seconds: float | None
    at: datetime

    @property
    def pseudonym(self) -> str:
        return self.annotator.pseudonym

    @property
    def is_simulated(self) -> bool:
        return self.annotator.is_simulated

    @property
    def is_outside(self) -> bool:
        return self.annotator.is_outside


def has_judged(person: User, comparison: Comparison) -> bool:
    """Whether this person's own judgment is one of those on the comparison. Skips do not count."""
    return _judged_by(person).filter(comparison=comparison).exists()


def next_waiting(campaign: Campaign, status: str, *, person: User, after: int = 0) -> Comparison | None:
    """The first comparison of this status after the one with this id, else the first of all; with its texts.

    Those that the person judged come last: somebody else should settle them.
    """
    waiting = _waiting(campaign, status).annotate(is_own=Exists(_judged_by(person).filter(comparison=OuterRef("pk"))))
    ordered = waiting.order_by("is_own", "pk")
    is_own = _judged_by(person).filter(comparison=after).exists()
    later = Q(is_own=is_own, pk__gt=after) if is_own else Q(is_own=False, pk__gt=after) | Q(is_own=True)
    return ordered.filter(later).first() or ordered.first()


def waiting_comparison(campaign: Campaign, status: str, pk: int) -> Comparison | None:
    """The comparison with this id and its texts; None if it has another status."""
    return _waiting(campaign, status).filter(pk=pk).first()


def _waiting(campaign: Campaign, status: str) -> QuerySet[Comparison]:
    return (
        Comparison.objects.filter(campaign=campaign, status=status)
        .select_related("campaign", "prompt", "completion_a", "completion_b")
        .defer("completion_a__token_ids", "completion_b__token_ids")
    )


def _judged_by(person: User) -> QuerySet[Judgment]:
    return Judgment.objects.filter(annotator=person, superseded_at=None).exclude(choice=Choice.SKIP)


def statements_on(comparison: Comparison) -> list[Statement]:
    """The current judgments of a comparison, including skips, oldest first. Retests are left out."""
    return statements_on_each([comparison])[comparison.pk]


def statements_on_each(comparisons: Collection[Comparison]) -> dict[int, list[Statement]]:
    """The same for several comparisons of one campaign by their keys, in one statement."""
    earlier = Judgment.objects.filter(
        comparison=OuterRef("comparison"), assignment=OuterRef("assignment"), superseded_at__isnull=False
    )
    judgments = (
        Judgment.objects.filter(comparison__in=comparisons, superseded_at=None)
        .annotate(is_changed=Exists(earlier))
        .exclude(kind=Assignment.Kind.RETEST)
        .select_related("annotator")
        .order_by("created_at", "pk")
    )
    said: dict[int, list[Statement]] = {comparison.pk: [] for comparison in comparisons}
    order = [criterion["name"] for one in islice(comparisons, 1) for criterion in one.campaign.criteria]
    for judgment in judgments:
        said[judgment.comparison_id].append(_statement(judgment, order, is_changed=judgment.is_changed))
    return said


def _statement(judgment: Judgment, order: list[str], *, is_changed: bool) -> Statement:
    sides = judgment.criteria
    names = [name for name in order if name in sides] + sorted(set(sides) - set(order))
    return Statement(
        annotator=judgment.annotator,
        choice=judgment.choice,
        said=str(SAID[judgment.choice]),
        strength=str(STRENGTHS.get(judgment.strength or 0, "")),
        criteria=[(name, SIDES.get(sides[name], sides[name])) for name in names],
        comment=judgment.comment,
        skip_reason=judgment.skip_reason,
        flag=str(Flag(judgment.flag).label) if judgment.flag else "",
        edit=judgment.edit,
        is_changed=is_changed,
        seconds=judgment.seconds,
        at=judgment.created_at,
    )
