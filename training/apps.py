"""The training app: what the machine learns."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Registers with labeling, which does not know this app: webhook events, and versions trained on a person."""
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
                "generation.failed": _("A generation job failed."),
                "run.finished": _("A training run made a new model version."),
                "run.failed": _("A training run failed."),
                "version.registered": _("A model version was registered."),
                "version.evaluated": _("A model version was evaluated."),
                "version.promoted": _("A model version was promoted: it serves now."),
                "version.rolled_back": _("A rollback: the earlier model version serves again."),
            }
        )
