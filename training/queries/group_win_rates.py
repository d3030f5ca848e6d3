"""The win rate of a candidate within each declared group, from the votes of its gate by people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop

from common.sentences import Percent, Sentence
from labeling.models import GroupMember, Judgment
from labeling.stats import Estimate, betting_interval
from training.models import PeopleGate
from training.queries.people_gates import CastVote, cast_votes, votes_of_each

FEWEST_VOTERS = 3
"""With fewer, a group's win rate would tell how a person voted."""
FEWEST_PROMPTS = 10
FIGURE = "worst_group_low"
SHOWN_GATES = 5

TOO_FEW = gettext_noop(
    "Not known for %(group)s: it needs %(voters)s voters and %(fewest)s prompts, and has %(people)s and %(prompts)s."
)
WORST = gettext_noop(
    "In %(group)s, the lowest of %(groups)s groups, it won %(rate)s (%(low)s to %(high)s, %(prompts)s prompts)."
)


@dataclass(frozen=True, slots=True)
class GroupWinRate:
    """A group's win rate of a candidate over the serving version. group: grouping/group. people: who voted.

    win_rate: ties half, over prompts; each end of its interval is wrong with at most the gate's error, at any moment.
    None: too few people or prompts.
    """

    group: str
    people: int
    prompts: int
    win_rate: Estimate | None

    @property
    def sentence(self) -> Sentence:
        """Why it is not known."""
        values = {"voters": FEWEST_VOTERS, "fewest": FEWEST_PROMPTS, "people": self.people, "prompts": self.prompts}
        return Sentence(TOO_FEW, {"group": self.group, **values})


def members_by_path(campaigns: Collection[int]) -> dict[int, dict[str, set[int]]]:
    """By the key of a campaign: the keys of each declared group's members, by grouping/group."""
    rows = GroupMember.objects.filter(grouping__campaign__in=campaigns).order_by("grouping__name", "group__name")
    found: dict[int, dict[str, set[int]]] = {}
    columns = ("grouping__campaign", "grouping__name", "group__name", "person")
    for campaign, grouping, group, person in rows.values_list(*columns):
        found.setdefault(campaign, {}).setdefault(f"{grouping}/{group}", set()).add(person)
    return found


def votes_behind(gates: Collection[PeopleGate]) -> dict[int, list[CastVote]]:
    """The votes of each gate, by key: the current ones of an open gate, those of its decision of another."""
    open_ones = [gate for gate in gates if gate.is_open]
    found = votes_of_each(open_ones)
    decided = {key: gate.pk for gate in gates if not gate.is_open for key in gate.votes}
    by_key = {vote.judgment: vote for _gate, vote in cast_votes(Judgment.objects.filter(pk__in=decided))}
    for gate in gates:
        if not gate.is_open:
            found[gate.pk] = [by_key[key] for key in gate.votes if key in by_key]
    return found


def group_win_rates(gate: PeopleGate, votes: Sequence[CastVote], groups: Mapping[str, set[int]]) -> list[GroupWinRate]:
    """The win rate within each group.

    votes: of the gate, in order. A prompt counts once the gate has its planned votes there, as in the gate itself; the
    group's observation of it is the mean of its members' votes among these.
    """
    planned = gate.votes_per_prompt
    by_pair: dict[int, list[CastVote]] = {}
    for vote in votes:
        by_pair.setdefault(vote.pair, []).append(vote)
    complete = [cast[:planned] for cast in by_pair.values() if len(cast) >= planned]
    return [_within(name, members, complete, gate.error) for name, members in groups.items()]


def _within(name: str, members: set[int], complete: Iterable[Sequence[CastVote]], error: float) -> GroupWinRate:
    own = [[vote for vote in cast if vote.annotator in members] for cast in complete]
    own = [cast for cast in own if cast]
    people = len({vote.annotator for cast in own for vote in cast})
    if people < FEWEST_VOTERS or len(own) < FEWEST_PROMPTS:
        return GroupWinRate(name, people, len(own), None)
    means = np.array([sum(vote.score for vote in cast) / len(cast) for cast in own])
    ends = betting_interval(means, error=error)
    votes = sum(len(cast) for cast in own)
    return GroupWinRate(name, people, len(own), Estimate(float(means.mean()), *ends, len(own), votes=votes))


def group_figures(gates: Collection[PeopleGate]) -> dict[int, dict[str, Any]]:
    """The figure of the rule "no group below", by gate. Three statements, however many gates.

    worst_group_low: the lowest lower end of a group's win rate; none where no group is declared. A group that is not
    known leaves it unknown, unless another one's is so low that nothing could mend it.
    """
    groups = members_by_path([gate.campaign_id for gate in gates])
    votes = votes_behind(gates)
    return {gate.pk: _figure(group_win_rates(gate, votes[gate.pk], groups.get(gate.campaign_id, {}))) for gate in gates}


def _figure(rates: Sequence[GroupWinRate]) -> dict[str, Any]:
    known = [(one, one.win_rate) for one in rates if one.win_rate is not None]
    figures: dict[str, Any] = {}
    if known:
        worst, estimate = min(known, key=lambda one: one[1].low or 0.0)
        ends = {"rate": estimate.value, "low": estimate.low, "high": estimate.high}
        values = {name: Percent(value or 0.0) for name, value in ends.items()}
        values |= {"group": worst.group, "groups": len(rates), "prompts": worst.prompts}  # type: ignore[dict-item]
        figures = {FIGURE: estimate.low, f"{FIGURE}_reason": Sentence(WORST, values).as_json()}
    if unknown := next((one for one in rates if one.win_rate is None), None):
        figures |= {f"{FIGURE}_unknown": unknown.sentence.as_json()}
    return figures
