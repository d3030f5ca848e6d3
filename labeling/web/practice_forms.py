"""Forms about practice pairs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.text_area import TextArea
from labeling.actions.practice import MAX_EXPLANATION
from labeling.models import Comparison, Gold, PracticePair, Winner
from labeling.web.imports import DIALECTS

ANSWERS = (
    (Winner.A, _("A is better")),
    (Winner.B, _("B is better")),
    (Winner.TIE, _("Tie")),
    (Winner.BOTH_BAD, _("Both bad")),
)


class PracticePairForm(forms.Form):
    """Marks a comparison for practice or for the qualification."""

    use = forms.ChoiceField(label=_("Use for"), choices=PracticePair.Use.choices)
    winner = forms.ChoiceField(label=_("Known answer"), choices=ANSWERS)
    explanation = forms.CharField(
        label=_("Explanation"),
        max_length=MAX_EXPLANATION,
        required=False,
        widget=TextArea(attrs={"rows": 4}),
        help_text=_("Markdown. Annotators read it after their answer, in practice only."),
    )


class PracticeImportForm(forms.Form):
    """A file of practice pairs."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("JSONL or JSON. The preference of a record is its known answer; “explanation” may be added to it."),
    )
    use = forms.ChoiceField(label=_("Use for"), choices=PracticePair.Use.choices)
    dialect = forms.ChoiceField(label=_("Format"), choices=DIALECTS, required=False)


def initial_of(comparison: Comparison) -> dict[str, Any]:
    """The initial values: the present mark, or what is known of gold."""
    pair = PracticePair.objects.filter(comparison=comparison).first()
    if pair is not None:
        return {"use": pair.use, "winner": pair.winner, "explanation": pair.explanation}
    gold = Gold.objects.filter(comparison=comparison).first()
    return {"winner": gold.winner, "explanation": gold.reason} if gold else {}
