"""What leads fill in."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from labeling.actions.rules import RULES, check_together
from labeling.events.types import offered
from labeling.models import Campaign, Membership, Scope, Winner
from labeling.web.event_labels import event_choices
from labeling.web.imports import DIALECTS, KINDS
from labeling.web.rules import HELP, LABELS

if TYPE_CHECKING:
    CampaignForm = forms.ModelForm[Campaign]
else:
    CampaignForm = forms.ModelForm  # takes no parameter at run time


LEFT_AS_THEY_ARE = tuple(
    field.name
    for field in (Campaign._meta.get_field(name) for name in RULES)
    if isinstance(field, models.IntegerField | models.FloatField | models.CharField)
    and field.has_default()
    and field.name != "overlap"
)
"""Numbers and choices that a form may leave out, or leave empty."""

TOGETHER = ("overlap", "max_overlap", "quota", "quota_per_day")


class RulesForm(CampaignForm):
    """The rules of a campaign, as its model knows them; what is a list there is a text with a line for each here."""

    criteria = forms.CharField(
        label=_("Criteria besides the overall choice"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "helpful*: Which one helps more?"}),
        help_text=_(
            "One a line: a name and, after a colon, what is asked. A star after the name makes it required. Each "
            "gets its own choice of left, right or tie."
        ),
    )
    skip_reasons = forms.CharField(
        label=_("Reasons to skip"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, up to nine. Offered to those who skip; without any, nobody is asked why."),
    )

    class Meta:
        model = Campaign
        fields = RULES
        labels = LABELS
        help_texts = HELP
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["criteria"] = lines_of_criteria(self.instance.criteria)
        self.initial["skip_reasons"] = "\n".join(self.instance.skip_reasons)
        for name in LEFT_AS_THEY_ARE:
            self.fields[name].required = False

    def clean_criteria(self) -> list[dict[str, Any]]:
        return [_criterion(line) for line in _lines(self.cleaned_data["criteria"])]

    def clean_skip_reasons(self) -> list[str]:
        return _lines(self.cleaned_data["skip_reasons"])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in LEFT_AS_THEY_ARE:
            if values.get(name, "") in (None, "") and name not in self.errors:
                values[name] = getattr(self.instance, name)
        try:
            check_together(Campaign(**{name: values[name] for name in TOGETHER if name in values}))
        except Invalid as error:  # in the action's words, before the model's constraints say it in theirs
            for name, text in error.fields.items():
                self.add_error(name, text)
        return values


def lines_of_criteria(criteria: list[dict[str, Any]]) -> str:
    """Criteria as the form shows them: `helpful*: Which one helps more?`"""
    return "\n".join(
        one["name"] + ("*" if one["required"] else "") + (f": {one['description']}" if one["description"] else "")
        for one in criteria
    )


def _criterion(line: str) -> dict[str, Any]:
    name, _, description = line.partition(":")
    name = name.strip()
    return {"name": name.removesuffix("*").strip(), "required": name.endswith("*"), "description": description.strip()}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class NewCampaignForm(RulesForm):
    """A new campaign: its rules and the first version of its guidelines."""

    guidelines = forms.CharField(
        label=_("Guidelines"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("What makes a completion better here? Markdown. Annotators have it one key away."),
    )


class GuidelinesForm(forms.Form):
    """The guidelines as they read from now on."""

    text = forms.CharField(
        label=_("Guidelines"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text=_("Markdown. Saving makes a new version; each judgment keeps the one it was made under."),
    )


class MemberForm(forms.Form):
    """Somebody who takes part."""

    username = forms.CharField(
        label=_("User name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.ANNOTATOR)


class ImportForm(forms.Form):
    """A file of comparisons or prompts."""

    kind = forms.ChoiceField(label=_("What is in it"), choices=KINDS)
    file = forms.FileField(label=_("File"), help_text=_("JSONL or JSON, plain or gzipped."))
    dialect = forms.ChoiceField(label=_("Written as"), choices=DIALECTS, required=False)
    refuse_all = forms.BooleanField(
        label=_("Refuse the whole file if one line is wrong"),
        required=False,
        help_text=_("Otherwise the good lines are kept and the wrong ones named."),
    )
    as_gold = forms.BooleanField(
        label=_("These are gold: people are asked, and measured by the answers in the file"),
        required=False,
        help_text=_("Nobody can tell them from the others. They are given out at the rate that the settings say."),
    )


class TokenForm(forms.Form):
    """A key for the API."""

    DAYS = (("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("never")))

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What uses it, so that you know later what to revoke.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may be used for"),
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than you may do yourself."),
    )
    days = forms.ChoiceField(label=_("It ends after"), choices=DAYS, initial="90", required=False)


class WebhookForm(forms.Form):
    """An address that is to be told of events."""

    url = forms.CharField(
        label=_("Address"), max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://example.org/hook"})
    )
    event_types = forms.MultipleChoiceField(label=_("It is told of"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = self.fields["event_types"]
        assert isinstance(types, forms.MultipleChoiceField)
        types.choices = list(offered().items())


class EventFilterForm(forms.Form):
    """The filter of the event log."""

    actor = forms.CharField(label=_("Person"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    verb = forms.ChoiceField(label=_("Event"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        verb = self.fields["verb"]
        assert isinstance(verb, forms.ChoiceField)
        verb.choices = [("", _("Any")), *event_choices()]


class InvitationForm(forms.Form):
    """A link for people to come by."""

    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.ANNOTATOR)
    note = forms.CharField(label=_("For whom"), max_length=120, required=False, help_text=_("Only leads see it."))
    days = forms.IntegerField(label=_("Days it holds"), min_value=1, max_value=365, initial=14)
    max_uses = forms.IntegerField(
        label=_("How many people may come by it"), min_value=1, required=False, help_text=_("Empty: any number.")
    )


class SignUpForm(forms.Form):
    """An account for somebody who was invited."""

    username = forms.CharField(
        label=_("User name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())


class AdjudicationForm(forms.Form):
    """What an expert decides about a conflict."""

    comparison = forms.IntegerField(widget=forms.HiddenInput)
    winner = forms.ChoiceField(choices=Winner.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stays with the verdict."),
    )


class FlagReviewForm(forms.Form):
    """What a lead decides about a flagged comparison."""

    comparison = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Stays in the log.")
    )
