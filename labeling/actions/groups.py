"""Declaring groups of annotators: a lead names the members, all groups of a grouping at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid, NotFound
from labeling.access import require_lead, require_may_change
from labeling.actions.validation import checked_text
from labeling.events.record import record
from labeling.models import AnnotatorGroup, Campaign, Grouping, GroupMember, User
from labeling.queries.groups import FEWEST_SHOWN, members_by_group
from labeling.queries.names import taking_part

MOST_GROUPINGS, MOST_GROUPS = 20, 12

Groups = Mapping[str, Sequence[User]]
"""The members of each group by its name."""


class GroupingNotFound(NotFound):
    type = "grouping-not-found"
    sentence = gettext_lazy("There is no such grouping in a campaign that you lead.")


def declare_grouping(
    *,
    campaign: Campaign,
    name: str,
    groups: Groups,
    acting_user: User | None,
    now: datetime,
    was_found: bool = False,
) -> Grouping:
    """Declares a grouping, or replaces the groups of one with this name. The same groups again change nothing.

    The groups may hold members of the campaign and everybody who has judged there, each in one group at most.
    Raises Invalid, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    name = checked_text("name", name, most=Grouping.NAME_CHARACTERS)
    wanted = _checked(campaign, groups)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).only("pk").get(pk=campaign.pk)
        grouping = Grouping.objects.filter(campaign=campaign, name=name).first()
        if grouping is None:
            if campaign.groupings.count() >= MOST_GROUPINGS:
                text = _("A campaign has at most %(most)s groupings: remove one first.")
                raise Invalid.of("name", text % {"most": MOST_GROUPINGS})
            grouping = Grouping.objects.create(
                campaign=campaign, name=name, was_found=was_found, by=acting_user, at=now
            )
            before = {}
        else:
            before = members_by_group(grouping)
            if before == _pseudonyms(wanted):
                return grouping
            _keep_rows(grouping, wanted)
            grouping.members.all().delete()
            # Found once: a corrected name or member does not make the votes new ones.
            grouping.by, grouping.at, grouping.was_found = acting_user, now, was_found or grouping.was_found
            grouping.save(update_fields=["by", "at", "was_found"])
        for title, people in sorted(wanted.items()):
            group, _created = AnnotatorGroup.objects.get_or_create(grouping=grouping, name=title)
            GroupMember.objects.bulk_create(GroupMember(grouping=grouping, group=group, person=one) for one in people)
        record(
            "grouping.changed" if before else "grouping.declared",
            grouping,
            acting_user=acting_user,
            now=now,
            campaign=campaign,
            before={"groups": _lines(campaign, before)} if before else {},
            after={"grouping": name, "groups": _lines(campaign, _pseudonyms(wanted)), "was_found": grouping.was_found},
        )
    return grouping


def _keep_rows(grouping: Grouping, wanted: Groups) -> None:
    """Leaves a row, and with it its versions, to each group that consists of about the same people, under its new name.

    About the same: most of its members stay, and they are at least half of the new ones. Other rows go: a version must
    not pass to other people because they are called Group 1 now.
    """
    rows = {row.pk: row for row in grouping.groups.order_by("pk")}
    members: dict[int, set[int]] = {pk: set() for pk in rows}
    for pk, person in grouping.members.values_list("group", "person"):
        members[pk].add(person)
    names: dict[int, str] = {}
    for title, people in sorted(wanted.items()):
        new = {one.pk for one in people}
        common = {pk: len(old & new) for pk, old in members.items()}
        alike = [pk for pk in rows if 2 * common[pk] > len(members[pk]) and 2 * common[pk] >= len(new)]
        if alike:
            names[max(alike, key=lambda pk: (common[pk], rows[pk].name == title))] = title
    grouping.groups.exclude(pk__in=names).delete()
    renamed = {pk: title for pk, title in names.items() if rows[pk].name != title}
    for prefix in ("/", ""):  # two groups may exchange their names: no name holds a slash
        for pk, title in renamed.items():
            grouping.groups.filter(pk=pk).update(name=f"/{pk}" if prefix else title)


@transaction.atomic
def remove_grouping(*, campaign: Campaign, name: str, acting_user: User | None, now: datetime) -> None:
    """Removes a grouping. The event log keeps who was in which group. Raises GroupingNotFound, NotAllowed, NotFound."""
    require_lead(acting_user, campaign)
    grouping = Grouping.objects.select_for_update().filter(campaign=campaign, name=name).first()
    if grouping is None:
        raise GroupingNotFound
    before = {"grouping": name, "groups": _lines(campaign, members_by_group(grouping))}
    record("grouping.removed", grouping, acting_user=acting_user, now=now, campaign=campaign, before=before)
    grouping.delete()


def people_named(campaign: Campaign, groups: Mapping[str, Sequence[str]]) -> dict[str, list[User]]:
    """The people with these user names or pseudonyms, by group. Raises Invalid for an unknown one."""
    wanted = {name for names in groups.values() for name in names}
    found: dict[str, User] = {}
    own = Q(outside_campaign=campaign) | Q(outside_campaign=None)
    for one in User.objects.filter(own, Q(username__in=wanted) | Q(pseudonym__in=wanted)):
        # A pseudonymous campaign must not become a way to look up whose pseudonym it is.
        if one.is_outside or not campaign.pseudonymous:
            found.setdefault(one.pseudonym, one)
        found[one.username] = one
    if unknown := sorted(wanted - set(found)):
        raise Invalid.of("groups", _("There is no user called %(name)s.") % {"name": unknown[0]})
    return {title: [found[name] for name in names] for title, names in groups.items()}


def _checked(campaign: Campaign, groups: Groups) -> dict[str, list[User]]:
    """The groups that have members, under checked names. Raises Invalid."""
    wanted: dict[str, list[User]] = {}
    for title, people in groups.items():
        if people:
            checked = checked_text("groups", title, most=AnnotatorGroup.NAME_CHARACTERS)
            if "/" in checked:
                raise Invalid.of("groups", _("The name of a group holds no slash: filters use it."))
            wanted.setdefault(checked, []).extend(people)
    if not 1 <= len(wanted) <= MOST_GROUPS:
        text = _("A grouping has 1 to %(most)s groups with members.")
        raise Invalid.of("groups", text % {"most": MOST_GROUPS})
    named = [one for people in wanted.values() for one in people]
    keys = [one.pk for one in named]
    if twice := next((one for one in named if keys.count(one.pk) > 1), None):
        raise Invalid.of("groups", _("%(name)s is in two groups: choose one.") % {"name": twice.handle})
    known = set(taking_part(campaign).filter(pk__in=keys).values_list("pk", flat=True))
    known |= set(campaign.outside_annotators.filter(pk__in=keys).values_list("pk", flat=True))
    if strange := next((one for one in named if one.pk not in known), None):
        raise Invalid.of("groups", _("%(name)s has no part in this campaign.") % {"name": strange.handle})
    if campaign.pseudonymous and any(len(people) < FEWEST_SHOWN for people in wanted.values()):
        text = _("In a pseudonymous campaign a group has at least %(fewest)s members.")
        raise Invalid.of("groups", text % {"fewest": FEWEST_SHOWN})
    return wanted


def _pseudonyms(groups: Groups) -> dict[str, list[str]]:
    return {title: sorted(one.pseudonym for one in people) for title, people in sorted(groups.items())}


def _lines(campaign: Campaign, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """The groups as the event log keeps them: one line each.

    A pseudonymous campaign's have numbers of members: pseudonyms, beside the page's names, would tell who is who.
    """
    if campaign.pseudonymous:
        return [f"{title}: {len(people)}" for title, people in groups.items()]
    return [f"{title}: {', '.join(people)}" for title, people in groups.items()]
