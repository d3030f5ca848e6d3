"""Advice on a campaign's page before anything starts: on prompts that the model cannot read, and on too few pairs."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.wording import grouped, percent, significant
from labeling.stats import trials_needed
from training.actions.snapshots import DEFAULT_TEST_SHARE, MIN_TEST_PAIRS, MIN_TRAIN_PAIRS
from training.engine.config import RunConfig
from training.models import ASSUMED_ACCURACY
from training.queries.model_checks import PromptFaults

PROMPT_FAULTS = {
    "template_refuses": gettext_lazy("The model's chat template refuses %(count)s of the %(newest)s newest prompts"),
    "template_swallows": gettext_lazy(
        "The model's chat template leaves a message out of %(count)s of the %(newest)s newest prompts"
    ),
    "model_tokens": gettext_lazy("%(count)s of the %(newest)s newest prompts hold a control token of the model"),
}


@dataclass(frozen=True, slots=True)
class TrainingAdvice:
    """Whether a run can start, and what to know first. sentence, settings: empty where nothing needs saying."""

    can_start: bool
    sentence: str = ""
    settings: str = ""


def training_advice(pairs: int) -> TrainingAdvice:
    """The advice for so many preference pairs, of which a run holds out its share."""
    least = MIN_TRAIN_PAIRS + MIN_TEST_PAIRS
    if pairs < least:
        text = _("A run needs at least %(least)s preference pairs: %(more)s more.")
        return TrainingAdvice(False, text % {"least": grouped(least), "more": grouped(least - pairs)})
    held_out, needed = max(MIN_TEST_PAIRS, round(pairs * DEFAULT_TEST_SHARE)), trials_needed(ASSUMED_ACCURACY)
    if held_out >= needed:
        return TrainingAdvice(True)
    text = _(
        "Too few to show anything: of these pairs, about %(held_out)s would be held out. About %(needed)s are needed "
        "before even a version that is right on %(assumed)s of them differs from chance: some %(in_all)s pairs in all."
    )
    defaults = RunConfig()
    return TrainingAdvice(
        True,
        text
        % {
            "held_out": grouped(held_out),
            "needed": grouped(needed),
            "assumed": percent(ASSUMED_ACCURACY, 0),
            "in_all": grouped(round(needed / DEFAULT_TEST_SHARE)),
        },
        _(
            "The default settings (%(epochs)s epochs, learning rate %(rate)s) learn so few pairs by heart. The "
            "accuracy in training then says nothing about other pairs: lower both, or judge more."
        )
        % {"epochs": defaults.epochs, "rate": significant(defaults.learning_rate)},
    )


def prompt_advice(faults: PromptFaults) -> list[tuple[str, str]]:
    """A sentence for each kind of fault, and the role, reason or token that the model names."""
    return [
        (PROMPT_FAULTS[code] % {"count": grouped(count), "newest": grouped(faults.looked_at)}, faults.details[code])
        for code, count in faults.counts.items()
    ]
