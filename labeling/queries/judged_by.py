"""Comparisons by who judged them, and by how far their judgments agree."""

from django.db.models import Case, Exists, ExpressionWrapper, F, FloatField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from common.errors import Invalid
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, Membership
from labeling.queries.groups import group_choices, group_named, people_of

PEOPLE, SIMULATED = "people", "simulated"
GROUPS = (PEOPLE, SIMULATED, *Membership.Role.values)
"""People, without simulated and outside annotators; simulated annotators; or the members with a role.

Beside these a filter may name a declared group: grouping/group. Not in a pseudonymous campaign."""


def is_group(name: str) -> bool:
    """Whether a filter may name this group. Whether the campaign has it, `require_group` checks."""
    return name in GROUPS or "/" in name


def require_group(campaign: Campaign, where: object) -> None:
    """Refuses a filter that names a declared group which the campaign has not, or hides: nothing would match.

    where: a filter, or None. Raises Invalid.
    """
    name = str(getattr(where, "group", ""))
    if "/" in name and name not in dict(group_choices(campaign)):
        text = _("The campaign has no group %(name)s to filter by. Write GROUPING/GROUP as under People, Groups.")
        raise Invalid.of("group", text % {"name": name})


def judged_by_group(campaign: Campaign, rows: QuerySet[Comparison], group: str) -> QuerySet[Comparison]:
    """The comparisons with a current judgment of somebody of the group, skips not counted."""
    judged = Judgment.objects.filter(
        comparison=OuterRef("pk"), superseded_at=None, kind=Assignment.Kind.NORMAL
    ).exclude(choice=Choice.SKIP)
    if "/" in group:
        declared = group_named(campaign, group)
        # In a pseudonymous campaign two groupings that share a member would tell what that member judged.
        if declared is None or campaign.pseudonymous:
            return rows.none()
        judged = judged.filter(annotator__in=people_of(declared))
    elif group == PEOPLE:
        judged = judged.filter(annotator__is_simulated=False, annotator__outside_campaign=None)
    elif group == SIMULATED:
        judged = judged.filter(annotator__is_simulated=True)
    else:
        members = Membership.objects.filter(campaign=campaign, role=group).values("user")
        judged = judged.filter(annotator__in=members)
    return rows.filter(Exists(judged))


def with_agreement(rows: QuerySet[Comparison], least: float | None, most: float | None) -> QuerySet[Comparison]:
    """The judged comparisons with a verdict whose share of agreeing judgments lies within the limits."""
    limits = {"agreement__gte": least, "agreement__lte": most}
    limits = {name: value for name, value in limits.items() if value is not None}
    if not limits:
        return rows
    agreeing = Case(
        *(When(verdict__winner=choice, then=F(f"votes_{choice}")) for choice in ("a", "b", "tie", "both_bad")),
        default=Value(0),
    )
    share = ExpressionWrapper(Cast(agreeing, FloatField()) / F("judged"), output_field=FloatField())
    judged = rows.filter(~Q(verdict=None), judged__gt=0)
    return judged.alias(agreement=Case(When(judged__gt=0, then=share), default=None)).filter(**limits)
