"""Tables of the inbox: agreement that is watched, items set aside, and notices sent by e-mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class AgreementWatch(models.Model):
    """How agreement in a campaign last moved: the last third of its judgments against the first third."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, related_name="agreement_watch", primary_key=True
    )
    early = models.FloatField(null=True, help_text="Share of agreeing pairs of votes in the first third; null: none.")
    late = models.FloatField(null=True, help_text="The same in the last third.")
    fell_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the whole interval of the change has been below zero."
    )
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "agreement watches"

    def __str__(self) -> str:
        return f"agreement in {self.campaign}"


class AttentionDismissal(models.Model):
    """An item of the inbox that a person has set aside. The item comes back when it counts more than then."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="dismissals", db_index=False)
    key = models.CharField(max_length=120, help_text="Names the item: its kind and the thing it is about.")
    count = models.PositiveIntegerField(help_text="Its count when it was set aside.")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="attention_dismissal_once"),)

    def __str__(self) -> str:
        return f"{self.key} set aside by {self.user}"


class NoticeChoice(models.Model):
    """When a person wants e-mail about their inbox, and in which language."""

    class When(models.TextChoices):
        NEVER = "never", _("Never")
        DAILY = "daily", _("Once a day, if something is new")
        AT_ONCE = "at_once", _("At once")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="notice_choice", primary_key=True)
    when = models.CharField(max_length=8, choices=When.choices, default=When.NEVER)
    hour = models.PositiveSmallIntegerField(default=8, help_text="The hour of the daily e-mail, in the server's zone.")
    channel = models.CharField(
        max_length=500, blank=True, help_text="An Apprise URL (Slack, Teams, Matrix) that gets them too. A secret."
    )
    language = models.CharField(max_length=8, default="en")
    sent = models.JSONField(default=dict, blank=True, help_text="The items of the last e-mail: what each counted.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the last e-mail was sent.")
    failed_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt failed.")

    def __str__(self) -> str:
        return f"notices for {self.user}: {self.when}"
