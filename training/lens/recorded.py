"""Texts and token values of a real model, recorded for installations that have nothing of their own yet, and the choice
between the two. `python -m benchmarks.story` records them again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import log
from pathlib import Path
from typing import Any

from training.lens.figures import PairView, views
from training.lens.lessons import LESSONS

DISTANCES = (0.1, 2.0, 10.0)
"""The drifts that the story shows, in nats per completion."""
PROMPT = next(lesson.prompt for lesson in LESSONS if lesson.key == "kindness")
"""The lesson that the recorded model learned."""
NEAR = 2.0
"""A sample is near a distance up to this factor."""

_FILE = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts of a model that has drifted by `kl` nats per completion after so many steps.

    prompt: the question. distance: the one of DISTANCES that it stands for. session: the experiment of the lab, or
    evaluation: that of the version; neither: recorded.
    """

    kl: float
    step: int
    texts: Sequence[str]
    prompt: str
    session: int | None = None
    evaluation: int | None = None
    version: str = ""
    distance: float = 0.0

    @property
    def is_recorded(self) -> bool:
        """Whether nobody here made it."""
        return self.session is None and self.evaluation is None


@cache
def _recorded() -> dict[str, Any]:
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))


def recorded_samples() -> list[Sample]:
    """The recorded sample of each distance."""
    return [
        Sample(one["kl"], one["step"], one["texts"], PROMPT, distance=distance)
        for distance, one in zip(DISTANCES, _recorded()["samples"], strict=True)
    ]


def recorded_pair() -> PairView:
    """The recorded pair, token by token."""
    return views({"after": {"version": _recorded()["model"], **_recorded()["tokens"]}, "before": None})[0]


def nearest_samples(samples: Iterable[Sample]) -> list[Sample]:
    """For each distance the nearest of these samples, or the recorded one where none is near."""
    drifted = [one for one in samples if one.kl > 0 and any(text.strip() for text in one.texts)]
    result = []
    for recorded in recorded_samples():
        apart = {index: abs(log(one.kl / recorded.distance)) for index, one in enumerate(drifted)}
        nearest = min(apart, key=lambda index: apart[index], default=None)
        if nearest is None or apart[nearest] > log(NEAR):
            result.append(recorded)
        else:
            own = drifted[nearest]
            result.append(replace(own, distance=recorded.distance))
    return result
