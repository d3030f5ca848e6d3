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
        from training.queries.trained_on import trained_on

        register_lookup(trained_on)

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
