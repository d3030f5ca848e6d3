"""Declared groups of annotators: their members, and how far they agree within and with each other."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from labeling.models import (
    AnnotatorGroup,
    Assignment,
    Campaign,
    Choice,
    Comparison,
    Grouping,
    Judgment,
    Membership,
    User,
)
from labeling.queries.names import taking_part
from labeling.queries.planned_votes import planned_votes
from labeling.stats import Estimate, between_agreement, krippendorff_alpha, percent_agreement
from labeling.stats.agreement import Pattern
from labeling.tally import read_tally

FEWEST_SHOWN = 3
"""In a pseudonymous campaign a group with fewer voters shows no figure: it would tell how a named person votes."""

MOST_IN_REQUEST = 50_000
"""Judgments of a campaign up to which a page reads all votes while somebody waits; above, the command does."""


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """A group. members: how many. votes: theirs that count (`planned_votes`). agreement, alpha: among themselves.

    None: hidden, or not counted.
    """

    name: str
    members: int
    votes: int | None
    agreement: Estimate | None
    alpha: Estimate | None


@dataclass(frozen=True, slots=True)
class Between:
    """Two groups. agreement: of a vote of one with a vote of the other on the same comparison; None: hidden."""

    first: str
    second: str
    agreement: Estimate | None
    alpha: Estimate | None


@dataclass(frozen=True, slots=True)
class GroupingFigures:
    """The agreement within each group, and between each two. is_counted: False: there are too many votes."""

    groups: list[GroupFigures]
    between: list[Between]
    is_counted: bool = True


def members_by_group(grouping: Grouping) -> dict[str, list[str]]:
    """The pseudonyms of each group's members, sorted."""
    found: dict[str, list[str]] = {}
    rows = grouping.members.order_by("group__name", "person__pseudonym")
    for name, pseudonym in rows.values_list("group__name", "person__pseudonym"):
        found.setdefault(name, []).append(pseudonym)
    return found


def group_named(campaign: Campaign, path: str) -> AnnotatorGroup | None:
    """The group that a filter names: grouping/group."""
    grouping, _slash, name = path.rpartition("/")
    rows = AnnotatorGroup.objects.filter(grouping__campaign=campaign, grouping__name=grouping, name=name)
    return rows.select_related("grouping").first()


def groupable(campaign: Campaign) -> QuerySet[User]:
    """The people that a grouping may hold: members, and everybody who has judged. Members come first."""
    joined = Exists(Membership.objects.filter(campaign=campaign, user=OuterRef("pk")))
    return taking_part(campaign).alias(joined=joined).order_by("-joined", "username")


def group_choices(campaign: Campaign) -> list[tuple[str, str]]:
    """The declared groups as filters name them, each with its label. A pseudonymous campaign has no such filter."""
    if campaign.pseudonymous:
        return []
    rows = AnnotatorGroup.objects.filter(grouping__campaign=campaign).order_by("grouping__name", "name")
    pairs = rows.values_list("grouping__name", "name")
    return [(f"{grouping}/{name}", f"{grouping}: {name}") for grouping, name in pairs]


def people_of(group: AnnotatorGroup) -> QuerySet[User]:
    """The group's members."""
    return User.objects.filter(group_memberships__group=group).order_by("pk")


def is_shown(campaign: Campaign, voters: int) -> bool:
    """Whether leads may see figures of a group of which so many have voted."""
    return voters >= FEWEST_SHOWN or not campaign.pseudonymous


def voters_by_group(grouping: Grouping) -> dict[int, int]:
    """How many members of each group, by key, have a current vote. The others hide nobody."""
    votes = Judgment.objects.filter(
        campaign=grouping.campaign_id,
        annotator=OuterRef("person"),
        kind=Assignment.Kind.NORMAL,
        superseded_at=None,
    ).exclude(choice=Choice.SKIP)
    return Counter(grouping.members.filter(Exists(votes)).values_list("group", flat=True))


def grouping_figures(grouping: Grouping, *, most: int | None = None) -> GroupingFigures:
    """The agreement within and between the groups, with 95 % intervals: alpha by bootstrap over comparisons.

    most: judgments of the campaign from which on nothing is counted.
    """
    campaign = grouping.campaign
    groups = list(grouping.groups.order_by("name"))
    sizes = Counter(grouping.members.values_list("group", flat=True))
    if most is not None and read_tally(campaign.pk).judgments >= most:
        named = [GroupFigures(group.name, sizes[group.pk], None, None, None) for group in groups]
        return GroupingFigures(named, [], is_counted=False)
    votes = _votes(grouping)
    voters = _counted_voters(grouping)
    shown = {group.pk: is_shown(campaign, voters.get(group.pk, 0)) for group in groups}
    within = []
    for group in groups:
        patterns = Counter(of_each[group.pk] for of_each in votes if group.pk in of_each)
        number = sum(sum(pattern) * count for pattern, count in patterns.items())
        agreement = percent_agreement(patterns) if shown[group.pk] else None
        alpha = krippendorff_alpha(patterns) if shown[group.pk] else None
        within.append(GroupFigures(group.name, sizes[group.pk], number, agreement, alpha))
    between = []
    for one, other in combinations(groups, 2):
        if not (shown[one.pk] and shown[other.pk]):
            between.append(Between(one.name, other.name, None, None))
            continue
        pairs = Counter((each[one.pk], each[other.pk]) for each in votes if one.pk in each and other.pk in each)
        between.append(Between(one.name, other.name, *between_agreement(pairs)))
    return GroupingFigures(within, between)


def _counted(grouping: Grouping) -> QuerySet[Judgment]:
    """The planned votes of members, which the figures are made of."""
    votes = planned_votes(grouping.campaign).exclude(comparison__status__in=Comparison.OUT)
    return votes.filter(annotator__group_memberships__grouping=grouping)


def _counted_voters(grouping: Grouping) -> dict[int, int]:
    """How many members of each group, by key, cast a vote that counts in its figures: the others hide nobody there."""
    group = "annotator__group_memberships__group"
    rows = _counted(grouping).order_by().values(group).annotate(voters=Count("annotator", distinct=True))
    return dict(rows.values_list(group, "voters"))


def _votes(grouping: Grouping) -> list[dict[int, Pattern]]:
    """For each comparison that members judged: the pattern of each group's planned votes, by the group's key."""
    counted = (
        _counted(grouping)
        .order_by()
        .values("comparison", "annotator__group_memberships__group")
        .annotate(
            a=Count("pk", filter=Q(choice=Choice.A)),
            tie=Count("pk", filter=Q(choice__in=(Choice.TIE, Choice.BOTH_BAD))),
            b=Count("pk", filter=Q(choice=Choice.B)),
        )
    )
    found: dict[int, dict[int, Pattern]] = {}
    columns = ("comparison", "annotator__group_memberships__group", "a", "tie", "b")
    for comparison, group, a, tie, b in counted.values_list(*columns).iterator():
        found.setdefault(comparison, {})[group] = (a, tie, b)
    return list(found.values())
