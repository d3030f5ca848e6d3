"""Import batches, and the uploads that are kept until somebody decides about them."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class KeptUpload(models.Model):
    """An uploaded file that is kept on the server for its owner until it expires.

    The bytes are in a file below VAR_DIR, and in the storage if there is one. Only its owner can open it.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, unique=True, help_text="The name of the file on the disk: random.")
    name = models.CharField(max_length=255, help_text="The name that it had on the owner's machine.")
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class ImportBatch(models.Model):
    """One import: its file, its counts, and the refused records. It can be taken back as a whole.

    A preview is a batch that brought nothing yet. Rows are never deleted: prompts and comparisons refer to them.
    """

    class Kind(models.TextChoices):
        PROMPTS = "prompts", _("Prompts")
        COMPARISONS = "comparisons", _("Comparisons")

    class Status(models.TextChoices):
        PREVIEW = "preview", _("Preview")  # read and counted; nothing is in the campaign
        CANCELLED = "cancelled", _("Cancelled")  # a preview that was not imported
        IMPORTING = "importing", _("Being imported")  # or its process died: the records so far are in the campaign
        IMPORTED = "imported", _("Imported")
        REFUSED = "refused", _("Refused")  # a record was refused, so nothing was kept, as the person asked
        TAKEN_BACK = "taken_back", _("Taken back")  # its records are no longer in the campaign

    BROUGHT = (Status.IMPORTING, Status.IMPORTED)
    """The statuses in which the campaign holds records of the batch."""

    LISTED = (*BROUGHT, Status.REFUSED, Status.TAKEN_BACK)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="batches", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    status = models.CharField(max_length=16, choices=Status.choices)
    file_name = models.CharField(max_length=255, blank=True, help_text="Empty: the caller did not name one.")
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="In bytes; null: still unknown.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file as it was sent.")
    dialect = models.CharField(max_length=32, blank=True, help_text="The format of the file, as detected.")
    settings = models.JSONField(default=dict, help_text="How the file is read: the caller's choices.")
    created = models.PositiveIntegerField(default=0, help_text="New records; of a preview: records that would be new.")
    duplicates = models.PositiveIntegerField(default=0, help_text="Records that the campaign already had.")
    settled = models.PositiveIntegerField(default=0, help_text="New comparisons with a verdict.")
    gold = models.PositiveIntegerField(default=0, help_text="New comparisons that are gold.")
    judgments = models.PositiveIntegerField(
        default=0, db_default=0, help_text="New judgments of outside annotators, skips included."
    )
    rejected_count = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(
        default=list, help_text="The first refused records: line, reason with its template and values, beginning."
    )
    field_uses = models.JSONField(
        default=dict,
        db_default={},
        help_text="How often each field of the records was used, kept as metadata, or the reason of a refusal.",
    )
    notes = models.JSONField(
        default=dict, db_default={}, help_text="Counts of unusual records by code, and contradictions."
    )
    error = SentenceField(help_text="Of a preview: why the file cannot be read in this way.")
    sample = models.JSONField(default=list, help_text="Of a preview: the first records as they would be imported.")
    upload = models.ForeignKey(
        KeptUpload, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Of a preview."
    )
    # The comparisons of a batch lie between these ids. An index on their batch would cost each judgment.
    first_comparison = models.BigIntegerField(null=True, blank=True)
    last_comparison = models.BigIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["campaign", "id"], name="batch_campaign"),)
        verbose_name_plural = "import batches"

    @property
    def id_range(self) -> dict[str, Any]:
        """A filter of comparisons by which PostgreSQL finds those of the batch without reading the others."""
        if self.first_comparison is None:
            return {"pk__in": []}
        return {"pk__range": (self.first_comparison, self.last_comparison)}

    def __str__(self) -> str:
        return self.file_name or f"batch {self.pk}"
