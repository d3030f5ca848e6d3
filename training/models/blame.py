"""Searches for doubtful pairs in a snapshot, and for those that made a comparison worse."""

from django.db import models

from training.models.run import Snapshot
from training.models.version_job import VersionJob


class BlameJob(VersionJob):
    """A search through a snapshot's training pairs, as a run from `version` would learn from them."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="blame_jobs")
    config = models.JSONField(default=dict, help_text="Settings that differ from the engine's defaults (RunConfig).")
    query = models.JSONField(
        null=True, blank=True, help_text="A pair that should stand better: prompt, chosen and rejected. Null: none."
    )
    result = models.JSONField(
        null=True, blank=True, help_text="The pairs in order and the groups behind them; see training.queries.blame."
    )

    def __str__(self) -> str:
        return f"search for doubtful pairs {self.pk}"
