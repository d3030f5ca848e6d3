"""Webhooks, their secrets, and the deliveries of their messages."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_delivery, get_led_campaign, get_webhook, visible_webhooks
from labeling.actions.webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    retry_delivery,
    rotate_webhook_secret,
)
from labeling.api.base import ApiView
from labeling.api.filters import DeliveryFilter, WebhookFilter
from labeling.api.idempotency import once
from labeling.api.serializers.webhooks import (
    ChangeWebhookSerializer,
    NewWebhookSerializer,
    WebhookDeliverySerializer,
    WebhookSerializer,
    WebhookTypeSerializer,
)
from labeling.events.types import offered
from labeling.models import Scope


class WebhooksView(ApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="list_webhooks", parameters=[WebhookFilter], responses=WebhookSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the webhooks of the campaigns you lead. Admins also see those of all campaigns."""
        return self.paged(visible_webhooks(self.person).filter(**self.asked(WebhookFilter)), WebhookSerializer)

    @extend_schema(operation_id="create_webhook", request=NewWebhookSerializer, responses={201: NewWebhookSerializer})
    @once
    def post(self, request: Request) -> Response:
        """Create a webhook. Messages are signed by Standard Webhooks; the secret is shown only in this response.

        For a campaign's leads. A webhook without a campaign receives the events of all campaigns; for admins.
        """
        values = self.validated(NewWebhookSerializer, request)
        slug = (values.pop("campaign", None) or {}).get("slug")
        campaign = get_led_campaign(self.person, slug) if slug else None
        webhook = create_webhook(
            campaign=campaign, **values, seed=self.fresh_secret(), acting_user=self.person, now=self.now
        )
        return Response(NewWebhookSerializer(webhook).data, status=201)


class WebhookView(ApiView):
    scopes = {"GET": Scope.READ, "PATCH": Scope.CAMPAIGNS, "DELETE": Scope.CAMPAIGNS}

    @extend_schema(operation_id="read_webhook", responses=WebhookSerializer)
    def get(self, request: Request, webhook_id: int) -> Response:
        """Get a webhook. For its campaign's leads."""
        return Response(WebhookSerializer(get_webhook(self.person, webhook_id)).data)

    @extend_schema(operation_id="change_webhook", request=ChangeWebhookSerializer, responses=WebhookSerializer)
    def patch(self, request: Request, webhook_id: int) -> Response:
        """Change a webhook's address or types of events, or switch it on or off."""
        webhook = get_webhook(self.person, webhook_id)
        values = self.validated(ChangeWebhookSerializer, request, partial=True)
        changed = change_webhook(webhook=webhook, **values, acting_user=self.person, now=self.now)
        return Response(WebhookSerializer(changed).data)

    @extend_schema(operation_id="delete_webhook", responses={204: None})
    def delete(self, request: Request, webhook_id: int) -> Response:
        """Delete a webhook and its deliveries."""
        delete_webhook(webhook=get_webhook(self.person, webhook_id), acting_user=self.person, now=self.now)
        return Response(status=204)


class RotateSecretView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="rotate_webhook_secret", request=None, responses={201: NewWebhookSerializer})
    @once
    def post(self, request: Request, webhook_id: int) -> Response:
        """Replace the secret; the new one is shown only in this response.

        For one day, messages also carry a signature by the previous secret.
        """
        webhook = get_webhook(self.person, webhook_id)
        rotated = rotate_webhook_secret(
            webhook=webhook, seed=self.fresh_secret(), acting_user=self.person, now=self.now
        )
        return Response(NewWebhookSerializer(rotated).data, status=201)


class DeliveriesView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_webhook_deliveries",
        parameters=[DeliveryFilter],
        responses=WebhookDeliverySerializer(many=True),
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        """List a webhook's messages and the results of their delivery, newest first."""
        webhook = get_webhook(self.person, webhook_id)
        deliveries = webhook.deliveries.filter(**self.asked(DeliveryFilter)).prefetch_related("log")
        return self.paged(deliveries, WebhookDeliverySerializer)


class RetryDeliveryView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="retry_webhook_delivery", request=None, responses=WebhookDeliverySerializer)
    def post(self, request: Request, delivery_id: int) -> Response:
        """Send a message again, whatever the earlier result."""
        delivery = get_delivery(self.person, delivery_id)
        retried = retry_delivery(delivery=delivery, acting_user=self.person, now=self.now)
        return Response(WebhookDeliverySerializer(retried).data)


class WebhookTypesView(ApiView):
    scopes = {"GET": Scope.READ}
    pagination_class = None  # a short, fixed list

    @extend_schema(operation_id="webhook_types", responses=WebhookTypeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the types of events that a webhook can receive."""
        return Response([{"type": kind, "meaning": meaning} for kind, meaning in offered().items()])
