"""From four probabilities to the loss in six steps, with the numbers that the lab's page begins with."""

from dataclasses import dataclass
from math import log

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from training.lens.figures import figures

POLICY_CHOSEN, REFERENCE_CHOSEN = 0.30, 0.20
POLICY_REJECTED, REFERENCE_REJECTED = 0.25, 0.30
BETA = 0.1


@dataclass(frozen=True, slots=True)
class WalkStep:
    """A step. key: by which the page's script finds it. values: names and numbers, chosen first."""

    key: str
    title: str
    text: str
    values: tuple[tuple[str, float], ...]


def walk_through() -> list[WalkStep]:
    """The six steps with their numbers."""
    ratios = POLICY_CHOSEN / REFERENCE_CHOSEN, POLICY_REJECTED / REFERENCE_REJECTED
    result = figures(log(ratios[0]), log(ratios[1]), BETA)
    return [
        WalkStep(
            "ratios",
            _("How much more likely has each become?"),
            _("Divide what the model says now by what the reference said. Above 1: more likely than before."),
            ((gettext_noop("chosen"), ratios[0]), (gettext_noop("rejected"), ratios[1])),
        ),
        WalkStep(
            "logs",
            _("Take logarithms"),
            _(
                "So that more and less likely are the same distance from zero, and the tokens of a text can be "
                "added up."
            ),
            (("chosen", log(ratios[0])), ("rejected", log(ratios[1]))),
        ),
        WalkStep(
            "rewards",
            _("Times beta: the hidden reward"),
            _("The model never says it aloud, but this is how much it has come to like each text."),
            (("chosen", result.chosen_reward), ("rejected", result.rejected_reward)),
        ),
        WalkStep(
            "margin",
            _("The margin"),
            _(
                "The chosen one's reward less the rejected one's, before rounding. Above zero: the model agrees with "
                "what people chose."
            ),
            ((gettext_noop("margin"), result.margin),),
        ),
        WalkStep(
            "probability",
            _("How sure is it?"),
            _("The logistic function makes a probability of the margin: P(chosen wins) as the model sees it."),
            ((gettext_noop("probability"), result.probability),),
        ),
        WalkStep(
            "loss",
            _("The loss, and how hard it pulls"),
            _(
                "Minus the logarithm of that probability. A training step pulls by beta times the probability of being "
                "wrong: pairs it is sure about hardly pull any more."
            ),
            ((gettext_noop("loss"), result.loss), (gettext_noop("weight"), result.weight)),
        ),
    ]
