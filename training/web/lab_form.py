"""The form of an experiment in the lab."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from common.numbers import PlainFloat
from common.text_area import TextArea
from training.actions.lab import LEARNING_RATE, MOST_AT_ONCE, MOST_CHARACTERS, Experiment
from training.lens.lessons import Lesson

REMEDIES = (
    ("none", _("None: plain DPO")),
    ("sft", _("Also learn to write the better one (SFT term)")),
    ("dpop", _("Penalize a fall of the better one (DPO-Positive)")),
)


def _text(rows: int) -> dict[str, Any]:
    return {"max_length": MOST_CHARACTERS, "widget": TextArea(attrs={"rows": rows})}


class LabForm(forms.Form):
    """A prompt, two completions, and which of them is better."""

    prompt = forms.CharField(label=_("Prompt"), **_text(2))
    one = forms.CharField(label=_("First completion"), **_text(4))
    other = forms.CharField(label=_("Second completion"), **_text(4))
    better = forms.ChoiceField(
        label=_("Which one is better?"),
        choices=(("one", _("The first")), ("other", _("The second"))),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the one that you would rather read.")},
    )
    watched = forms.CharField(
        label=_("Texts to watch, one per line"),
        required=False,
        widget=TextArea(attrs={"rows": 2}),
        help_text=_("At most two. They are not trained on; they show where the probability goes."),
    )
    beta = forms.FloatField(
        label=_("Beta: strength of the tie"),
        min_value=0.001,
        max_value=10,
        initial=0.1,
        widget=forms.NumberInput({"step": "any"}),
    )
    learning_rate = forms.FloatField(
        label=_("Learning rate"),
        min_value=PlainFloat(1e-6),
        max_value=1e-3,
        initial=LEARNING_RATE,
        widget=forms.NumberInput({"step": "any"}),
    )
    remedy = forms.ChoiceField(label=_("Remedy against displacement"), choices=REMEDIES, initial="none")
    steps = forms.IntegerField(label=_("First steps"), min_value=1, max_value=MOST_AT_ONCE, initial=1)

    def __init__(self, sent: QueryDict | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(sent, auto_id="lab_%s", initial=initial)

    @classmethod
    def of(cls, lesson: Lesson) -> "LabForm":
        """The form filled with a lesson."""
        names = ("prompt", "one", "other", "learning_rate", "steps")
        values = {name: getattr(lesson, name) for name in names}
        return cls(initial={**values, "watched": "\n".join(lesson.watched)})

    def experiment(self) -> Experiment:
        """The experiment; call after is_valid."""
        values = self.cleaned_data
        chosen, rejected = ("one", "other") if values["better"] == "one" else ("other", "one")
        return Experiment(
            prompt=values["prompt"],
            chosen=values[chosen],
            rejected=values[rejected],
            watched=values["watched"].splitlines(),
            beta=values["beta"],
            learning_rate=values["learning_rate"],
            remedy=values["remedy"],
        )
