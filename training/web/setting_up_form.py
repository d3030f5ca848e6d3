"""The form of everything that a new campaign has besides its rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.numbers import whole_number
from common.sentences import Sentence
from common.text_area import TextArea
from labeling.actions.prompts import unfit_messages
from labeling.exchange import Message
from labeling.models import Membership, User
from labeling.queries.people import addable_people
from labeling.web.imports import FILE_FORMATS
from training.actions.planning import GenerationSpec
from training.actions.setting_up import InvitationWish
from training.models import CandidateStrategy, DraftFile, ModelVersion
from training.web.forms import VersionField, chosen_versions

AT_ONCE = (CandidateStrategy.TWO_SEEDS, CandidateStrategy.TWO_VERSIONS)
"""The strategies that need no settings of their own."""

PEOPLE_LISTED = 50
"""More than this are found by searching."""


class ManyFilesInput(forms.FileInput):
    """Lets people choose several files."""

    allow_multiple_selected = True


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """A person in the list: chosen or not, and in which role."""

    user: User
    is_chosen: bool
    role: str


class SettingUpForm(forms.Form):
    """Data, model and people. Every field may be left empty and done later. Files are kept apart, in the draft."""

    prompts = forms.CharField(
        label=_("Prompts"),
        required=False,
        widget=TextArea(attrs={"rows": 6, "placeholder": "How do I boil an egg?"}),
        help_text=_("One per line. For conversations of several turns, use a file."),
    )
    uploads = forms.FileField(
        label=_("Files"),
        required=False,
        widget=ManyFilesInput(attrs={"multiple": True}),
        help_text=format_lazy(
            "{formats} {several}",
            formats=FILE_FORMATS,
            several=_("Several at once. Prompts and comparisons are recognized automatically."),
        ),
    )
    write = forms.BooleanField(
        label=_("Generate candidate pairs now"),
        required=False,
        initial=True,
        help_text=_("For every prompt. Without prompts, nothing is generated."),
    )
    strategy = forms.ChoiceField(
        label=_("Pairs from"),
        choices=[(each.value, each.label) for each in AT_ONCE],
        required=False,
        help_text=_("The campaign's page has more strategies."),
    )
    version = VersionField(label=_("Version"), queryset=ModelVersion.objects.none(), required=False)
    other_version = VersionField(label=_("Other version"), queryset=ModelVersion.objects.none(), required=False)
    pairs_per_prompt = forms.IntegerField(
        label=_("Pairs for each prompt"), min_value=1, max_value=100, initial=1, required=False
    )
    find = forms.CharField(
        label=_("Find people"),
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "type": "search", "placeholder": _("Part of a user name")}
        ),
    )
    people = forms.MultipleChoiceField(label=_("People"), required=False)
    invite = forms.BooleanField(
        label=_("Create an invitation link"),
        required=False,
        help_text=_("You get the link once the campaign is created."),
    )
    invite_role = forms.ChoiceField(
        label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.ANNOTATOR, required=False
    )
    invite_days = forms.IntegerField(
        label=_("Valid for (days)"), min_value=1, max_value=365, initial=14, required=False
    )
    invite_uses = forms.IntegerField(
        label=_("Maximum number of people"), min_value=1, required=False, help_text=_("Empty: no limit.")
    )
    start = forms.BooleanField(
        label=_("Start now"),
        required=False,
        help_text=_("Otherwise it stays a draft, and nothing is assigned."),
    )
    candidates = forms.CharField(required=False, widget=forms.HiddenInput)  # where errors about them are shown

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        owner: User,
        versions: QuerySet[ModelVersion],
        serving: ModelVersion | None,
    ) -> None:
        super().__init__(sent, auto_id="id_%s")
        self._owner = owner
        serves = (
            gettext("The serving version (%(name)s)") % {"name": serving.name}
            if serving
            else gettext("The serving version")
        )
        self._offer("version", versions, serves)
        self._offer("other_version", versions, gettext("Its parent"))
        chosen = sent.getlist("people") if sent is not None else []
        self.chosen = list(
            addable_people(besides=[owner.pk]).filter(pk__in=list(filter(None, map(whole_number, chosen))))
        )
        field = self.fields["people"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(user.pk), user.username) for user in self.chosen]
        field.error_messages["invalid_choice"] = gettext("Somebody you chose can no longer be added. Check the list.")

    def _offer(self, name: str, versions: QuerySet[ModelVersion], empty: str) -> None:
        field = self.fields[name]
        assert isinstance(field, VersionField)
        field.queryset, field.empty_label = versions, empty

    roles_for = Membership.Role.choices
    """The roles offered for each person."""

    def people_list(self) -> Iterable[PersonChoice]:
        """The chosen people, then the others that the search finds."""
        for user in self.chosen:
            yield PersonChoice(user, is_chosen=True, role=self._role_of(user))
        for user in self._others()[:PEOPLE_LISTED]:
            yield PersonChoice(user, is_chosen=False, role=self._role_of(user))

    def hidden_people(self) -> int:
        """How many others the search finds besides those listed."""
        return max(0, self._others().count() - PEOPLE_LISTED)

    def _others(self) -> QuerySet[User]:
        listed = [self._owner.pk, *(user.pk for user in self.chosen)]
        return addable_people(search=str(self["find"].value() or "").strip(), besides=listed)

    def _role_of(self, user: User) -> str:
        role = str(self.data.get(f"role_{user.pk}", ""))
        return role if role in Membership.Role.values else Membership.Role.ANNOTATOR

    def clean_people(self) -> dict[str, str]:
        """The roles by user name."""
        for user in self.chosen:
            if self._role_of(user) == Membership.Role.LEAD and not user.is_lead:
                text = gettext("%(username)s is an annotator and cannot lead a campaign. An admin can change that.")
                raise forms.ValidationError(text % {"username": user.username})
        return {user.username: self._role_of(user) for user in self.chosen}

    def clean_prompts(self) -> list[str]:
        prompts = []
        for number, line in enumerate(self.cleaned_data["prompts"].splitlines(), start=1):
            if text := line.strip():
                if reason := unfit_messages([Message(role="user", content=text)]):
                    raise forms.ValidationError(
                        gettext("Line %(number)s: %(reason)s") % {"number": number, "reason": Sentence.of(reason)}
                    )
                prompts.append(text)
        return prompts

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("other_version") and not values.get("version"):
            self.add_error("version", gettext("Choose both versions, or neither."))
        if values.get("invite") and not values.get("invite_days") and "invite_days" not in self.errors:
            self.add_error("invite_days", gettext("Say for how many days the link is valid."))
        return values

    def arguments(self, files: Iterable[DraftFile], *, serving: ModelVersion | None) -> dict[str, Any]:
        """Keyword arguments of `set_up_campaign`, without the material; call after is_valid. files: of the draft."""
        values = self.cleaned_data
        has_prompts = bool(values["prompts"]) or any(file.kind == DraftFile.Kind.PROMPTS for file in files)
        writes = values["write"] and has_prompts and (values["version"] or serving) is not None
        role = values["invite_role"] or Membership.Role.ANNOTATOR
        return {
            "people": values["people"],
            "candidates": self._spec() if writes else None,
            "invitation": (
                InvitationWish(role, values["invite_days"], values["invite_uses"]) if values["invite"] else None
            ),
            "start": values["start"],
        }

    def _spec(self) -> GenerationSpec:
        values = self.cleaned_data
        strategy = values["strategy"] or CandidateStrategy.TWO_SEEDS
        return GenerationSpec(
            strategy, chosen_versions(values, strategy), pairs_per_prompt=values["pairs_per_prompt"] or 1
        )
