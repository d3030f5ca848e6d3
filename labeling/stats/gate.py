"""The gate by people: whether a candidate has earned its promotion, decided after every vote.

People compare the candidate with the serving version on prompts held for this, blind, sides at random. A prompt is one
observation: the mean of its votes (candidate 1, tie or both bad 0.5, serving version 0). Votes on one prompt are not
independent of each other; prompts are. Three bets run side by side (`labeling.stats.betting`):

- against "not better" (a mean of at most 1/2): the candidate is promoted once its wealth reaches 1 / error;
- against "at least `worth`", the smallest win rate worth a promotion: then more votes are not worth their cost;
- against "not worse" (at least 1/2): then the candidate is worse.

Each is wrong with a probability of at most `error`, at any moment, however often somebody looks.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import log

import numpy as np

from labeling.stats.betting import betting_interval, first_reached, log_wealth
from labeling.stats.bootstrap import FloatArray
from labeling.stats.errors import InvalidCounts
from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop

NO_PROMPTS = gettext_noop("No prompt has all of its votes yet.")
PRIOR = 2.0
"""Wins and losses that the outlook adds to what it has seen. They keep the first few votes from looking certain."""


class GateOutcome(StrEnum):
    """The finding of the votes. BETTER promotes; NOT_WORTH and WORSE stop the gate; UNDECIDED asks for more votes."""

    BETTER = "better"
    NOT_WORTH = "not_worth"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class GateRule:
    """When a gate by people decides.

    worth: the smallest win rate worth a promotion, above 0.5 and below 1. Ties count half.
    error: the probability of each wrong decision, at most, below 0.5.
    votes_per_prompt: how many votes make a prompt an observation. It is fixed before the first vote.
    most_votes: the gate ends undecided after so many. The error holds with or without it.
    """

    worth: float = 0.60
    error: float = 0.05
    votes_per_prompt: int = 1
    most_votes: int = 600

    def __post_init__(self) -> None:
        if not 0.5 < self.worth < 1:
            raise InvalidCounts("The smallest win rate worth a promotion lies between 0.5 and 1.")
        if not 0 < self.error < 0.5:
            raise InvalidCounts("The error rate lies between 0 and 0.5.")
        if not 1 <= self.votes_per_prompt <= self.most_votes:
            raise InvalidCounts("A prompt needs at least one vote, and the gate enough votes for one prompt.")


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """Where a gate stands.

    outcome: by the first bet that reached its bound. Votes that come later (from leases still open) no longer turn
        BETTER or a stop around; they may only turn NOT_WORTH into WORSE.
    decided_after: the number of prompts at which it was decided. None: undecided.
    win_rate: the candidate's, ties half, over all prompts; `votes` counts those of complete prompts. Its interval is
        the bets', each end wrong with a probability of at most the rule's error: 90 % for the default of 5 %. Its low
        end is above 1/2 exactly while the evidence for "better" is above its bound, and so on.
    better, not_worth, worse: the logarithm of each wealth now. bound: the one that decides, log(1 / error).
    """

    outcome: GateOutcome
    decided_after: int | None
    win_rate: Estimate
    better: float
    not_worth: float
    worse: float
    bound: float


@dataclass(frozen=True, slots=True)
class GateOutlook:
    """The votes still to come, if they are like those so far.

    votes: the expected number of further votes until the gate decides or ends. low, high: in 8 of 10 cases the number
    is between them. promoted, stopped, undecided: the probability of each end; they sum to 1.
    """

    votes: float
    low: float
    high: float
    promoted: float
    stopped: float
    undecided: float


def prompt_means(votes: Iterable[tuple[Hashable, float]], votes_per_prompt: int) -> FloatArray:
    """One observation a prompt: the mean of its first `votes_per_prompt` votes, in the order of completion.

    votes: (prompt, candidate's score in [0, 1]) in the order in which they were given.
    A prompt counts once it has all of its votes, and further votes on it are left out. Both keep the bets valid. The
    mean of one vote, corrected by a second, would be two looks at one coin: the wealth could reach its bound on the
    first and be taken back by the second. A number of votes that depends on the votes (a second one only where the
    first was lost) would even shift the mean. For the same reason the choice of the next prompt must not depend on
    votes. A prompt that stays incomplete, because everybody skipped it, is no observation.
    """
    if votes_per_prompt < 1:
        raise InvalidCounts("A prompt needs at least one vote.")
    counted: dict[Hashable, list[float]] = {}
    means = []
    for prompt, score in votes:
        scores = counted.setdefault(prompt, [])
        scores.append(score)
        if len(scores) == votes_per_prompt:
            means.append(sum(scores) / votes_per_prompt)
    return np.array(means, dtype=np.float64)


def gate_evidence(observations: FloatArray, rule: GateRule) -> GateEvidence:
    """The outcome and its figures. observations: one per prompt, shape (prompts,), within [0, 1]; see `prompt_means`.

    The same function after every vote gives what a gate that was looked at after every vote would give.
    """
    x, bound = np.asarray(observations, dtype=np.float64), log(1 / rule.error)
    if not x.size:
        nothing = Estimate(None, None, None, 0, NO_PROMPTS)
        return GateEvidence(GateOutcome.UNDECIDED, None, nothing, 0.0, 0.0, 0.0, bound)
    better, not_worth = log_wealth(x, 0.5), log_wealth(1 - x, 1 - rule.worth)
    worse = log_wealth(1 - x, 0.5)
    outcome, decided_after = GateOutcome.UNDECIDED, None
    promoted_at, stopped_at = first_reached(better, bound), first_reached(not_worth, bound)
    if min(promoted_at, stopped_at) <= x.size:
        decided_after = int(min(promoted_at, stopped_at))
        stop = GateOutcome.WORSE if first_reached(worse, bound) <= x.size else GateOutcome.NOT_WORTH
        outcome = GateOutcome.BETTER if promoted_at < stopped_at else stop
    win_rate = Estimate(
        float(x.mean()),
        *betting_interval(x, error=rule.error),
        comparisons=x.size,
        votes=x.size * rule.votes_per_prompt,
    )
    now = (float(better[-1]), float(not_worth[-1]), float(worse[-1]))
    return GateEvidence(outcome, decided_after, win_rate, *now, bound)


def gate_outlook(observations: FloatArray, rule: GateRule, *, paths: int = 100, seed: int = 0) -> GateOutlook:
    """The expected number of votes still needed, by simulating the rest of the gate from its present wealth.

    Each path draws a distribution of scores from the posterior (a Dirichlet over the values seen, with PRIOR wins and
    losses) and then the remaining prompts from it. observations: as for `gate_evidence`. A decided gate needs none.
    """
    x = np.asarray(observations, dtype=np.float64)
    outcome = gate_evidence(x, rule).outcome
    left = rule.most_votes // rule.votes_per_prompt - x.size
    if outcome is not GateOutcome.UNDECIDED or left <= 0:
        ends = (outcome is GateOutcome.BETTER, outcome in (GateOutcome.NOT_WORTH, GateOutcome.WORSE))
        return GateOutlook(0.0, 0.0, 0.0, float(ends[0]), float(ends[1]), float(not any(ends)))
    values, counts = np.unique(np.concatenate([x, [0.0, 1.0]]), return_counts=True)
    prior = np.where((values == 0) | (values == 1), PRIOR - 1, 0.0)  # `counts` holds one of each already
    generator, bound = np.random.default_rng(seed), log(1 / rule.error)
    shares = generator.dirichlet(counts + prior, size=paths)
    drawn = (generator.random((paths, left, 1)) > shares.cumsum(axis=1)[:, None, :-1]).sum(axis=2)
    future = values[drawn]
    promoted_at = first_reached(log_wealth(future, 0.5, after=x), bound)
    stopped_at = first_reached(log_wealth(1 - future, 1 - rule.worth, after=1 - x), bound)
    prompts = np.minimum(np.minimum(promoted_at, stopped_at), left)
    low, high = np.quantile(prompts, [0.1, 0.9]) * rule.votes_per_prompt
    promoted, stopped = float((promoted_at < stopped_at).mean()), float((stopped_at < promoted_at).mean())
    votes = float(prompts.mean()) * rule.votes_per_prompt
    return GateOutlook(votes, float(low), float(high), promoted, stopped, 1 - promoted - stopped)
