"""Campaigns of rehearsals: their annotators are simulated, and their versions serve nobody."""

from django.db import models

from labeling.models import Campaign


class RehearsalCampaign(models.Model):
    """Marks a campaign that a rehearsal created, with simulated people only. No other campaign becomes one."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="rehearsal")
    channel = models.CharField(max_length=80, unique=True, help_text="Where its versions serve.")
    plan = models.JSONField(default=dict, help_text="The settings of the rehearsal.")

    def __str__(self) -> str:
        return f"rehearsal {self.channel}"
