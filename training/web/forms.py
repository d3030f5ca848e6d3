"""What leads fill in to let the model write and learn."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from labeling.models import Campaign
from training.actions.schedule import DEFAULT_MIN_FRESH_VERDICTS
from training.engine.config import RunConfig
from training.generation import SamplingSettings
from training.models import ModelVersion, RetrainingPolicy

if TYPE_CHECKING:
    VersionChoiceField = forms.ModelChoiceField[ModelVersion]
else:
    VersionChoiceField = forms.ModelChoiceField  # takes no parameter at run time

SAMPLING = SamplingSettings()
DEFAULTS = RunConfig()


class VersionField(VersionChoiceField):
    """A model version by its name."""

    def label_from_instance(self, obj: ModelVersion) -> str:
        return obj.name


class GenerationForm(forms.Form):
    """Who writes candidate pairs, and how."""

    strategy = forms.ChoiceField(label="Pairs from", choices=Campaign.CandidateStrategy.choices)
    pairs_per_prompt = forms.IntegerField(label="Pairs for each prompt", min_value=1, max_value=100, initial=1)
    version = VersionField(label="Version", queryset=ModelVersion.objects.none(), required=False)
    other_version = VersionField(label="Other version", queryset=ModelVersion.objects.none(), required=False)
    temperature = forms.FloatField(min_value=0, max_value=5, initial=SAMPLING.temperature, required=False)
    max_tokens = forms.IntegerField(
        label="Longest completion, tokens", min_value=1, max_value=8192, initial=SAMPLING.max_tokens, required=False
    )

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        versions: QuerySet[ModelVersion],
        serving: ModelVersion | None = None,
    ) -> None:
        super().__init__(sent, auto_id="generation_%s")
        _offer(self, "version", versions, f"What serves ({serving.name})" if serving else "What serves")
        _offer(self, "other_version", versions, "Its parent")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("other_version") and not values.get("version"):
            self.add_error("version", "Name both versions, or neither.")
        return values

    def settings(self) -> dict[str, Any]:
        """What `start_generation` takes. Only after the form was found valid."""
        values = self.cleaned_data
        two = values["strategy"] == Campaign.CandidateStrategy.TWO_VERSIONS
        first, second = values["version"], values["other_version"]
        if two and first and not second:
            second = first.parent
        chosen = [version for version in ((first, second) if two else (first,)) if version]
        sampling = {name: values[name] for name in ("temperature", "max_tokens") if values[name] is not None}
        return {
            "strategy": values["strategy"],
            "versions": chosen or None,
            "pairs_per_prompt": values["pairs_per_prompt"],
            "settings": sampling,
        }


class RunForm(forms.Form):
    """What a run starts from, and the three settings people change."""

    parent = VersionField(label="Start from", queryset=ModelVersion.objects.none(), required=False)
    epochs = forms.IntegerField(min_value=1, max_value=1000, initial=DEFAULTS.epochs, required=False)
    beta = forms.FloatField(
        min_value=0.0001,
        initial=DEFAULTS.beta,
        required=False,
        help_text="How strongly it is tied to where it starts: small lets it drift.",
    )
    learning_rate = forms.FloatField(min_value=1e-9, max_value=1, initial=DEFAULTS.learning_rate, required=False)

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        versions: QuerySet[ModelVersion],
        serving: ModelVersion | None = None,
    ) -> None:
        super().__init__(sent, auto_id="run_%s")
        _offer(self, "parent", versions, f"What serves ({serving.name})" if serving else "What serves")
        self.fields["beta"].widget.attrs["step"] = "any"
        self.fields["learning_rate"].widget.attrs["step"] = "any"

    def settings(self) -> dict[str, Any]:
        """What `start_run` takes: of the config only what differs from the engine's defaults."""
        values = self.cleaned_data
        names = ("epochs", "beta", "learning_rate")
        config = {
            name: values[name] for name in names if values[name] is not None and values[name] != getattr(DEFAULTS, name)
        }
        return {"parent": values["parent"], "config": config}


class PolicyForm(forms.Form):
    """When a campaign retrains by itself."""

    enabled = forms.BooleanField(label="Retrain by itself", required=False)
    min_fresh_verdicts = forms.IntegerField(
        label="Fresh verdicts needed", min_value=1, initial=DEFAULT_MIN_FRESH_VERDICTS
    )
    cron = forms.CharField(
        label="Only at (cron)",
        required=False,
        help_text="Minute, hour, day, month, weekday: “0 3 * * *” is every night at three. Empty: as soon as enough.",
    )
    auto_promote = forms.BooleanField(
        label="Promote by itself if held-out accuracy did not fall",
        required=False,
        help_text="Otherwise a person promotes.",
    )
    max_accuracy_drop = forms.FloatField(
        label="Drop that still counts as not fallen", min_value=0, max_value=1, initial=0.0
    )

    def __init__(self, sent: QueryDict | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(sent, auto_id="policy_%s", initial=initial)
        self.fields["max_accuracy_drop"].widget.attrs["step"] = "any"

    @classmethod
    def of(cls, policy: RetrainingPolicy | None) -> "PolicyForm":
        """The form filled with what holds now."""
        if policy is None:
            return cls()
        names = ("enabled", "min_fresh_verdicts", "cron", "auto_promote", "max_accuracy_drop")
        return cls(initial={name: getattr(policy, name) for name in names})


def _offer(form: forms.Form, name: str, versions: QuerySet[ModelVersion], empty: str) -> None:
    field = form.fields[name]
    assert isinstance(field, VersionField)
    field.queryset = versions
    field.empty_label = empty
