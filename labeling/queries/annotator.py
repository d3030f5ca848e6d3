"""One annotator's work in a campaign, for its leads: judgments by day, choices against verdicts, words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate

from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, User, Verdict
from labeling.queries.annotators import COUNTED
from labeling.queries.names import taking_part
from labeling.stats import Estimate, difference, proportion

DAYS_SHOWN = 60
WORDS_SHOWN = 20

CHOICES = ("a", "tie", "b")
"""A tie and both bad are the same here: no preference."""


@dataclass(frozen=True, slots=True)
class AgainstVerdicts:
    """An annotator's votes on settled comparisons against the verdicts, to which they have contributed.

    A verdict that is nothing but their own judgment does not count.

    table: how many votes for each verdict (row) and choice (column), over CHOICES. agreed: the share that the verdict
    agrees with; early, late: in the first and in the second half of these votes; change: late minus early.
    """

    table: list[list[int]]
    agreed: Estimate
    early: Estimate
    late: Estimate
    change: Estimate


def annotator_of(campaign: Campaign, name: str) -> User | None:
    """The person of this name who takes part; in a pseudonymous campaign, and of outside ones, only by pseudonym."""
    by_name = Q(pseudonym=name) if campaign.pseudonymous else Q(pseudonym=name) | Q(username=name)
    return taking_part(campaign).filter(by_name).first()


def judgments_by_day(campaign: Campaign, user: User, *, most: int | None = DAYS_SHOWN) -> list[tuple[date, int]]:
    """The days with judgments that count (see COUNTED) and how many there were, newest first, at most `most`."""
    judged = _current(campaign, user).filter(COUNTED).exclude(choice=Choice.SKIP)
    days = judged.order_by().annotate(day=TruncDate("created_at")).values("day")
    counted = days.annotate(number=Count("pk")).order_by("-day")[:most]
    return [(row["day"], row["number"]) for row in counted]


def against_verdicts(campaign: Campaign, user: User) -> AgainstVerdicts:
    """The votes of an annotator against the verdicts of their comparisons. Gold, retests and skips do not count."""
    votes = (
        _current(campaign, user)
        .filter(kind=Assignment.Kind.NORMAL, comparison__verdict__isnull=False)
        .exclude(comparison__status__in=Comparison.OUT)
        # Their own judgment alone was the verdict: it agrees with itself.
        .exclude(comparison__verdict__settled_by__in=Verdict.BY_RULE, comparison__judged__lt=2)
        .exclude(choice=Choice.SKIP)
        .annotate(said=_side("choice"), true=_side("comparison__verdict__winner"))
        .order_by("created_at", "pk")
        .values_list("said", "true")
    )
    pairs = list(votes)
    table = [[sum(pair == (said, true) for pair in pairs) for said in CHOICES] for true in CHOICES]
    half = len(pairs) // 2
    early, late = _agreed(pairs[:half]), _agreed(pairs[half:])
    return AgainstVerdicts(table, _agreed(pairs), early, late, difference(late, early))


def commented(campaign: Campaign, user: User, *, most: int | None = WORDS_SHOWN) -> list[Judgment]:
    """The newest judgments with a comment, at most `most`."""
    return _words(_current(campaign, user).exclude(comment=""), most)


def flagged(campaign: Campaign, user: User, *, most: int | None = WORDS_SHOWN) -> list[Judgment]:
    """The newest flags, at most `most`."""
    return _words(_current(campaign, user).exclude(flag=""), most)


def counts(campaign: Campaign, user: User) -> Mapping[str, int]:
    """How many judgments count (see COUNTED), and how many skips, comments, flags and undone judgments there are.

    A flag is no skip here, although both leave the comparison without a preference.
    """
    is_current = Q(superseded_at=None)
    numbers: dict[str, int] = Judgment.objects.filter(campaign=campaign, annotator=user).aggregate(
        judged=Count("pk", filter=COUNTED & ~Q(choice=Choice.SKIP)),
        skipped=Count("pk", filter=is_current & Q(choice=Choice.SKIP, flag="")),
        undone=Count("pk", filter=~is_current),
        comments=Count("pk", filter=is_current & ~Q(comment="")),
        flags=Count("pk", filter=is_current & ~Q(flag="")),
    )
    return numbers


def _current(campaign: Campaign, user: User) -> QuerySet[Judgment]:
    return Judgment.objects.filter(campaign=campaign, annotator=user, superseded_at=None)


def _words(rows: QuerySet[Judgment], most: int | None) -> list[Judgment]:
    return list(rows.select_related("comparison__prompt").order_by("-created_at", "-pk")[:most])


def _side(name: str) -> Case:
    """A choice or a winner over CHOICES."""
    return Case(When(**{f"{name}__in": ["a", "b"]}, then=F(name)), default=Value("tie"), output_field=CharField())


def _agreed(pairs: list[tuple[str, str]]) -> Estimate:
    return proportion(sum(said == true for said, true in pairs), len(pairs))
