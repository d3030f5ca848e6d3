"""Advice on a campaign's page before anything starts: on unreadable prompts, too few pairs, and biased labels."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.wording import grouped, percent, significant
from labeling.models import Campaign
from labeling.stats import trials_needed
from training.actions.snapshots import MIN_TEST_PAIRS, MIN_TRAIN_PAIRS, expected_pairs
from training.engine.config import RunConfig
from training.models import ASSUMED_ACCURACY, Run, Snapshot
from training.queries.loop import loop_snapshots
from training.queries.model_checks import PromptFaults
from training.queries.splits import LARGEST_SHARE
from training.web.label_biases import bias_rows

PROMPT_FAULTS = {
    "template_refuses": gettext_lazy("The model's chat template refuses %(count)s of the %(newest)s newest prompts"),
    "template_swallows": gettext_lazy(
        "The model's chat template leaves a message out of %(count)s of the %(newest)s newest prompts"
    ),
    "template_without_tools": gettext_lazy(
        "The model's chat template leaves out the tools of %(count)s of the %(newest)s newest prompts"
    ),
    "model_tokens": gettext_lazy("%(count)s of the %(newest)s newest prompts hold a control token of the model"),
}


@dataclass(frozen=True, slots=True)
class TrainingAdvice:
    """Whether a run can start, and what to know first. sentence, settings: empty where nothing needs saying.

    more: so many more pairs make its held-out figure mean something; 0: it already does.
    """

    can_start: bool
    sentence: str = ""
    settings: str = ""
    more: int = 0

    @property
    def is_recommended(self) -> bool:
        """Whether a run now can show anything."""
        return self.can_start and not self.more


@dataclass(frozen=True, slots=True)
class BiasAdvice:
    """A warning about the labels of a snapshot."""

    snapshot: Snapshot
    sentence: str


ENOUGH = 3
"""With this many times the pairs that are needed, even an uneven split holds out enough."""


def can_train(pairs: int) -> bool:
    """Whether there are enough preference pairs for a run."""
    return pairs >= MIN_TRAIN_PAIRS + MIN_TEST_PAIRS


def training_advice(campaign: Campaign, pairs: int) -> TrainingAdvice:
    """The advice for a campaign with so many preference pairs. The held-out ones are counted as a run splits them."""
    least = MIN_TRAIN_PAIRS + MIN_TEST_PAIRS
    if not can_train(pairs):
        text = _("A run needs at least %(least)s preference pairs: %(more)s more.")
        more = round(trials_needed(ASSUMED_ACCURACY) / LARGEST_SHARE) - pairs
        return TrainingAdvice(False, text % {"least": grouped(least), "more": grouped(least - pairs)}, more=more)
    needed = trials_needed(ASSUMED_ACCURACY)
    in_all = round(needed / LARGEST_SHARE)
    if pairs >= ENOUGH * in_all:
        return TrainingAdvice(True)
    held_out = expected_pairs(campaign)[1]
    if held_out >= needed:
        return TrainingAdvice(True)
    text = _(
        "Too few to show anything: of these pairs, a run would hold out %(held_out)s. About %(needed)s are needed "
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
            "in_all": grouped(in_all),
        },
        _(
            "The default settings (%(epochs)s epochs, learning rate %(rate)s) learn so few pairs by heart. The "
            "accuracy in training then says nothing about other pairs: lower both, or judge more."
        )
        % {"epochs": defaults.epochs, "rate": significant(defaults.learning_rate)},
        more=max(1, in_all - pairs),
    )


def queued_sentence(run: Run) -> str:
    """The message of a new run: the pairs it has, of which it holds some out."""
    train, held_out = run.snapshot.train_pairs, run.snapshot.test_pairs
    text = _(
        "Run %(number)s has been queued on %(pairs)s pairs: it learns from %(train)s and is measured on the other "
        "%(held_out)s. You can leave this page."
    )
    return text % {
        "number": run.pk,
        "pairs": grouped(train + held_out),
        "train": grouped(train),
        "held_out": grouped(held_out),
    }


def prompt_advice(faults: PromptFaults) -> list[tuple[str, str]]:
    """A sentence for each kind of fault, and the role, reason or token that the model names."""
    return [
        (PROMPT_FAULTS[code] % {"count": grouped(count), "newest": grouped(faults.looked_at)}, faults.details[code])
        for code, count in faults.counts.items()
    ]


def bias_advice(campaign: Campaign) -> BiasAdvice | None:
    """A warning if form alone predicts the labels of the newest measured snapshot; None: there is nothing to say."""
    snapshot = loop_snapshots(campaign).filter(label_biases__isnull=False).order_by("-pk").first()
    alarms = [row for row in bias_rows(snapshot) if row.alarm] if snapshot else []
    if snapshot is None or not alarms:
        return None
    directions = {1: _("more of it"), -1: _("less of it")}
    listed = ", ".join(f"{row.label} ({directions[row.alarm]})" for row in alarms)
    text = _("Form alone predicts the labels of the newest snapshot, and a model will learn it: %(axes)s.")
    return BiasAdvice(snapshot, text % {"axes": listed})
