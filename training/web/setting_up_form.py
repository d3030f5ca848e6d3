"""The form of everything that a new campaign has besides its rules."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from labeling.web.imports import COMPARISONS, KINDS, PROMPTS
from training.actions.planning import GenerationSpec
from training.actions.setting_up import Material, role_of
from training.models import CandidateStrategy, ModelVersion
from training.web.forms import VersionField, chosen_versions

AT_ONCE = (CandidateStrategy.TWO_SEEDS, CandidateStrategy.TWO_VERSIONS)
"""The strategies that need no settings of their own."""


class SettingUpForm(forms.Form):
    """Data, model and people. Every field may be left empty and done later."""

    prompts = forms.CharField(
        label=_("Prompts"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": "How do I boil an egg?"}),
        help_text=_("One per line. For conversations of several turns, use a file."),
    )
    file = forms.FileField(required=False, label=_("Or a file"), help_text=_("JSONL or JSON, plain or gzipped."))
    kind = forms.ChoiceField(label=_("Content of the file"), choices=KINDS, initial=PROMPTS, required=False)
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
    people = forms.CharField(
        label=_("User names"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "alice\nbob: expert"}),
        help_text=_(
            "One per line, with a role after a colon: annotator (the default), expert or lead. You are its "
            "lead, and may judge too. You can invite others later."
        ),
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
        files: "MultiValueDict[str, UploadedFile[Any]] | None" = None,
        *,
        versions: QuerySet[ModelVersion],
        serving: ModelVersion | None,
    ) -> None:
        super().__init__(sent, files, auto_id="id_%s")
        serves = (
            gettext("The serving version (%(name)s)") % {"name": serving.name}
            if serving
            else gettext("The serving version")
        )
        self._offer("version", versions, serves)
        self._offer("other_version", versions, gettext("Its parent"))

    def _offer(self, name: str, versions: QuerySet[ModelVersion], empty: str) -> None:
        field = self.fields[name]
        assert isinstance(field, VersionField)
        field.queryset, field.empty_label = versions, empty

    def clean_people(self) -> dict[str, str]:
        """The roles by user name."""
        roles: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["people"].splitlines())):
            name, _, role = line.partition(":")
            try:
                roles[name.strip()] = role_of(role)
            except Invalid as error:
                raise forms.ValidationError(error.message) from error
        return roles

    def clean_prompts(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["prompts"].splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("other_version") and not values.get("version"):
            self.add_error("version", gettext("Choose both versions, or neither."))
        return values

    def arguments(self, *, serving: ModelVersion | None) -> dict[str, Any]:
        """Keyword arguments of `set_up_campaign`; call after is_valid."""
        values = self.cleaned_data
        kind = values["kind"] or PROMPTS
        has_prompts = bool(values["prompts"]) or (values["file"] is not None and kind != COMPARISONS)
        writes = values["write"] and has_prompts and (values["version"] or serving) is not None
        return {
            "material": Material(values["prompts"], values["file"], kind),
            "people": values["people"],
            "candidates": self._spec() if writes else None,
            "start": values["start"],
        }

    def _spec(self) -> GenerationSpec:
        values = self.cleaned_data
        strategy = values["strategy"] or CandidateStrategy.TWO_SEEDS
        return GenerationSpec(
            strategy, chosen_versions(values, strategy), pairs_per_prompt=values["pairs_per_prompt"] or 1
        )
