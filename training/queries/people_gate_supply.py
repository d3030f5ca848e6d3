"""The votes that a gate by people can still get, and the acts of people in its blind test."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from labeling.models import Assignment, Choice, Comparison, Event, Judgment, Membership, Role
from training.models import PeopleGate

Status = Comparison.Status


@dataclass(frozen=True, slots=True)
class Supply:
    """wanted: pairs that can still get a vote. unusable: pairs that lack votes which nobody is left to give.

    A pair is unusable if everybody has judged or skipped it and it still lacks votes, or if somebody flagged it.
    """

    wanted: int
    unusable: int


@dataclass(frozen=True, slots=True)
class Cast:
    """How an open gate stands. votes: its current ones. voters: the people whose votes are waited for."""

    votes: int = 0
    voters: int = 0


def supply_of(gate: PeopleGate) -> Supply:
    """The pairs of a gate that can still get votes, and those that cannot.

    Where fewer people vote than each pair needs, every other active member is waited for, too; and in a test without
    annotators, whoever may still join.
    """
    lacking = Comparison.objects.filter(people_gate_pair__gate=gate, judged__lt=gate.votes_per_prompt)
    out_of_use = lacking.filter(status__in=(Status.FLAGGED, Status.RETIRED)).count()
    voters = set(_voters([gate]).values_list("user", flat=True))
    free = dict(lacking.filter(status=Status.OPEN).values_list("pk", F("overlap") - F("taken")))
    if len(voters) < gate.votes_per_prompt:
        if not _has_annotators(gate):
            return Supply(len(free), out_of_use)
        voters = set(_active_members([gate]).values_list("user", flat=True))
    if not voters:  # nobody has joined yet
        return Supply(len(free), out_of_use)
    over = (Assignment.Status.JUDGED, Assignment.Status.SKIPPED)
    had = Assignment.objects.filter(comparison__in=list(free), annotator__in=voters, status__in=over)
    counts = had.filter(kind=Assignment.Kind.NORMAL).order_by().values_list("comparison")
    people = dict(counts.annotate(people=Count("annotator")))
    used_up = sum(places > 0 and people.get(key, 0) >= len(voters) for key, places in free.items())
    return Supply(len(free) - used_up, out_of_use + used_up)


def cast_so_far(gates: Sequence[PeopleGate]) -> dict[int, Cast]:
    """The votes and voters of gates by their keys, in two statements."""
    gate_of = "comparison__people_gate_pair__gate"
    rows = Judgment.objects.filter(
        comparison__people_gate_pair__gate__in=gates, kind=Assignment.Kind.NORMAL, superseded_at=None
    )
    counted = rows.exclude(choice=Choice.SKIP).order_by().values_list(gate_of).annotate(votes=Count("pk"))
    votes = dict(counted)
    members = _voters(gates).order_by().values_list("campaign").annotate(people=Count("pk"))
    voters = dict(members)
    return {gate.pk: Cast(votes.get(gate.pk, 0), voters.get(gate.blind_test_id, 0)) for gate in gates}


def _has_annotators(gate: PeopleGate) -> bool:
    return gate.blind_test.memberships.filter(role=Membership.Role.ANNOTATOR, paused_at=None).exists()


def _active_members(gates: Sequence[PeopleGate]) -> QuerySet[Membership]:
    """Those who may vote: leads and admins only where they do not see which version wrote a text."""
    tests = [gate.blind_test_id for gate in gates]
    seen = [gate.blind_test_id for gate in gates if not gate.hides_from_leads]
    active = Membership.objects.filter(campaign__in=tests, paused_at=None, user__is_active=True)
    return active.exclude(Q(role=Membership.Role.LEAD) | Q(user__role=Role.ADMIN), campaign__in=seen)


def _voters(gates: Sequence[PeopleGate]) -> QuerySet[Membership]:
    """The members whose votes are waited for: the annotators, and everybody else who has judged in the test."""
    judged = Judgment.objects.filter(campaign=OuterRef("campaign"), annotator=OuterRef("user"))
    return _active_members(gates).filter(Q(role=Membership.Role.ANNOTATOR) | Exists(judged))


def acts_of_people(gate: PeopleGate) -> dict[str, int]:
    """How often people did what in the blind test while others voted, by the verb of the event. Votes are none."""
    if gate.voting_at is None:
        return {}
    acts = Event.objects.filter(campaign=gate.blind_test_id, at__gt=gate.voting_at, actor__isnull=False)
    verbs = acts.exclude(verb__startswith="judgment.").order_by("verb").values_list("verb")
    return dict(verbs.annotate(times=Count("pk")))
