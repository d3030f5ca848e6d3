"""The names of annotators as the leads of a campaign see them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from labeling.models import LEADING, Campaign, EarlierEvent, Event, Judgment, Membership, Question, Role, User

AnyEvent = TypeVar("AnyEvent", Event, EarlierEvent)

ANNOTATING = (
    "guidelines.read",
    "judgment.changed",
    "judgment.made",
    "practice.finished",
    "qualification.failed",
    "qualification.passed",
    "question.asked",
)
"""Verbs of an annotator's acts: in a pseudonymous campaign, the event log has them under the pseudonym."""
SHARED = ("comparison.adjudicated", "judgment.undone", "judgments.withdrawn")
"""Verbs of acts that leads and others do. Those of leads stay named."""

JOINING = ("invitation.accepted",)
ON_MEMBERS = ("member.added", "member.changed", "member.removed")
"""Verbs of acts that change who is a member. Without a lead's name they say nobody's: the list of members has changed
at the same moment, so a pseudonym would be known by that."""

GOLD_ACTIONS = ("member.paused", "member.warned")
"""Verbs of what the platform does by itself after a judgment of gold, at the same moment."""

_ABOUT_MEMBERS = frozenset(("person", "gold_right", "gold_total"))
"""Values of events about a member. A lead knows who it was, so they would tell whose pseudonym and whose figures."""

BEFORE_PSEUDONYM = " · "


class ShownName(NamedTuple):
    """A person's name on a lead's page. has_page: the person has a page in the campaign under this name."""

    name: str
    has_page: bool
    is_simulated: bool = False


def name_for_leads(user: User, campaign: Campaign) -> str:
    """The user name; the pseudonym where the campaign is pseudonymous, or where the account was erased.

    An outside annotator has the name in the file and the pseudonym, since a member may have the same name.
    """
    if user.outside_name and not campaign.pseudonymous:
        return f"{user.outside_name}{BEFORE_PSEUDONYM}{user.pseudonym}"
    return user.pseudonym if campaign.pseudonymous or not user.is_active else user.username


def names_by_pseudonym(campaign: Campaign, pseudonyms: Iterable[str]) -> dict[str, str]:
    """The name that leads see for each pseudonym."""
    wanted = set(pseudonyms)
    if campaign.pseudonymous or not wanted:
        return {pseudonym: pseudonym for pseudonym in wanted}
    return {user.pseudonym: name_for_leads(user, campaign) for user in User.objects.filter(pseudonym__in=wanted)}


def names_in_log(events: Sequence[Event]) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the people whom events of the whole log are about: by pseudonym, and by id as a text.

    Those of pseudonymous campaigns keep their pseudonym, and so do people who are not active. Use the first by
    `of_open`: somebody can be in both kinds of campaign.
    """
    told = {
        str(values["person"])
        for event in events
        if event.campaign is not None and not event.campaign.pseudonymous
        for values in (event.before, event.after)
        if isinstance(values.get("person"), str)
    }
    ids = {event.subject_id for event in events if event.campaign is None and event.subject_type == "user"}
    people = list(User.objects.filter(Q(pseudonym__in=told) | Q(pk__in=ids))) if told or ids else []
    names = {user: user.username if user.is_active else user.pseudonym for user in people}
    return (
        {user.pseudonym: name for user, name in names.items() if user.pseudonym in told},
        {str(user.pk): name for user, name in names.items()},
    )


def of_open(event: Event, names: Mapping[str, str]) -> Mapping[str, str]:
    """The names that may stand for pseudonyms in an event of the whole log: none outside campaigns that show names."""
    return names if event.campaign is not None and not event.campaign.pseudonymous else {}


def named_in_log(event: Event, names: Mapping[str, str]) -> Event:
    """`veil_in_log`, with these names for the pseudonyms of people where the campaign shows names."""
    event, known = veil_in_log(event), of_open(event, names)
    for values in (event.before, event.after):
        if values.get("person") in known:
            values["person"] = known[values["person"]]
    return event


def by_name(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pseudonyms, each with the name that leads see, in the order in which people look for names."""
    return sorted(names.items(), key=lambda one: one[1].casefold())


def names_of_deciders(campaign: Campaign, people: Iterable[User | None]) -> dict[int, ShownName]:
    """The names of people who settled comparisons, by id. In a pseudonymous campaign only leads are named."""
    users = {user.pk: user for user in people if user}
    hidden = _hidden(campaign, users)
    named = [(user, user.pseudonym if pk in hidden else user.username) for pk, user in users.items()]
    return dict(zip(users, shown_names(campaign, named), strict=True))


def shown_names(campaign: Campaign, named: Sequence[tuple[User, str]]) -> list[ShownName]:
    """The names under which people acted, each with whether it leads to an annotator's page."""
    ids = {user.pk for user, _ in named}
    present = set(taking_part(campaign).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    return [
        ShownName(name, user.pk in present and name == name_for_leads(user, campaign), user.is_simulated)
        for user, name in named
    ]


def taking_part(campaign: Campaign) -> QuerySet[User]:
    """The people who are members of the campaign, or have judged or asked in it. Looked up person by person."""
    own = {"campaign": campaign}
    return User.objects.filter(
        Exists(Membership.objects.filter(**own, user=OuterRef("pk")))
        | Exists(Judgment.objects.filter(**own, annotator=OuterRef("pk")))
        | Exists(Question.objects.filter(**own, asker=OuterRef("pk")))
    )


def with_actor_names(events: QuerySet[Event], campaign: Campaign | None) -> QuerySet[Event]:
    """Events with `actor_name`: the user name, or the pseudonym where the user name would tell who judged what.

    campaign: theirs; None: they are of several, each of which decides for its own.
    """
    hidden = Q(actor__is_active=False)
    cases: list[When] = []
    if campaign is None or campaign.pseudonymous:
        leads = Membership.objects.filter(LEADING, campaign=campaign or OuterRef("campaign"))
        of_lead = Q(actor__in=leads.values("user")) if campaign else Q(Exists(leads.filter(user=OuterRef("actor"))))
        is_lead = Q(actor__role=Role.ADMIN) | of_lead
        here = Q() if campaign else Q(campaign__pseudonymous=True)
        hidden |= here & (Q(verb__in=ANNOTATING) | (Q(verb__in=SHARED) & ~is_lead))
        cases.append(When(here & (Q(verb__in=JOINING) | (Q(verb__in=ON_MEMBERS) & ~is_lead)), then=None))
    cases.append(When(hidden, then=F("actor__pseudonym")))
    return events.annotate(actor_name=Case(*cases, default=F("actor__username")))


def told_events(events: QuerySet[AnyEvent], campaign: Campaign | None) -> QuerySet[AnyEvent]:
    """Events without those that come by themselves with a judgment, in a pseudonymous campaign.

    The list of members says who was paused or warned, and the judgment of the same moment has the pseudonym.
    campaign: as in `with_actor_names`.
    """
    nobody: dict[str, Any] = {"actor": ""} if issubclass(events.model, EarlierEvent) else {"actor": None}
    if campaign is None:
        return events.exclude(verb__in=GOLD_ACTIONS, campaign__pseudonymous=True, **nobody)
    return events.exclude(verb__in=GOLD_ACTIONS, **nobody) if campaign.pseudonymous else events


def is_told(verb: str, actor: User | None, campaign: Campaign | None) -> bool:
    """Whether an event is one of those that `told_events` keeps."""
    return campaign is None or not campaign.pseudonymous or actor is not None or verb not in GOLD_ACTIONS


def veil_in_log(event: Event) -> Event:
    """`veil` in the log of all campaigns: also blanks the pseudonym of an account, which stands there by its name."""
    if event.campaign is None:
        event.before, event.after = (
            {name: value for name, value in values.items() if name != "person"}
            for values in (event.before, event.after)
        )
    return veil(event, event.campaign)


def veil(event: AnyEvent, campaign: Campaign | None) -> AnyEvent:
    """Blanks, of an event about a member of a pseudonymous campaign, what would tell whose pseudonym is whose."""
    is_about_member = event.subject_type == "membership" or event.verb == "invitation.accepted"
    if campaign is not None and campaign.pseudonymous and is_about_member:
        shown_as = getattr(event, "actor_name", None)  # somebody's own act, which stands under the pseudonym
        if _is_nobodys(event):
            event.actor = "" if isinstance(event, EarlierEvent) else None
        event.subject_id = ""
        event.before, event.after = (
            {name: value for name, value in values.items() if name not in _ABOUT_MEMBERS or value == shown_as}
            for values in (event.before, event.after)
        )
    return event


def _is_nobodys(event: Event | EarlierEvent) -> bool:
    """Whether the act changed who is a member, and is shown under no lead's name."""
    if event.verb in JOINING:
        return True
    if event.verb not in ON_MEMBERS:
        return False
    if hasattr(event, "actor_name"):
        return event.actor_name is None
    actor = event.actor.pseudonym if isinstance(event.actor, User) else event.actor
    return actor in (event.before.get("person"), event.after.get("person"))


def day_only(moment: datetime | None) -> datetime | None:
    """The beginning of the day. In a pseudonymous campaign an exact time would tell which event it was."""
    return moment and moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _hidden(campaign: Campaign, users: dict[int, User]) -> set[int]:
    """Those of some people whose decisions stand under the pseudonym."""
    erased = {pk for pk, user in users.items() if not user.is_active}
    if not campaign.pseudonymous:
        return erased
    leads = campaign.memberships.filter(LEADING, user__in=users).values_list("user", flat=True)
    return erased | (set(users) - set(leads) - {pk for pk, user in users.items() if user.is_admin})
