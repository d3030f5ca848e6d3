"""What leads fill in."""

from typing import TYPE_CHECKING, Any

from django import forms

from labeling.models import Campaign, Membership, Scope
from labeling.web.imports import DIALECTS, KINDS
from labeling.webhook_types import offered

if TYPE_CHECKING:
    CampaignForm = forms.ModelForm[Campaign]
else:
    CampaignForm = forms.ModelForm  # takes no parameter at run time


class RulesForm(CampaignForm):
    """The rules of a campaign, as its model knows them."""

    class Meta:
        model = Campaign
        fields = (
            "name",
            "description",
            "overlap",
            "verdict_rule",
            "scale",
            "allow_tie",
            "allow_both_bad",
            "lease_seconds",
            "undo_seconds",
        )
        labels = {
            "overlap": "Judgments for each comparison",
            "verdict_rule": "What settles a comparison",
            "scale": "What annotators say",
            "allow_tie": "Offer “tie”",
            "allow_both_bad": "Offer “both bad”",
            "lease_seconds": "Seconds an annotator may keep a comparison",
            "undo_seconds": "Seconds a judgment can be taken back",
        }
        help_texts = {
            "name": "Annotators see it.",
            "overlap": "With 1 nothing can be said about agreement; 2 or 3 people on the same comparison show it.",
            "verdict_rule": "Where the rule finds no winner, a comparison waits for you as a conflict.",
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class NewCampaignForm(RulesForm):
    """A new campaign: its rules and the first version of its guidelines."""

    guidelines = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What makes a completion better here? Markdown. Annotators have it one key away.",
    )


class GuidelinesForm(forms.Form):
    """The guidelines as they read from now on."""

    text = forms.CharField(
        label="Guidelines",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text="Markdown. Saving makes a new version; each judgment keeps the one it was made under.",
    )


class MemberForm(forms.Form):
    """Somebody who takes part."""

    username = forms.CharField(label="User name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.ANNOTATOR)


class ImportForm(forms.Form):
    """A file of comparisons or prompts."""

    kind = forms.ChoiceField(label="What is in it", choices=KINDS)
    file = forms.FileField(label="File", help_text="JSONL or JSON, plain or gzipped.")
    dialect = forms.ChoiceField(label="Written as", choices=DIALECTS, required=False)
    refuse_all = forms.BooleanField(
        label="Refuse the whole file if one line is wrong",
        required=False,
        help_text="Otherwise the good lines are kept and the wrong ones named.",
    )


class TokenForm(forms.Form):
    """A key for the API."""

    DAYS = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "never"))

    name = forms.CharField(max_length=80, help_text="What uses it, so that you know later what to revoke.")
    scopes = forms.MultipleChoiceField(
        label="What it may be used for",
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        help_text="Never more than you may do yourself.",
    )
    days = forms.ChoiceField(label="It ends after", choices=DAYS, initial="90", required=False)


class WebhookForm(forms.Form):
    """An address that is to be told of events."""

    url = forms.CharField(
        label="Address", max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://example.org/hook"})
    )
    event_types = forms.MultipleChoiceField(label="It is told of", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = self.fields["event_types"]
        assert isinstance(types, forms.MultipleChoiceField)
        types.choices = list(offered().items())


class EventFilterForm(forms.Form):
    """Which events are shown."""

    actor = forms.CharField(label="Who", required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    verb = forms.CharField(
        label="What", required=False, widget=forms.TextInput(attrs={"placeholder": "campaign.changed"})
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
