"""The forms of labeling's pages."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from common.text_area import TextArea
from labeling.actions.mails import can_send_mail, mail_goes_to_log
from labeling.actions.people import UsernameTaken, check_password
from labeling.events.types import offered
from labeling.models import Campaign, Demand, Membership, Scope, User, Winner
from labeling.web.event_labels import event_choices


class GuidelinesForm(forms.Form):
    """A new version of the guidelines."""

    text = forms.CharField(
        label=_("Guidelines"),
        strip=False,
        widget=TextArea(attrs={"rows": 24}),
        help_text=_("Markdown. Saving creates a new version; each judgment records the version it was made under."),
    )
    demand = forms.ChoiceField(
        label=_("What annotators must do"),
        choices=Demand.choices,
        initial=Demand.NOTHING,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Until they have done it, nothing new is assigned to them. New annotators always read them first."),
    )

    def clean_demand(self) -> str:
        return self.cleaned_data["demand"] or Demand.NOTHING


class MemberForm(forms.Form):
    """A new member, or a member's new role."""

    username = forms.CharField(
        label=_("User name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.ANNOTATOR)


class TokenForm(forms.Form):
    """A token for the API."""

    DAYS = (("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("never")))

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("The program that uses it, so that you can revoke it later.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than your own permissions."),
    )
    days = forms.ChoiceField(label=_("Expires after"), choices=DAYS, initial="90", required=False)


class WebhookForm(forms.Form):
    """An address that receives events."""

    url = forms.CharField(
        label=_("Address"), max_length=500, widget=forms.URLInput(attrs={"placeholder": "https://example.org/hook"})
    )
    event_types = forms.MultipleChoiceField(label=_("Events"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = self.fields["event_types"]
        assert isinstance(types, forms.MultipleChoiceField)
        types.choices = list(offered().items())


class EventFilterForm(forms.Form):
    """The filter of the event log."""

    everywhere: ClassVar[bool] = False
    """Whether it offers events that no campaign has."""

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
        verb.choices = [("", _("Any")), *event_choices(everywhere=self.everywhere)]


class LogFilterForm(EventFilterForm):
    """The filter of the log of all campaigns."""

    everywhere = True

    campaign = forms.ModelChoiceField(
        Campaign.objects.order_by("name"),
        label=_("Campaign"),
        required=False,
        empty_label=_("Any"),
        to_field_name="slug",
    )


class InvitationForm(forms.Form):
    """An invitation link."""

    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.ANNOTATOR)
    note = forms.CharField(label=_("Note"), max_length=120, required=False, help_text=_("Visible to leads only."))
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=365, initial=14)
    max_uses = forms.IntegerField(
        label=_("Maximum number of people"), min_value=1, required=False, help_text=_("Empty: no limit.")
    )


def address_hint(*, reads_log: bool) -> str:
    """The use of a person's e-mail address, and how it is confirmed. reads_log: they can read the server's log."""
    if mail_goes_to_log() and reads_log:
        return gettext("For resetting a forgotten password. You confirm it by a link in the worker's log.")
    if mail_goes_to_log():
        return gettext("For resetting a forgotten password. This server delivers no e-mail: ask an admin for the link.")
    return gettext("For resetting a forgotten password. You confirm it by a link that we send there.")


class SignUpForm(forms.Form):
    """An account for an invited person."""

    username = forms.CharField(
        label=_("User name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can_send_mail():
            del self.fields["email"]
        else:
            self.fields["email"].help_text = address_hint(reads_log=False)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        """Checks name and password also where another field is wrong, so that all errors come at once."""
        values = super().clean() or self.cleaned_data
        user = User(username=User.normalize_username(values.get("username", "")), email=values.get("email") or "")
        if "username" in values:
            if User.objects.filter(username=user.username).exists():
                self.add_error("username", UsernameTaken(username=user.username).message)
            try:
                User._meta.get_field("username").run_validators(user.username)
            except forms.ValidationError as error:
                self.add_error("username", error)
        if "password" in values:
            try:
                check_password(values["password"], user)
            except Invalid as error:
                self.add_error("password", error.message)
        return values


class EraseForm(forms.Form):
    """The confirmation of an erasure."""

    withdraw = forms.BooleanField(
        label=_("Also withdraw the judgments"),
        required=False,
        help_text=_(
            "They no longer count in verdicts, statistics or later training. Comparisons that they helped to settle "
            "are open again."
        ),
    )
    confirmation = forms.CharField(
        label=_("Type the user name to confirm"), strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, is_own: bool, is_outside: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_own:
            self.fields["confirmation"].label = _("Type your user name to confirm")
        elif is_outside:
            self.fields["confirmation"].label = _("Type the pseudonym to confirm")


class AdjudicationForm(forms.Form):
    """An expert's decision about a conflict."""

    comparison = forms.IntegerField(widget=forms.HiddenInput)
    winner = forms.ChoiceField(choices=Winner.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=10_000,
        widget=TextArea(attrs={"rows": 3}),
        help_text=_("Stored with the verdict."),
    )
    despite_own_judgment = forms.BooleanField(
        label=_("Settle it although I judged it"), required=False, help_text=_("The event log will say so.")
    )


class FlagReviewForm(forms.Form):
    """A lead's decision about a flagged comparison."""

    comparison = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=10_000,
        widget=TextArea(attrs={"rows": 2}),
        help_text=_("Stored in the log."),
    )
