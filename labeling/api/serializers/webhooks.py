"""Webhooks and their deliveries."""

from typing import Any

from rest_framework import serializers

from labeling.models import Webhook, WebhookAttempt, WebhookDelivery


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """An address that receives events. campaign: null for all campaigns (admins only)."""

    campaign = serializers.SlugField(source="campaign.slug", allow_null=True, required=False, default=None)
    disabled_reason = serializers.CharField(read_only=True, help_text="Why the system switched it off.")

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
        read_only_fields = ("previous_until", "created_at")


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Signs the messages. Shown only in this response.")

    class Meta:
        model = Webhook
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = (*WebhookSerializer.Meta.read_only_fields, "is_active")


class ChangeWebhookSerializer(serializers.ModelSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = ("url", "event_types", "is_active")


class WebhookAttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """One attempt. http_status: null if there was no response; then error says why."""

    error = serializers.CharField(read_only=True, help_text="Why there was no response.")

    class Meta:
        model = WebhookAttempt
        fields = ("at", "http_status", "seconds", "excerpt", "error")


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One message and the result of its delivery.

    http_status, seconds, excerpt, error: of the last attempt. attempts: number since the last manual retry. log: all
    attempts, oldest first.
    """

    event = serializers.IntegerField(source="event_id")
    error = serializers.CharField(read_only=True, help_text="Why there was no response.")
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
