"""The overview of a campaign's training."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labeling.models import Campaign
from labeling.queries.verdicts import count_pairs
from training.models import GenerationJob, ModelVersion, RetrainingRule, Run
from training.queries.jobs import newest
from training.queries.retraining import fresh_verdicts
from training.queries.serving import current_deployment, version_before


@dataclass(frozen=True)
class TrainingOverview:
    """The state of a campaign's training, as its page shows it. before: the version that a rollback returns to."""

    serving: ModelVersion | None
    before: ModelVersion | None
    fresh_verdicts: int
    preference_pairs: int
    generation: GenerationJob | None
    run: Run | None
    versions: list[ModelVersion]
    rule: RetrainingRule | None
    generated_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """The counts and names, as JSON values."""
        return {
            "serving": self.serving.name if self.serving else None,
            "fresh_verdicts": self.fresh_verdicts,
            "preference_pairs": self.preference_pairs,
            "generation": self.generation.pk if self.generation else None,
            "run": self.run.pk if self.run else None,
            "versions": [version.name for version in self.versions],
        }


def campaign_training_overview(campaign: Campaign, *, versions: int = 10) -> TrainingOverview:
    """Looks up fresh verdicts, the active (else the newest) generation job and run, the latest versions, the rule."""
    deployment = current_deployment()
    job = newest(GenerationJob.objects.filter(campaign=campaign))
    run = newest(Run.objects.filter(campaign=campaign).select_related("parent", "snapshot"))
    latest = ModelVersion.objects.filter(run__campaign=campaign).order_by("-pk")
    return TrainingOverview(
        serving=deployment.version if deployment else None,
        before=version_before(),
        fresh_verdicts=fresh_verdicts(campaign),
        preference_pairs=count_pairs(campaign),
        generation=job,
        run=run,
        versions=list(latest.select_related("parent", "run__snapshot")[:versions]),
        rule=RetrainingRule.objects.filter(campaign=campaign).select_related("periodic_task__crontab").first(),
        generated_at=job.finished_at if job else None,
    )
