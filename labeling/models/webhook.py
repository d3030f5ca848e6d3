"""Webhooks: addresses that receive events, and their deliveries."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.models.annotator import User
from labeling.models.campaign import Campaign
from labeling.models.event import Event


class Webhook(models.Model):
    """An address that receives events, signed as Standard Webhooks defines. campaign: null: events of all campaigns."""

    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500, help_text="The address: http:// or https://.")
    event_types = ArrayField(models.CharField(max_length=60), help_text="The types of messages that it receives.")
    secret = models.CharField(max_length=120, help_text="whsec_ and base64. Signing needs it, not its hash.")
    previous_secret = models.CharField(max_length=120, blank=True)
    previous_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then messages are also signed with the previous secret."
    )
    is_active = models.BooleanField(default=True)
    disabled_reason = SentenceField(help_text="Why the system switched it off.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event for one webhook. It is written in the transaction of the act; a worker sends it afterwards."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # to be sent, or to be retried
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")  # after a day of retries; a lead may send it again

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", db_index=False)
    type = models.CharField(max_length=60)
    message_id = models.CharField(max_length=60, unique=True, help_text="The same in every attempt.")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When the next attempt is due.")
    created_at = models.DateTimeField()
    # Of the last attempt.
    tried_at = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    excerpt = models.CharField(max_length=500, blank=True, help_text="The beginning of the response.")
    error = SentenceField(help_text="Why there was no response.")

    class Meta:
        indexes = (
            models.Index(fields=["due_at"], name="webhook_delivery_due", condition=Q(status="waiting")),
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_newest"),
            models.Index(fields=["tried_at"], name="webhook_delivery_given_up", condition=Q(status="given_up")),
        )
        verbose_name_plural = "webhook deliveries"

    @property
    def last_attempt(self) -> "WebhookAttempt | None":
        """The last attempt; None: there was none."""
        return next(iter(reversed(self.log.all())), None)

    def __str__(self) -> str:
        return self.message_id


class WebhookAttempt(models.Model):
    """One attempt at a delivery, and its outcome. Kept as long as the delivery."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    http_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="null: there was no response.")
    seconds = models.FloatField(help_text="How long the attempt took.")
    excerpt = models.CharField(max_length=500, blank=True, help_text="The beginning of the response.")
    error = SentenceField(help_text="Why there was no response.")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"attempt at {self.delivery_id}: {self.http_status or self.error}"
