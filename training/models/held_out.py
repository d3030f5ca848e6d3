"""The meaning of a held-out accuracy, in words: figures of few pairs mislead when they stand alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.wording import grouped, percent
from labeling.stats import Finding, against_chance, trials_needed

ASSUMED_ACCURACY = 0.7
"""The accuracy that a number of held-out pairs should be able to tell from chance: a good first version's."""


@dataclass(frozen=True, slots=True)
class HeldOutFinding:
    """A held-out accuracy compared with a coin flip. sentence: in the active language."""

    finding: Finding
    sentence: str

    @property
    def is_better(self) -> bool:
        """Whether it is shown to be better than chance: only then is promotion the next step."""
        return self.finding == "better"

    @property
    def is_worse(self) -> bool:
        """Whether it is shown to prefer the rejected completions."""
        return self.finding == "worse"


def held_out_finding(metrics: Mapping[str, Any]) -> HeldOutFinding | None:
    """The finding of the figures of an evaluation; None where they have no accuracy on held-out pairs."""
    accuracy, pairs = metrics.get("reward_accuracy"), metrics.get("pairs")
    if accuracy is None or not pairs:
        return None
    ties = int(metrics.get("ties", 0))
    wins = min(max(0, round(accuracy * pairs - ties / 2)), pairs - ties)
    test = against_chance(wins + ties / 2, pairs, ties=ties)
    values = {
        "accuracy": percent(accuracy),
        "pairs": grouped(pairs),
        "needed": grouped(trials_needed(ASSUMED_ACCURACY)),
        "assumed": percent(ASSUMED_ACCURACY, 0),
        "low": percent(test.low),
        "high": percent(test.high),
    }
    return HeldOutFinding(test.finding, _sentence(test.finding, accuracy, pairs) % values)


def _sentence(finding: Finding, accuracy: float, pairs: int) -> str:
    if finding == "better":
        return _("Better than chance: right on %(accuracy)s of %(pairs)s held-out pairs.")
    if finding == "worse":
        return _(
            "Worse than chance: it prefers the rejected completion on most of the %(pairs)s held-out pairs. It is "
            "right on %(accuracy)s. Do not promote it before you know why."
        )
    if accuracy < 0.5:
        return _("Wrong on most held-out pairs: right on %(accuracy)s of %(pairs)s. That may be chance, or worse.")
    if pairs < trials_needed(ASSUMED_ACCURACY):
        return _(
            "Not shown to be better than chance: %(pairs)s held-out pairs are too few to tell. About %(needed)s are "
            "needed, even if it is right on %(assumed)s of them."
        )
    return _(
        "Not shown to be better than chance: the interval of its held-out accuracy, %(low)s to %(high)s, includes "
        "50 %%."
    )
