"""The forms of questions: to ask one, and to answer one."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.text_area import TextArea
from labeling.actions.faq import MAX_TEXT
from labeling.models import FaqEntry, Question


class QuestionForm(forms.Form):
    """An annotator's question about a pair."""

    text = forms.CharField(
        label=_("Your question"), max_length=MAX_TEXT, widget=TextArea(attrs={"rows": 5, "dir": "auto"})
    )


class AnswerForm(forms.Form):
    """A lead's answer to a question, and whether everybody in the campaign reads it."""

    needed = ("publish_as",)

    answer = forms.CharField(label=_("Answer"), max_length=MAX_TEXT, widget=TextArea(attrs={"rows": 4, "dir": "auto"}))
    publish = forms.BooleanField(label=_("Publish for all annotators"), required=False)
    publish_as = forms.CharField(
        label=_("The question as others read it"),
        max_length=MAX_TEXT,
        required=False,
        widget=TextArea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("Leave out anything about the person who asks. It appears beside the guidelines."),
    )

    def __init__(self, sent: Mapping[str, str] | None, *, question: Question) -> None:
        entry = FaqEntry.objects.filter(question=question).first() if question.answer else None
        initial = {
            "answer": question.answer,
            "publish": entry is not None,
            "publish_as": entry.text if entry else question.text,
        }
        super().__init__(sent, initial=initial, auto_id=f"id_{question.pk}_%s")
        self.question = question

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("publish") and not values.get("publish_as"):
            self.add_error("publish_as", _("Write the question as others read it."))
        if not values.get("publish") and values.get("publish_as") and "publish_as" in self.changed_data:
            self.add_error("publish", _("Tick this to publish the question below, or empty its field."))
        return values

    def asked(self) -> dict[str, str]:
        """Arguments for `answer_question`. Call is_valid first."""
        values = self.cleaned_data
        return {"answer": values["answer"], "publish_as": values["publish_as"] if values["publish"] else ""}
