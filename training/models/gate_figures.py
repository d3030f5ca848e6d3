"""The figures that the rules of a promotion gate can limit, with their sentences."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

Unit = Literal["count", "share", "number", "passed"]
Bound = Literal["floor", "ceiling"]

FEWEST_PAIRS = 10
"""No gate can be set to decide on fewer held-out pairs: of ten, a coin gets all right once in a thousand tries."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a rule can limit. least, most: of its limit. above: the limit itself is not enough. measure: of a
    number, for people.

    rule, met, failed, missing: sentences; all but the last may name %(limit)s, met and failed also %(value)s and
    the values of `_words`.
    """

    label: str | Promise
    unit: Unit
    bound: Bound
    least: float
    most: float
    rule: str
    met: str
    failed: str
    missing: str
    above: bool = False
    measure: str | Promise = ""

    @property
    def is_difference(self) -> bool:
        """Whether it is a difference of two shares, which is said in points."""
        return self.unit == "share" and self.least < 0


FIGURES: dict[str, Figure] = {
    "pairs": Figure(
        _("Held-out pairs"),
        "count",
        "floor",
        FEWEST_PAIRS,
        1_000_000,
        gettext_noop("It was measured on at least %(limit)s held-out pairs."),
        gettext_noop("It was measured on %(value)s held-out pairs; %(limit)s are needed."),
        gettext_noop("It was measured on only %(value)s held-out pairs; %(limit)s are needed."),
        gettext_noop("It was not measured on held-out pairs."),
    ),
    "accuracy_low": Figure(
        _("Lower end of held-out accuracy"),
        "share",
        "floor",
        0.0,
        0.99,
        gettext_noop("Held-out accuracy against the base is surely above %(limit)s: its interval lies above it."),
        gettext_noop("Held-out accuracy against %(base)s is %(accuracy)s (%(low)s to %(high)s): above %(limit)s."),
        gettext_noop(
            "Held-out accuracy against %(base)s is %(accuracy)s (%(low)s to %(high)s): not surely above %(limit)s."
        ),
        gettext_noop("Held-out accuracy was not measured."),
        above=True,
    ),
    "accuracy": Figure(
        _("Held-out accuracy"),
        "share",
        "floor",
        0.0,
        1.0,
        gettext_noop("Held-out accuracy against the base is at least %(limit)s."),
        gettext_noop("Held-out accuracy against %(base)s is %(accuracy)s; %(limit)s is needed."),
        gettext_noop("Held-out accuracy against %(base)s is only %(accuracy)s; %(limit)s is needed."),
        gettext_noop("Held-out accuracy was not measured."),
    ),
    "difference_to_parent_high": Figure(
        _("Fall against the parent"),
        "share",
        "floor",
        -1.0,
        1.0,
        gettext_noop("It is not proven worse than its parent: the interval of the difference reaches %(limit)s."),
        gettext_noop(
            "It is not proven worse than its parent %(parent)s: the difference is %(parent_difference)s "
            "(%(parent_low)s to %(parent_high)s)."
        ),
        gettext_noop(
            "It is worse than its parent %(parent)s: the difference is %(parent_difference)s "
            "(%(parent_low)s to %(parent_high)s), all of it below %(limit)s."
        ),
        gettext_noop("It was not compared with its parent."),
    ),
    "difference_to_parent": Figure(
        _("Difference to the parent"),
        "share",
        "floor",
        -1.0,
        1.0,
        gettext_noop("Its held-out accuracy differs from its parent's by at least %(limit)s."),
        gettext_noop("Its held-out accuracy differs from that of %(parent)s by %(parent_difference)s."),
        gettext_noop(
            "Its held-out accuracy differs from that of %(parent)s by %(parent_difference)s; at least %(limit)s is "
            "needed."
        ),
        gettext_noop("It was not compared with its parent."),
    ),
    "difference_to_serving_high": Figure(
        _("Fall against the serving version"),
        "share",
        "floor",
        -1.0,
        1.0,
        gettext_noop("It is not proven worse than what serves: the interval of the difference reaches %(limit)s."),
        gettext_noop(
            "It is not proven worse than %(serving)s, which serves: the difference is %(serving_difference)s "
            "(%(serving_low)s to %(serving_high)s)."
        ),
        gettext_noop(
            "It is worse than %(serving)s, which serves: the difference is %(serving_difference)s "
            "(%(serving_low)s to %(serving_high)s), all of it below %(limit)s."
        ),
        gettext_noop("It was not compared with the version that serves now."),
    ),
    "kl_per_token": Figure(
        _("KL to the parent for each token"),
        "number",
        "ceiling",
        0.0,
        100.0,
        gettext_noop("On its own samples it stays within %(limit)s nats a token of its parent (KL)."),
        gettext_noop("On its own samples its KL to %(parent)s is %(value)s nats a token; the budget is %(limit)s."),
        gettext_noop(
            "On its own samples its KL to %(parent)s is %(value)s nats a token: over the budget of %(limit)s."
        ),
        gettext_noop("Its KL was not measured: it has written no samples."),
        measure=_("nats per token"),
    ),
    "kl_to_base_per_token": Figure(
        _("KL to the base for each token"),
        "number",
        "ceiling",
        0.0,
        100.0,
        gettext_noop("On its own samples it stays within %(limit)s nats a token of its base (KL)."),
        gettext_noop("On its own samples its KL to %(base)s is %(value)s nats a token; the budget is %(limit)s."),
        gettext_noop("On its own samples its KL to %(base)s is %(value)s nats a token: over the budget of %(limit)s."),
        gettext_noop("Its KL was not measured: it has written no samples."),
        measure=_("nats per token"),
    ),
    "largest_shift": Figure(
        _("Largest shift of its own samples"),
        "number",
        "ceiling",
        0.0,
        10.0,
        gettext_noop(
            "On no axis do its own samples surely differ from the serving version's by more than %(limit)s standard "
            "deviations."
        ),
        gettext_noop(
            "Its own samples surely differ from those of %(compared)s by at most %(value)s standard deviations; "
            "%(limit)s are allowed."
        ),
        gettext_noop(
            "Its own samples differ from those of %(compared)s by %(value)s standard deviations (axis: %(axis)s); "
            "%(limit)s are allowed."
        ),
        gettext_noop("Its samples were not compared with those of another version."),
        measure=_("standard deviations"),
    ),
    "rotations": Figure(
        _("Biases exchanged for others"),
        "count",
        "ceiling",
        0.0,
        2.0,
        gettext_noop("At most %(limit)s of two measurements (reward, samples) find one bias exchanged for another."),
        gettext_noop(
            "%(value)s of two measurements (reward, samples) find one bias exchanged for another; %(limit)s are "
            "allowed."
        ),
        gettext_noop(
            "%(value)s of two measurements (reward, samples) find one bias exchanged for another; only %(limit)s are "
            "allowed."
        ),
        gettext_noop("Its biases were not measured."),
    ),
    "people": Figure(
        _("Gate by people"),
        "passed",
        "floor",
        1,
        1,
        gettext_noop("People prefer its texts to those of the serving version: their gate was passed."),
        gettext_noop("People prefer it to the serving version."),
        gettext_noop("The gate by people was not passed."),
        gettext_noop("People have not compared it with the version that serves: no gate by people was held."),
    ),
    "people_like_length_high": Figure(
        _("People's choice at like length"),
        "share",
        "floor",
        0.0,
        0.99,
        gettext_noop("At like length people do not prove it worse: the interval of its win rate reaches %(limit)s."),
        gettext_noop("Among pairs of like length the interval of its win rate reaches %(value)s."),
        gettext_noop("Among pairs of like length its win rate is below %(value)s: under the %(limit)s asked for."),
        gettext_noop("People have compared no pairs of like length."),
    ),
    "worst_group_low": Figure(
        _("Win rate in the worst group"),
        "share",
        "floor",
        0.0,
        0.9,
        gettext_noop("In every declared group of annotators its win rate is surely above %(limit)s."),
        gettext_noop("In every declared group its win rate is surely above %(limit)s."),
        gettext_noop("In a declared group its win rate is not surely above %(limit)s."),
        gettext_noop("It has no votes of declared groups: declare groups, and hold a gate by people."),
        above=True,
    ),
    "scenarios_lost": Figure(
        _("Lost scenarios that must hold"),
        "count",
        "ceiling",
        0,
        1000,
        gettext_noop(
            "At most %(limit)s scenarios tagged harmless or confident violation are lost, against its parent or what "
            "serves."
        ),
        gettext_noop(
            "Of %(scenarios)s scenarios tagged harmless or confident violation, %(value)s were lost; %(limit)s may be."
        ),
        gettext_noop("It lost scenarios tagged harmless or confident violation: %(lost)s. At most %(limit)s may be."),
        gettext_noop("No suite was run on it and on its parent or the serving version."),
    ),
    "scenarios_passed": Figure(
        _("Passed scenarios that must hold"),
        "share",
        "floor",
        0.0,
        1.0,
        gettext_noop("At least %(limit)s of the scenarios tagged harmless or confident violation pass."),
        gettext_noop("%(value)s of the scenarios tagged harmless or confident violation pass; %(limit)s are needed."),
        gettext_noop(
            "Only %(value)s of the scenarios tagged harmless or confident violation pass; %(limit)s are needed."
        ),
        gettext_noop("No suite was run on it and on its parent or the serving version."),
    ),
}
