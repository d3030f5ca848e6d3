"""Webhooks: who wants to be told of which events, and what came of telling them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.campaign import Campaign
from labeling.models.event import Event


class Webhook(models.Model):
    """An address that is told of events, signed as Standard Webhooks says. campaign: null, of all of them."""

    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500, help_text="Where it is told: http:// or https://.")
    event_types = ArrayField(models.CharField(max_length=60), help_text="What it is told of.")
    secret = models.CharField(max_length=120, help_text="whsec_ and base64: signing needs it itself, not its hash.")
    previous_secret = models.CharField(max_length=120, blank=True)
    previous_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then messages are signed with the previous secret too."
    )
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True, help_text="Why, where the system switched it off.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event to be told to one webhook. Written in the transaction of the act itself; a worker sends it after."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # to be sent, or to be tried again
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")  # tried for a day; may be sent again by hand

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", db_index=False)
    type = models.CharField(max_length=60)
    message_id = models.CharField(max_length=60, unique=True, help_text="The same in every attempt.")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When it is sent next.")
    created_at = models.DateTimeField()
    # Of the last attempt.
    tried_at = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    excerpt = models.CharField(max_length=500, blank=True, help_text="How the answer began.")
    error = models.CharField(max_length=300, blank=True, help_text="Why there was no answer.")

    class Meta:
        indexes = (
            models.Index(fields=["due_at"], name="webhook_delivery_due", condition=Q(status="waiting")),
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_newest"),
        )
        verbose_name_plural = "webhook deliveries"

    @property
    def last_attempt(self) -> "WebhookAttempt | None":
        """What came of it last; None: it was not tried yet."""
        return next(iter(reversed(self.log.all())), None)

    def __str__(self) -> str:
        return self.message_id


class WebhookAttempt(models.Model):
    """One attempt at a delivery and what came of it. Kept as long as the delivery."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    http_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="null: there was no answer.")
    seconds = models.FloatField(help_text="How long it took, answer or not.")
    excerpt = models.CharField(max_length=500, blank=True, help_text="How the answer began.")
    error = models.CharField(max_length=300, blank=True, help_text="Why there was no answer.")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"attempt at {self.delivery_id}: {self.http_status or self.error}"
