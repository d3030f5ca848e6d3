"""The form of a run."""

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.numbers import PlainFloat
from training.actions.runs import RunSpec
from training.engine.config import QUANTIZATIONS, RunConfig
from training.engine.loss_settings import BETA, BETAS, NAMES, RANGES
from training.models import ModelVersion
from training.web.forms import VersionField, offer, serving_label
from training.web.setting_labels import VALUES

DEFAULTS = RunConfig()
NAMES_OF_SETTINGS = (
    "epochs",
    "loss",
    "beta",
    "learning_rate",
    "evaluate_every",
    "probe_prompts",
    "processes",
    "quantization",
)
AUTOMATIC = ("", _("DPO, or one that doubts labels where surely many are wrong"))
"""The choice of a run whose settings name no loss (`training.actions.runs.with_noise`)."""


class RunForm(forms.Form):
    """The parent of a run, and the settings that people change."""

    parent = VersionField(label=_("Start from"), queryset=ModelVersion.objects.none(), required=False)
    epochs = forms.IntegerField(label=_("Epochs"), min_value=1, max_value=1000, initial=DEFAULTS.epochs, required=False)
    loss = forms.ChoiceField(label=_("Loss"), choices=lambda: [AUTOMATIC, *_losses()], required=False)
    beta = forms.FloatField(
        label=_("Beta"),
        min_value=0.0001,
        required=False,
        help_text=_("The strength of the tie to the start: a small beta lets it drift. Empty: the loss's own."),
    )
    learning_rate = forms.FloatField(
        label=_("Learning rate"),
        min_value=PlainFloat(1e-9),
        max_value=1,
        initial=DEFAULTS.learning_rate,
        required=False,
    )
    evaluate_every = forms.IntegerField(
        label=_("Steps between evaluations"),
        min_value=0,
        initial=10,
        required=False,
        help_text=_("On held-out pairs, for the curves; 0: only at the end."),
    )
    probe_prompts = forms.IntegerField(
        label=_("Prompts answered at each evaluation"),
        min_value=0,
        max_value=1000,
        initial=4,
        required=False,
        help_text=_("Held-out prompts, for the drift (KL) and samples. Each takes a few seconds on a CPU; 0: none."),
    )

    processes = forms.IntegerField(
        label=_("Processes"),
        min_value=0,
        max_value=1024,
        initial=DEFAULTS.processes,
        required=False,
        help_text=_("They share the work, one for each GPU; 0: one for each GPU that is there, else one."),
    )

    quantization = forms.ChoiceField(
        label=_("Frozen model"),
        choices=lambda: [(name, str(VALUES["quantization"][name])) for name in QUANTIZATIONS],
        required=False,
        help_text=_("Four bits take a quarter of the memory. The version then serves beside the model in full."),
    )

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        versions: QuerySet[ModelVersion],
        serving: ModelVersion | None = None,
    ) -> None:
        super().__init__(sent, auto_id="run_%s")
        offer(self, "parent", versions, serving_label(serving))
        self.fields["beta"].widget.attrs["step"] = "any"
        self.fields["learning_rate"].widget.attrs["step"] = "any"

    def spec(self) -> RunSpec:
        """The specification, with the settings that differ from the engine's defaults; call after is_valid."""
        values = self.cleaned_data
        config = {
            name: values[name]
            for name in NAMES_OF_SETTINGS
            # A loss that somebody chose is named, also DPO's: measured noise then chooses no other.
            if values[name] not in (None, "") and (name == "loss" or values[name] != getattr(DEFAULTS, name))
        }
        return RunSpec(parent=values["parent"], config=config)


def _losses() -> list[tuple[str, str]]:
    """Every loss by its name, with its own beta."""
    labels = VALUES["loss"]
    with_beta = gettext("%(loss)s, beta %(beta)s")
    return [
        (name, with_beta % {"loss": labels[name], "beta": f"{BETAS.get(name, BETA):g}"})
        if name in RANGES
        else (name, str(labels[name]))
        for name in NAMES
    ]
