"""The event log that an imported campaign brings from the installation that it comes from."""

from django.db import models

from labeling.models.campaign import Campaign


class EarlierEvent(models.Model):
    """An act in an imported campaign before its import, as its file states it.

    Kept apart from the event log: nobody here did it, and its ids are those of another installation.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="earlier_events")
    at = models.DateTimeField()
    actor = models.CharField(max_length=40, blank=True, help_text="A pseudonym. Empty: the system.")
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=120, help_text="In the other installation.")
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"
