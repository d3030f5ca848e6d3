"""Forms about practice pairs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.text_area import TextArea
from labeling.actions.practice import MAX_EXPLANATION
from labeling.models import Campaign, Comparison, Gold, PracticePair, Winner
from labeling.queries.conflicts import STRENGTHS
from labeling.web.file_form import FileForm
from labeling.web.imports import DIALECTS
from labeling.web.judgment_forms import CRITERION

ANSWERS = (
    (Winner.A, _("A is better")),
    (Winner.B, _("B is better")),
    (Winner.TIE, _("Tie")),
    (Winner.BOTH_BAD, _("Both bad")),
)
CRITERION_ANSWERS = (("", _("Not stated")), *ANSWERS[:3])


class PracticePairForm(forms.Form):
    """Marks a comparison for practice or for the qualification."""

    use = forms.ChoiceField(label=_("Use for"), choices=PracticePair.Use.choices)
    winner = forms.ChoiceField(label=_("Known answer"), choices=ANSWERS)
    strength = forms.TypedChoiceField(
        label=_("How much better?"),
        choices=[("", _("Not stated")), *STRENGTHS.items()],
        required=False,
        coerce=int,
        empty_value=None,
    )
    explanation = forms.CharField(
        label=_("Explanation"),
        max_length=MAX_EXPLANATION,
        required=False,
        widget=TextArea(attrs={"rows": 4}),
        help_text=_("Markdown. Annotators read it after their answer, in practice only."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if campaign.scale != Campaign.Scale.STRENGTH:
            del self.fields["strength"]
        self.names = [criterion["name"] for criterion in campaign.criteria]
        for name in self.names:
            self.fields[CRITERION + name] = forms.ChoiceField(label=name, choices=CRITERION_ANSWERS, required=False)

    def optional_answers(self) -> list[forms.BoundField]:
        """The fields of the answers that are not scored."""
        strength = [self["strength"]] if "strength" in self.fields else []
        return [*strength, *(self[CRITERION + name] for name in self.names)]

    def known(self) -> dict[str, Any]:
        """Arguments for `make_practice`. Call is_valid first."""
        values = self.cleaned_data
        answers = {name: values[CRITERION + name] for name in self.names}
        return {
            "use": values["use"],
            "winner": values["winner"],
            "explanation": values["explanation"],
            "strength": values.get("strength"),
            "criteria": {name: answer for name, answer in answers.items() if answer},
        }


class PracticeImportForm(FileForm):
    """A file of practice pairs."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "The preference of a record is its known answer. It may have “explanation”, “strength” and “criteria”."
        ),
    )
    use = forms.ChoiceField(label=_("Use for"), choices=PracticePair.Use.choices)
    dialect = forms.ChoiceField(label=_("Format"), choices=DIALECTS, required=False)


def initial_of(comparison: Comparison) -> dict[str, Any]:
    """The initial values: the present mark, or what is known of gold."""
    pair = PracticePair.objects.filter(comparison=comparison).first()
    if pair is not None:
        answers = {CRITERION + name: answer for name, answer in pair.criteria.items()}
        known = {"use": pair.use, "winner": pair.winner, "strength": pair.strength, "explanation": pair.explanation}
        return answers | known
    gold = Gold.objects.filter(comparison=comparison).first()
    return {"winner": gold.winner, "explanation": gold.reason} if gold else {}
