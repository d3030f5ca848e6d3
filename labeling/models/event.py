"""The event log: every act, its actor, and its changes. Append-only."""

from django.db import models

from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class Event(models.Model):
    """One act. The action writes it in its own transaction; a trigger refuses changes.

    Leases are not acts, since nobody decides about them; the rows of assignments record them.
    """

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=60, help_text='Noun and past participle: "campaign.created".')
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=120)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    sentences = models.JSONField(
        null=True,
        blank=True,
        help_text="By key, the parts of the sentences in `after`, for readers of other languages.",
    )

    class Meta:
        # Most events are judgments. The others are found without reading these.
        indexes = (
            models.Index(fields=["campaign", "at"], name="event_campaign_time"),
            models.Index(
                fields=["subject_type", "subject_id", "id"],
                condition=~models.Q(subject_type="judgment"),
                name="event_subject",
            ),
            models.Index(
                fields=["campaign", "verb", "id"], condition=~models.Q(subject_type="judgment"), name="event_verb"
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"
