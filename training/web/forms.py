"""Forms of generation and the lens."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.text_area import TextArea
from labeling.exchange import Message
from training.actions.planning import GenerationSpec
from training.generation import SamplingSettings
from training.models import CandidateStrategy, GenerationJob, ModelVersion

if TYPE_CHECKING:
    VersionChoiceField = forms.ModelChoiceField[ModelVersion]
else:
    VersionChoiceField = forms.ModelChoiceField  # takes no parameter at run time

SAMPLING = SamplingSettings()


class VersionField(VersionChoiceField):
    """A model version by its name."""

    def label_from_instance(self, obj: ModelVersion) -> str:
        return obj.name


class GenerationForm(forms.Form):
    """The candidate pairs to generate."""

    strategy = forms.ChoiceField(label=_("Pairs from"), choices=CandidateStrategy.choices)
    pairs_per_prompt = forms.IntegerField(label=_("Pairs for each prompt"), min_value=1, max_value=100, initial=1)
    version = VersionField(label=_("Version"), queryset=ModelVersion.objects.none(), required=False)
    other_version = VersionField(label=_("Other version"), queryset=ModelVersion.objects.none(), required=False)
    temperature = forms.FloatField(
        label=_("Temperature"), min_value=0, max_value=5, initial=SAMPLING.temperature, required=False
    )
    other_temperature = forms.FloatField(
        label=_("Other temperature"),
        min_value=0,
        max_value=5,
        initial=1.0,
        required=False,
        help_text=_("Temperature of the second text, for two temperatures."),
    )
    system_prompt = forms.CharField(
        label=_("System prompt"),
        required=False,
        widget=TextArea(attrs={"rows": 2}),
        help_text=_("For prompts without one of their own."),
    )
    other_system_prompt = forms.CharField(
        label=_("Other system prompt"),
        required=False,
        widget=TextArea(attrs={"rows": 2}),
        help_text=_("System prompt of the second text, for two system prompts."),
    )
    candidates = forms.IntegerField(
        label=_("Candidates"),
        min_value=3,
        max_value=32,
        initial=4,
        required=False,
        help_text=_("Texts drawn for each pair, for the best and the worst of several."),
    )
    reward_version = VersionField(
        label=_("Ranked by the implicit reward of"), queryset=ModelVersion.objects.none(), required=False
    )
    max_tokens = forms.IntegerField(
        label=_("Longest completion, tokens"),
        min_value=1,
        max_value=8192,
        initial=SAMPLING.max_tokens,
        required=False,
    )

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        versions: QuerySet[ModelVersion],
        serving: ModelVersion | None = None,
        last: GenerationJob | None = None,
    ) -> None:
        super().__init__(sent, auto_id="generation_%s", initial=_as_last_time(last))
        offer(self, "version", versions, serving_label(serving))
        offer(self, "other_version", versions, gettext("Its parent"))
        offer(self, "reward_version", versions.exclude(adapter_dir=""), gettext("The version that writes"))
        for name in ("temperature", "other_temperature"):
            self.fields[name].widget.attrs["step"] = "any"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("other_version") and not values.get("version"):
            self.add_error("version", gettext("Choose both versions, or neither."))
        return values

    def spec(self) -> GenerationSpec:
        """The specification; call after is_valid."""
        values, strategy = self.cleaned_data, self.cleaned_data["strategy"]
        is_best_worst = strategy == CandidateStrategy.BEST_WORST
        return GenerationSpec(
            strategy=strategy,
            versions=chosen_versions(values, strategy),
            settings=self._sampling(),
            second_settings=self._second_sampling(),
            candidates=values["candidates"] if is_best_worst else None,
            reward_version=values["reward_version"] if is_best_worst else None,
            pairs_per_prompt=values["pairs_per_prompt"],
        )

    def _sampling(self) -> dict[str, Any]:
        values = self.cleaned_data
        sampling = {name: values[name] for name in ("temperature", "max_tokens") if values[name] is not None}
        return sampling | ({"system_prompt": values["system_prompt"]} if values["system_prompt"] else {})

    def _second_sampling(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values["strategy"] == CandidateStrategy.TWO_TEMPERATURES:
            return {"temperature": values["other_temperature"]}
        if values["strategy"] == CandidateStrategy.TWO_PROMPTS:
            return {"system_prompt": values["other_system_prompt"] or None}
        return {}


def chosen_versions(values: dict[str, Any], strategy: str) -> list[ModelVersion] | None:
    """The versions a form names for a strategy, the parent of the first in place of a second; None: what serves."""
    first, second = values["version"], values["other_version"]
    if strategy != CandidateStrategy.TWO_VERSIONS:
        return [first] if first else None
    if first and not second:
        second = first.parent
    return [version for version in (first, second) if version] or None


def _as_last_time(job: GenerationJob | None) -> dict[str, Any]:
    """The settings of the campaign's last job: they stay until somebody chooses others."""
    if job is None:
        return {}
    return {
        "strategy": job.strategy,
        "pairs_per_prompt": job.pairs_per_prompt,
        "temperature": job.settings.get("temperature", SAMPLING.temperature),
        "max_tokens": job.settings.get("max_tokens", SAMPLING.max_tokens),
        "system_prompt": job.settings.get("system_prompt") or "",
        "other_temperature": job.second_settings.get("temperature", 1.0),
        "other_system_prompt": job.second_settings.get("system_prompt") or "",
        "candidates": job.candidates if job.candidates > 2 else 4,
        "reward_version": job.reward_version_id,
    }


class LensForm(forms.Form):
    """A version, its reference, and two completions of a prompt, for the lens."""

    AGAINST = (("base", _("The base model")), ("parent", _("Its parent, as in training")))

    version = VersionField(
        label=_("Version"),
        queryset=ModelVersion.objects.none(),
        error_messages={
            "invalid_choice": _(
                "Choose a trained version: against itself, a base model has a reward of zero for every text."
            )
        },
    )
    against = forms.ChoiceField(label=_("Rewards are measured against"), choices=AGAINST, initial="base")
    prompt = forms.CharField(
        label=_("Prompt"),
        widget=TextArea(attrs={"rows": 3}),
        max_length=20_000,
        help_text=_("The message to the model."),
    )
    chosen = forms.CharField(
        label=_("Chosen completion"),
        widget=TextArea(attrs={"rows": 5}),
        max_length=20_000,
        strip=False,
    )
    rejected = forms.CharField(
        label=_("Rejected completion"),
        widget=TextArea(attrs={"rows": 5}),
        max_length=20_000,
        strip=False,
    )

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        versions: QuerySet[ModelVersion],
        initial: ModelVersion | None = None,
        has_pair: bool = False,
    ) -> None:
        """has_pair: the pair comes from elsewhere; the form has no texts then."""
        super().__init__(sent, auto_id="lens_%s", initial={"version": initial})
        field = self.fields["version"]
        assert isinstance(field, VersionField)
        field.queryset, field.empty_label = versions, None
        if has_pair:
            for name in ("prompt", "chosen", "rejected"):
                del self.fields[name]

    def texts(self) -> tuple[list[Message], str, str]:
        """Prompt, chosen and rejected; call after is_valid."""
        values = self.cleaned_data
        return [Message(role="user", content=values["prompt"])], values["chosen"], values["rejected"]


def serving_label(serving: ModelVersion | None) -> str:
    """The choice that stands for the version that serves."""
    if serving is None:
        return gettext("The serving version")
    return gettext("The serving version (%(name)s)") % {"name": serving.name}


def offer(form: forms.Form, name: str, versions: QuerySet[ModelVersion], empty: str) -> None:
    """The versions that a field of a form offers. empty: the label of none of them."""
    field = form.fields[name]
    assert isinstance(field, VersionField)
    field.queryset = versions
    field.empty_label = empty
