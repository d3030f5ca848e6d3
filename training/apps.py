"""The training app: what the machine learns."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Tells labeling, which does not know this app, what webhooks can be told of and what was trained on whom."""
        from labeling.events.types import offer
        from labeling.queries.trained_on import register_lookup
        from labeling.web.event_labels import add_labels
        from training.queries.trained_on import trained_on

        register_lookup(trained_on)
        add_labels(
            events={
                "generation.started": _("Generation started"),
                "generation.finished": _("Generation finished"),
                "generation.failed": _("Generation failed"),
                "lens.asked": _("Reward lens requested"),
                "retraining_rule.saved": _("Retraining rule saved"),
                "run.checkpoints_removed": _("Checkpoints removed"),
                "run.failed": _("Training run failed"),
                "run.finished": _("Training run finished"),
                "run.gate_decided": _("Gate decided"),
                "run.started": _("Training run started"),
                "snapshot.taken": _("Snapshot taken"),
                "version.evaluated": _("Version evaluated"),
                "version.promoted": _("Version promoted"),
                "version.registered": _("Version registered"),
                "version.rolled_back": _("Version rolled back"),
            },
            subjects={
                "deployment": _("deployment"),
                "generationjob": _("generation job"),
                "lensjob": _("reward lens"),
                "modelversion": _("model version"),
                "retrainingrule": _("retraining rule"),
                "snapshot": _("snapshot"),
                "run": _("training run"),
            },
        )
        offer(
            {
                "generation.finished": _("A generation job has written its candidate pairs."),
                "generation.failed": _("A generation job gave up."),
                "run.finished": _("A training run ended in a new model version."),
                "run.failed": _("A training run gave up."),
                "version.registered": _("There is a new model version."),
                "version.evaluated": _("A model version was measured."),
                "version.promoted": _("A model version serves from now on."),
                "version.rolled_back": _("The model version before serves again."),
            }
        )
