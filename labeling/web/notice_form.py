"""The form in which people choose their notices."""

from typing import Self

from django import forms
from django.utils.translation import gettext_lazy as _

from common.outgoing.channels import channels_available
from labeling.models import NoticeChoice, User


class NoticeForm(forms.Form):
    """When a person gets e-mail about their inbox. The channel is there only if Apprise is installed."""

    when = forms.ChoiceField(
        label=_("Write to me"), choices=NoticeChoice.When.choices, widget=forms.RadioSelect(attrs={"class": "choices"})
    )
    hour = forms.TypedChoiceField(
        label=_("Hour of the daily e-mail"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    channel = forms.CharField(
        label=_("Chat channel"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "An Apprise URL: slack://, workflows:// (Teams), discord:// or matrixs://. It is kept like a password."
        ),
    )

    @classmethod
    def of(cls, person: User) -> Self:
        """The form with a person's present choice."""
        choice = NoticeChoice.objects.filter(user=person).first() or NoticeChoice(user=person)
        return cls(initial={"when": choice.when, "hour": choice.hour, "channel": choice.channel})

    @property
    def offers_channel(self) -> bool:
        return channels_available()
