"""The training app: what the machine learns."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Tells labeling, which does not know this app, what webhooks can be told of and what was trained on whom."""
        from labeling.events.labels import add_labels
        from labeling.events.types import offer
        from labeling.queries.trained_on import register_lookup
        from training.queries.trained_on import trained_on

        register_lookup(trained_on)

        add_labels(
            {
                "generation.started": _("Generation started"),
                "generation.finished": _("Generation finished"),
                "generation.failed": _("Generation failed"),
                "generation.cancelled": _("Generation cancelled"),
                "generation.cancel_requested": _("Generation cancellation requested"),
                "generation.resumed": _("Generation resumed"),
                "run.started": _("Run started"),
                "run.finished": _("Run finished"),
                "run.failed": _("Run failed"),
                "run.cancelled": _("Run cancelled"),
                "run.cancel_requested": _("Run cancellation requested"),
                "run.resumed": _("Run resumed"),
                "run.gate_decided": _("Promotion gate decided"),
                "run.checkpoints_removed": _("Checkpoints removed"),
                "snapshot.taken": _("Snapshot taken"),
                "version.registered": _("Version registered"),
                "version.evaluated": _("Version evaluated"),
                "version.promoted": _("Version promoted"),
                "version.rolled_back": _("Version rolled back"),
                "version.files_removed": _("Version files removed"),
                "retraining_rule.saved": _("Retraining rule saved"),
                "lens.asked": _("Lens opened"),
                "lab_session.started": _("Experiment started"),
                "lab_session.cancel_requested": _("Experiment cancellation requested"),
                "lab_session.finished": _("Experiment finished"),
                "lab_session.failed": _("Experiment failed"),
                "lab_session.cancelled": _("Experiment cancelled"),
                "lens.finished": _("Lens finished"),
                "lens.failed": _("Lens failed"),
                "lens.cancelled": _("Lens cancelled"),
            }
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
