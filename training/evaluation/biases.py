"""Biases along the axes, measured three times: on labels, on the implicit reward, and on what a candidate writes.

An audit of the labels alone certifies nothing: training that removes one bias moves the pressure to another, and on any
fixed set of labels this looks like success ("Reward bias substitution", 2605.27996). The same axes are therefore also
measured on the reward that was learned and on new texts, and a rotation (one axis falls, another rises) is an alarm of
its own.

Prompts are the independent units (`labeling.stats.clustered`). An alarm takes two things: a p-value below ALARM_ERROR
after Holm's correction over the axes, so that all axes of a measurement together raise a false alarm at most once in a
hundred times, and LEAST_PROMPTS prompts that differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np

from labeling.stats import Effect, Estimate, FloatArray, clustered_mean, clustered_share, clustered_slope, holm
from training.evaluation.axes import POSITION, TEXT_AXES

ALARM_ERROR = 0.01
LEAST_PROMPTS = 20
DRIVERS = 10
"""The number of pairs that are named as driving an axis most."""

Direction = Literal[-1, 0, 1]


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two completions of one prompt and the verdict on them. Pairs without a winner are left out.

    id: its name on pages. prompt: pairs with an equal one belong together. chosen_on_left: whether the chosen one was
    displayed on the left, None where this is unknown or differed between votes.
    """

    id: str
    prompt: str
    chosen: str
    rejected: str
    chosen_on_left: bool | None = None


@dataclass(frozen=True, slots=True)
class RewardedPair:
    """Two texts for one prompt. margin: the implicit reward of the first minus that of the second.

    same_content: a counterfactual pair, whose texts say the same and differ in form alone.
    """

    id: str
    prompt: str
    first: str
    second: str
    margin: float
    same_content: bool = False


@dataclass(frozen=True, slots=True)
class SampledPair:
    """A sample of the candidate and one of the serving version, for the same prompt."""

    id: str
    prompt: str
    candidate: str
    serving: str


@dataclass(frozen=True, slots=True)
class AxisFigure:
    """One axis in one measurement.

    figure: with a 95 % interval for this axis alone. Its meaning depends on the measurement.
    p_value: of "no effect", two-sided, corrected over the axes.
    alarm: 1: more of it is preferred, rewarded or written. -1: less of it. 0: neither is proven.
    drivers: ids of the pairs with the largest differences that agree with the effect, largest first.
    """

    axis: str
    figure: Estimate
    p_value: float
    alarm: Direction
    drivers: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON values; pairs: how many the figure counts."""
        return {
            "axis": self.axis,
            "alarm": self.alarm,
            "value": self.figure.value,
            "low": self.figure.low,
            "high": self.figure.high,
            "pairs": self.figure.comparisons,
            "drivers": list(self.drivers),
        }


@dataclass(frozen=True, slots=True)
class RewardBiases:
    """The reward's figures on all pairs, and on counterfactual pairs alone: empty where there are none."""

    observed: list[AxisFigure]
    same_content: list[AxisFigure]


@dataclass(frozen=True, slots=True)
class Rotation:
    """One bias exchanged for another. The names of the axes with an alarm, by its direction; neither is empty."""

    falling: tuple[str, ...]
    rising: tuple[str, ...]


def label_biases(pairs: Sequence[LabelledPair]) -> list[AxisFigure]:
    """How well each axis alone predicts the winner: the share of pairs in which the chosen text has more of it.

    One half is no effect. Pairs that do not differ on the axis are left out, so that this is both the accuracy of the
    axis as a judge and its area under the ROC curve on paired data. The last figure is the share chosen on the left,
    where sides are known.
    """
    differences = _differences([(pair.chosen, pair.rejected) for pair in pairs])
    sides = np.array([{None: 0.0, True: 1.0, False: -1.0}[pair.chosen_on_left] for pair in pairs])
    if sides.any():
        differences[POSITION] = sides
    effects = {}
    for axis, values in differences.items():
        differing = [one for one, value in enumerate(values) if value]
        more = [bool(values[one] > 0) for one in differing]
        effects[axis] = clustered_share(more, [pairs[one].prompt for one in differing])
    return _figures([pair.id for pair in pairs], differences, effects, neutral=0.5)


def reward_biases(pairs: Sequence[RewardedPair]) -> RewardBiases:
    """The slope of the margin on the axis difference: the nats of reward for one unit more of the axis.

    0 is no effect. Robust against single wild margins, and independent of which text is called the first. On observed
    pairs the slope also holds whatever goes along with the axis in them; at equal content it is the axis alone.
    """

    def measured(some: Sequence[RewardedPair]) -> list[AxisFigure]:
        differences = _differences([(pair.first, pair.second) for pair in some])
        margins, prompts = np.array([pair.margin for pair in some]), [pair.prompt for pair in some]
        effects = {axis: clustered_slope(values, margins, prompts) for axis, values in differences.items()}
        preferred = {axis: values * np.sign(margins) for axis, values in differences.items()}
        return _figures([pair.id for pair in some], preferred, effects, neutral=0.0)

    counterfactual = [pair for pair in pairs if pair.same_content]
    return RewardBiases(measured(pairs), measured(counterfactual) if counterfactual else [])


def sample_biases(pairs: Sequence[SampledPair]) -> list[AxisFigure]:
    """How the candidate's own texts differ from the serving version's: the mean paired difference, candidate - serving.

    0 is no effect. In units of the axis. Several samples of one prompt are averaged first.
    """
    differences = _differences([(pair.candidate, pair.serving) for pair in pairs])
    prompts = [pair.prompt for pair in pairs]
    effects = {axis: clustered_mean(values, prompts) for axis, values in differences.items()}
    return _figures([pair.id for pair in pairs], differences, effects, neutral=0.0)


def standardised_shifts(pairs: Sequence[SampledPair]) -> dict[str, float]:
    """By axis: the mean difference of candidate - serving in standard deviations of single texts, pooled over both.

    So that axes of different units can be compared: 0.2 is called small, 0.5 medium, 0.8 large. 0 where no text of
    either differs from its fellows. Source: Cohen 1988, "Statistical power analysis", 2.2 (d).
    """
    shifts = {}
    for axis in TEXT_AXES:
        ours = np.array([axis.measure(pair.candidate) for pair in pairs])
        theirs = np.array([axis.measure(pair.serving) for pair in pairs])
        spread = sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / 2) if len(pairs) > 1 else 0.0
        shifts[axis.name] = float((ours.mean() - theirs.mean()) / spread) if spread else 0.0
    return shifts


def rotation(figures: Sequence[AxisFigure]) -> Rotation | None:
    """The rotation in one measurement, None for none: some axis falls with an alarm, and another rises with one.

    On samples: what the candidate writes instead. On the reward: what is penalised, and what is rewarded instead.
    """
    falling, rising = (tuple(one.axis for one in figures if one.alarm == sign) for sign in (-1, 1))
    return Rotation(falling, rising) if falling and rising else None


def _differences(texts: Sequence[tuple[str, str]]) -> dict[str, FloatArray]:
    """By axis: the first text's number minus the second's, shape (pairs,). Each text is measured once."""
    measured = {text: [axis.measure(text) for axis in TEXT_AXES] for text in {one for pair in texts for one in pair}}
    rows = np.array([np.subtract(measured[one], measured[other]) for one, other in texts], dtype=np.float64)
    return {axis.name: rows.reshape(-1, len(TEXT_AXES))[:, column] for column, axis in enumerate(TEXT_AXES)}


def _figures(
    ids: Sequence[str], differences: dict[str, FloatArray], effects: dict[str, Effect], *, neutral: float
) -> list[AxisFigure]:
    """Corrects the p-values, raises the alarms, and names the drivers."""
    figures = []
    corrected = holm([effect.p_value for effect in effects.values()])
    for (axis, effect), p_value in zip(effects.items(), corrected, strict=True):
        direction = int(np.sign((effect.figure.value or 0.0) - neutral)) if effect.figure.defined else 0
        proven = p_value < ALARM_ERROR and effect.clusters >= LEAST_PROMPTS
        alarm: Direction = (1 if direction > 0 else -1) if proven and direction else 0
        agreeing = differences[axis] * direction
        order = [one for one in np.argsort(-agreeing, kind="stable")[:DRIVERS] if agreeing[one] > 0]
        figures.append(AxisFigure(axis, effect.figure, p_value, alarm, tuple(ids[one] for one in order)))
    return figures
