"""The evidence of gates by people: read from the judgments, computed by `labeling.stats.gate`."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from math import ceil, isclose, log
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from common.sentences import Percent, Sentence
from labeling.exchange import canonical_json
from labeling.models import Assignment, Campaign, Choice, Judgment
from labeling.stats import GateEvidence, GateOutcome, GateOutlook, gate_evidence, gate_outlook, prompt_means
from labeling.stats import GateRule as PeopleRule
from labeling.stats.betting import log_wealth
from labeling.stats.bootstrap import FloatArray
from training.models import ModelVersion, PeopleGate
from training.queries.people_gate_supply import Cast, cast_so_far, supply_of

Status = PeopleGate.Status


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote in the candidate's terms: 1 it won, 0 the serving version won, 0.5 neither. pair: the comparison's id."""

    judgment: int
    pair: int
    pair_hash: str
    score: float
    is_like_length: bool
    annotator: int
    is_simulated: bool
    at: str


def open_gates() -> QuerySet[PeopleGate]:
    """The gates that are not over, oldest first."""
    return PeopleGate.objects.filter(status__in=PeopleGate.OPEN).order_by("pk")


def votes_of(gate: PeopleGate) -> list[CastVote]:
    """The current votes of a gate, in the order in which they were given. Skips, gold and retests are none."""
    return votes_of_each([gate])[gate.pk]


def votes_of_each(gates: Collection[PeopleGate]) -> dict[int, list[CastVote]]:
    """The same for several gates by their keys, in one statement."""
    votes: dict[int, list[CastVote]] = {gate.pk: [] for gate in gates}
    rows = Judgment.objects.filter(
        comparison__people_gate_pair__gate__in=votes, kind=Assignment.Kind.NORMAL, superseded_at=None
    )
    if votes:
        for gate, vote in cast_votes(rows.exclude(choice=Choice.SKIP).order_by("created_at", "pk")):
            votes[gate].append(vote)
    return votes


def votes_of_open(gates: Collection[PeopleGate]) -> dict[int, list[CastVote]]:
    """The current votes of those that are open, by key."""
    return votes_of_each([gate for gate in gates if gate.is_open])


def decisive_votes(gate: PeopleGate) -> list[CastVote]:
    """The votes that a gate was decided by, read from the judgments, in the order of the decision."""
    rows = Judgment.objects.filter(pk__in=gate.votes, comparison__people_gate_pair__gate=gate)
    found = {vote.judgment: vote for _, vote in cast_votes(rows)}
    return [found[key] for key in gate.votes if key in found]


def cast_votes(rows: Any) -> list[tuple[int, CastVote]]:
    """Each vote of these judgments with the key of its gate."""
    columns = (
        "comparison__people_gate_pair__gate",
        "pk",
        "comparison",
        "comparison__pair_hash",
        "choice",
        "comparison__people_gate_pair__candidate_is_a",
        "comparison__people_gate_pair__is_like_length",
        "annotator",
        "annotator__is_simulated",
        "created_at",
    )
    return [
        (
            gate,
            CastVote(key, pair, pair_hash, _score(choice, is_a), like, by, simulated, at.astimezone(UTC).isoformat()),
        )
        for gate, key, pair, pair_hash, choice, is_a, like, by, simulated, at in rows.values_list(*columns)
    ]


def _score(choice: str, candidate_is_a: bool) -> float:
    """Of one vote for the candidate; a tie and "both bad" count half."""
    if choice not in (Choice.A, Choice.B):
        return 0.5
    return 1.0 if (choice == Choice.A) == candidate_is_a else 0.0


def votes_hash(votes: Sequence[CastVote]) -> str:
    """The SHA-256 of the votes in their order: pair, score and time of each."""
    return hashlib.sha256(canonical_json([[vote.pair_hash, vote.score, vote.at] for vote in votes])).hexdigest()


def observations(votes: Sequence[CastVote], rule: PeopleRule) -> FloatArray:
    """One observation a prompt, once it has its planned votes. A gate has one pair for each prompt."""
    return prompt_means([(vote.pair, vote.score) for vote in votes], rule.votes_per_prompt)


def evidence_figures(votes: Sequence[CastVote], rule: PeopleRule) -> dict[str, Any]:
    """The evidence as JSON values. Wealths are logarithms; like_length: the same on pairs of texts of like length."""
    evidence = gate_evidence(observations(votes, rule), rule)
    like = gate_evidence(observations([vote for vote in votes if vote.is_like_length], rule), rule)
    return {
        "outcome": str(evidence.outcome),
        "decided_after": evidence.decided_after,
        "cast": len(votes),
        "people": len({vote.annotator for vote in votes}),
        "simulated": sum(vote.is_simulated for vote in votes),
        **_wealths(evidence),
        "bound": evidence.bound,
        "like_length": _wealths(like),
        "rule": {
            "worth": rule.worth,
            "error": rule.error,
            "votes_per_prompt": rule.votes_per_prompt,
            "most_votes": rule.most_votes,
        },
        "votes_hash": votes_hash(votes),
    }


def _wealths(evidence: GateEvidence) -> dict[str, Any]:
    estimate = evidence.win_rate
    return {
        "prompts": estimate.comparisons,
        "votes": estimate.votes or 0,
        "win_rate": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "better": evidence.better,
        "not_worth": evidence.not_worth,
        "worse": evidence.worse,
    }


def outcome_of(gate: PeopleGate, figures: Mapping[str, Any]) -> str | None:
    """The status that the evidence ends a gate with; None: it goes on, since votes can still come."""
    if figures["outcome"] != GateOutcome.UNDECIDED:
        return str(figures["outcome"])
    return None if figures["cast"] < gate.most_votes and supply_of(gate).wanted else Status.UNDECIDED


def outlook(gate: PeopleGate, votes: Sequence[CastVote]) -> GateOutlook:
    """The votes still to come. A gate cannot get more than its pairs allow."""
    rule = gate.rule
    most = max(rule.votes_per_prompt, min(rule.most_votes, gate.pairs.count() * rule.votes_per_prompt))
    capped = PeopleRule(rule.worth, rule.error, rule.votes_per_prompt, most)
    return gate_outlook(observations(votes, rule), capped)


def wealth_lines(votes: Sequence[CastVote], rule: PeopleRule) -> tuple[FloatArray, FloatArray]:
    """The logarithms of both wealths after each prompt: against "not better", and against "at least worth"."""
    x = observations(votes, rule)
    if not x.size:
        return np.zeros(0), np.zeros(0)
    return log_wealth(x, 0.5), log_wealth(1 - x, 1 - rule.worth)


def least_prompts(rule: PeopleRule) -> int:
    """The fewest prompts with which a gate can be passed: all of them won."""
    number = ceil(log(1 / rule.error) / log(2))
    while gate_evidence(np.ones(number), rule).outcome is not GateOutcome.BETTER:
        number += 1
    return number


def latest_gates(
    campaigns: Collection[Campaign], candidate: ModelVersion, serving: ModelVersion | None
) -> dict[int, PeopleGate]:
    """By campaign the newest gate that compares these two versions; none that was cancelled before anybody voted."""
    gates = PeopleGate.objects.filter(campaign__in=campaigns, candidate=candidate, serving=serving)
    newest = gates.exclude(status=Status.CANCELLED, votes=[]).order_by("campaign", "-pk").distinct("campaign")
    return {gate.campaign_id: gate for gate in newest.select_related("serving")} if serving else {}


def figures_for_rules(campaign: Campaign, candidate: ModelVersion, serving: ModelVersion | None) -> dict[str, Any]:
    """The figures of the gate by people that a promotion gate reads; empty: none was opened against what serves."""
    gate = latest_gates([campaign], candidate, serving).get(campaign.pk)
    return figures_of_gate(gate, votes_of(gate)) if gate else {}


def figures_of_gate(gate: PeopleGate, votes: Sequence[CastVote]) -> dict[str, Any]:
    """people: 1: passed; 0: not. people_reason: why, as a sentence. people_gate: the evidence and its gate."""
    reason = reason_of(gate).as_json()
    if gate.is_open:
        return {"people": 0, "people_reason": reason}
    like = gate.figures["like_length"]["high"]
    return {
        "people": int(gate.status == Status.BETTER),
        "people_reason": reason,
        "people_like_length_high": like,
        "people_gate": {"gate": gate.pk, "status": str(gate.status), "attempt": gate.attempt, **gate.figures},
    }


def as_json(gate: PeopleGate, given: Sequence[CastVote] | None = None, cast: Cast | None = None) -> dict[str, Any]:
    """A gate for programs, with its evidence now: that of its decision once it is over.

    given: its current votes; None: they are read. cast: as in `reason_of`. expected_votes: the votes still needed, if
    they are like those so far; None: it takes no votes.
    """
    votes = (votes_of(gate) if given is None else given) if gate.is_open else []
    figures = dict(evidence_figures(votes, gate.rule)) if gate.is_open else gate.figures
    if gate.is_open:
        del figures["votes_hash"]  # of few votes it would tell which text is whose
    expected = outlook(gate, votes).votes if gate.status == Status.VOTING else None
    return {
        "id": gate.pk,
        "campaign": gate.campaign.slug,
        "candidate": gate.candidate.name,
        "serving": gate.serving.name,
        "blind_test": gate.blind_test.slug,
        "status": str(gate.status),
        "reason": str(reason_of(gate, cast)),
        "attempt": gate.attempt,
        "hides_from_leads": gate.hides_from_leads,
        "pairs": gate.pairs.count(),
        "opened_at": gate.opened_at.isoformat(),
        "ended_at": gate.ended_at.isoformat() if gate.ended_at else None,
        "joined_at": gate.joined_at.isoformat() if gate.joined_at else None,
        "expected_votes": expected,
        "evidence": figures,
    }


def trouble_with_votes(figures: Mapping[str, Any], version: ModelVersion) -> str:
    """Why the finding of people in a certificate does not follow from the judgments in the database; empty: it does.

    figures: those of a decision about a version, from `figures_for_rules`.
    """
    certified = figures.get("people_gate")
    if not certified:
        return "it says that a gate by people was passed, and names none." if figures.get("people") else ""
    gate = PeopleGate.objects.filter(pk=certified["gate"]).first()
    if gate is None:
        return f"its gate by people {certified['gate']} is gone."
    votes = decisive_votes(gate)
    if len(votes) < len(gate.votes):
        return f"{len(gate.votes) - len(votes)} of the votes of its gate by people are gone."
    again = evidence_figures(votes, gate.rule)
    if again["votes_hash"] != certified["votes_hash"]:
        return "the votes of its gate by people were changed: they have another hash."
    if not _same(again, {name: certified[name] for name in again}):
        return "the evidence of its gate by people does not follow from its votes."
    if gate.candidate_id != version.pk:
        return f"its gate by people {gate.pk} is about another version."
    return _trouble_with_finding(again["outcome"], str(certified["status"]), figures.get("people"))


def _trouble_with_finding(outcome: str, status: str, people: Any) -> str:
    """Why a status, and the figure that the rule reads, do not follow from what the votes give; empty: they do."""
    undecided = (Status.UNDECIDED, Status.CANCELLED)
    if status != outcome and not (outcome == GateOutcome.UNDECIDED and status in undecided):
        return f'its gate by people is said to have ended "{status}"; its votes give "{outcome}".'
    if people != int(outcome == GateOutcome.BETTER):
        return f'its rules read {people} from its gate by people; its votes give "{outcome}".'
    return ""


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, up to the rounding of another machine."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def _reason_of_open(gate: PeopleGate, cast: Cast) -> Sentence:
    if cast.voters >= gate.votes_per_prompt:
        return Sentence(gettext_noop("The gate by people is open: %(votes)s votes so far."), {"votes": cast.votes})
    values = {"votes": cast.votes, "planned": gate.votes_per_prompt, "people": cast.voters}
    text = gettext_noop(
        "The gate by people is open: %(votes)s votes so far. It waits for more people: each prompt takes "
        "%(planned)s votes, and its blind test has %(people)s voters. Add annotators there, or vote yourself."
    )
    if not gate.hides_from_leads:
        text = gettext_noop(
            "The gate by people is open: %(votes)s votes so far. It waits for more people: each prompt takes "
            "%(planned)s votes, and its blind test has %(people)s voters. Add annotators there: leads see which "
            "version wrote a text, so they do not vote."
        )
    return Sentence(text, values)


ALL_ALIKE = gettext_noop("The gate by people ended without votes: too few pairs of texts differ.")
NO_VOTES_LEFT = gettext_noop(
    "Not known: no prompt got its votes, and no annotator is left to give them. Add annotators or hold more prompts, "
    "then open another gate."
)
USED_UP = gettext_noop(
    "Not known: its prompts are used up. It won %(rate)s (%(low)s to %(high)s, %(votes)s votes). Hold more prompts, "
    "then open another gate."
)
SENTENCES = {
    Status.BETTER: gettext_noop(
        "People prefer it to %(serving)s: it won %(rate)s (%(low)s to %(high)s, %(votes)s votes)."
    ),
    Status.NOT_WORTH: gettext_noop(
        "People do not prefer it enough to %(serving)s: it won %(rate)s (%(low)s to %(high)s, %(votes)s votes); at "
        "least %(worth)s was asked for."
    ),
    Status.WORSE: gettext_noop("People prefer %(serving)s: it won %(rate)s (%(low)s to %(high)s, %(votes)s votes)."),
    Status.UNDECIDED: gettext_noop(
        "The votes of people did not decide between it and %(serving)s: it won %(rate)s (%(low)s to %(high)s, "
        "%(votes)s votes)."
    ),
}


def reason_of(gate: PeopleGate, cast: Cast | None = None) -> Sentence:
    """How a gate stands, and for whom an open one waits. cast: the votes of an open one; None: they are counted."""
    if gate.status == Status.WRITING:
        return Sentence(gettext_noop("The gate by people is open: its texts are being written."))
    if gate.status == Status.VOTING:
        return _reason_of_open(gate, cast or cast_so_far([gate])[gate.pk])
    if gate.status == Status.CANCELLED:
        if not gate.votes:
            return Sentence(gettext_noop("The gate by people was cancelled."))
        votes = {"votes": len(gate.votes)}
        return Sentence(gettext_noop("The gate by people was cancelled after %(votes)s votes."), votes)
    figures = gate.figures
    if figures["win_rate"] is None:
        return Sentence(NO_VOTES_LEFT if figures.get("unusable") else ALL_ALIKE)
    values = {name: Percent(figures[key]) for name, key in (("rate", "win_rate"), ("low", "low"), ("high", "high"))}
    whole = {**values, "serving": gate.serving.name, "votes": figures["votes"], "worth": Percent(gate.worth)}
    is_used_up = gate.status == Status.UNDECIDED and figures["cast"] < gate.most_votes
    text = USED_UP if is_used_up else SENTENCES[Status(gate.status)]
    return Sentence(text, {name: value for name, value in whole.items() if f"%({name})s" in text})
