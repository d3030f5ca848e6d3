"""The votes that a gate by people can still get, and the acts of people in its blind test."""

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from labeling.models import Assignment, Comparison, Event, Judgment, Membership
from training.models import PeopleGate

Status = Comparison.Status


@dataclass(frozen=True, slots=True)
class Supply:
    """wanted: pairs that can still get a vote. unusable: pairs that lack votes which nobody is left to give.

    A pair is unusable if everybody has judged or skipped it and it still lacks votes, or if somebody flagged it.
    """

    wanted: int
    unusable: int


def supply_of(gate: PeopleGate) -> Supply:
    """The pairs of a gate that can still get votes, and those that cannot."""
    lacking = Comparison.objects.filter(people_gate_pair__gate=gate, judged__lt=gate.votes_per_prompt)
    out_of_use = lacking.filter(status__in=(Status.FLAGGED, Status.RETIRED)).count()
    voters = list(_voters(gate).values_list("user", flat=True))
    free = dict(lacking.filter(status=Status.OPEN).values_list("pk", F("overlap") - F("taken")))
    if not voters or _may_be_joined(gate, len(voters)):  # nobody or too few have joined yet
        return Supply(len(free), out_of_use)
    over = (Assignment.Status.JUDGED, Assignment.Status.SKIPPED)
    had = Assignment.objects.filter(comparison__in=list(free), annotator__in=voters, status__in=over)
    counts = had.filter(kind=Assignment.Kind.NORMAL).order_by().values_list("comparison")
    people = dict(counts.annotate(people=Count("annotator")))
    used_up = sum(places > 0 and people.get(key, 0) >= len(voters) for key, places in free.items())
    return Supply(len(free) - used_up, out_of_use + used_up)


def _may_be_joined(gate: PeopleGate, voters: int) -> bool:
    """Whether more people are still expected: it has no annotators, and fewer have judged than each pair needs."""
    annotators = gate.blind_test.memberships.filter(role=Membership.Role.ANNOTATOR, paused_at=None)
    return voters < gate.votes_per_prompt and not annotators.exists()


def _voters(gate: PeopleGate) -> QuerySet[Membership]:
    """The members whose votes are waited for: the annotators, and everybody else who has judged in the test."""
    judged = Judgment.objects.filter(campaign=OuterRef("campaign"), annotator=OuterRef("user"))
    members = gate.blind_test.memberships.filter(paused_at=None, user__is_active=True)
    return members.filter(Q(role=Membership.Role.ANNOTATOR) | Exists(judged))


def acts_of_people(gate: PeopleGate) -> dict[str, int]:
    """How often people did what in the blind test while others voted, by the verb of the event. Votes are none."""
    if gate.voting_at is None:
        return {}
    acts = Event.objects.filter(campaign=gate.blind_test_id, at__gt=gate.voting_at, actor__isnull=False)
    verbs = acts.exclude(verb__startswith="judgment.").order_by("verb").values_list("verb")
    return dict(verbs.annotate(times=Count("pk")))
