"""The training app: what the machine learns."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Tells labeling, which does not know this app, what webhooks can be told of and what was trained on whom."""
        from labeling.trained_on import answer_with
        from labeling.webhook_types import offer
        from training.trained_on import trained_on

        answer_with(trained_on)

        offer(
            {
                "generation.finished": "A generation job has written its candidate pairs.",
                "generation.failed": "A generation job gave up.",
                "run.finished": "A training run ended in a new model version.",
                "run.failed": "A training run gave up.",
                "version.registered": "There is a new model version.",
                "version.evaluated": "A model version was measured.",
                "version.promoted": "A model version serves from now on.",
                "version.rolled_back": "The model version before serves again.",
            }
        )
