"""Webhooks and their deliveries."""

from typing import Any

from rest_framework import serializers

from labeling.models import Webhook, WebhookAttempt, WebhookDelivery


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """An address that is told of events. campaign: null, of all campaigns (for admins)."""

    campaign = serializers.SlugField(source="campaign.slug", allow_null=True, required=False, default=None)

    class Meta:
        model = Webhook
        fields = (
            "id",
            "campaign",
            "url",
            "event_types",
            "is_active",
            "disabled_reason",
            "previous_until",
            "created_at",
        )
        read_only_fields = ("disabled_reason", "previous_until", "created_at")


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Signs the messages. Shown this once.")

    class Meta:
        model = Webhook
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = (*WebhookSerializer.Meta.read_only_fields, "is_active")


class ChangeWebhookSerializer(serializers.ModelSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = ("url", "event_types", "is_active")


class WebhookAttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """One attempt; http_status: null where there was no answer, then error says why."""

    class Meta:
        model = WebhookAttempt
        fields = ("at", "http_status", "seconds", "excerpt", "error")


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One message and what came of it.

    http_status, seconds, excerpt and error are of the last attempt; attempts: since it was last sent by hand; log: all
    there ever were, oldest first.
    """

    event = serializers.IntegerField(source="event_id")
    log = WebhookAttemptSerializer(many=True, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "message_id",
            "type",
            "event",
            "status",
            "attempts",
            "created_at",
            "due_at",
            "tried_at",
            "http_status",
            "seconds",
            "excerpt",
            "error",
            "log",
        )


class WebhookTypeSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    meaning = serializers.CharField()
