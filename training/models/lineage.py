"""Which comparisons a snapshot holds, compactly, and whose judgments a campaign leaves out of training."""

from django.db import models

from labeling.models import Campaign, User
from training.models.run import Snapshot


class SnapshotPart(models.Model):
    """The comparisons behind a snapshot's pairs whose ids lie in one span, as bits.

    A million comparisons take about 125 KB. Both questions cost one look-up for each part: whether a comparison is in a
    snapshot, and which ones a snapshot holds.
    """

    SPAN = 8192

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.BigIntegerField(help_text="The ids from number * SPAN up to (number + 1) * SPAN.")
    bits = models.BinaryField(help_text="Bit i, the lowest of a byte first: comparison number * SPAN + i is in it.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["snapshot", "number"], name="snapshot_part_once"),)

    def __str__(self) -> str:
        return f"part {self.number} of {self.snapshot_id}"


class LeftOut(models.Model):
    """A person whose judgments the snapshots of a campaign leave out from now on."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="left_out")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "person"], name="left_out_once"),)

    def __str__(self) -> str:
        return f"{self.person} in {self.campaign}"
