"""Webhooks of one campaign or of all campaigns, and the deliveries of their messages."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.outgoing.posting import Reply
from common.wording import decimals
from labeling.access import get_delivery, get_led_campaign, get_webhook, require_admin
from labeling.actions.webhook_tests import send_test_message
from labeling.actions.webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    retry_delivery,
    rotate_webhook_secret,
)
from labeling.models import Campaign, Webhook, WebhookDelivery
from labeling.web.edge import act, attempt, form_of, page, person
from labeling.web.forms import WebhookForm

SHOWN = 50


@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Lists the webhooks and their newest messages; a POST creates a webhook and shows its secret, once.

    With `do=test`, a POST sends a test message to the address instead.
    """
    campaign = _campaign(request, slug)
    form = WebhookForm(request.POST or None)
    if request.POST.get("do") == "test":
        return _test(request, campaign, form)
    created = attempt(form, lambda: _create(request, campaign, form)) if request.method == "POST" else None
    return _list(request, campaign, WebhookForm() if created else form, created)


def _page_of_webhook(request: HttpRequest, webhook_id: int) -> str:
    return _address(get_webhook(person(request), webhook_id).campaign)


def _page_of_delivery(request: HttpRequest, delivery_id: int) -> str:
    return _address(get_delivery(person(request), delivery_id).webhook.campaign)


@page
@never_cache
@form_of(_page_of_webhook)
def webhook_rotate(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Replaces the secret and shows the new one, once."""
    webhook = get_webhook(person(request), webhook_id)
    rotated = rotate_webhook_secret(webhook=webhook, acting_user=person(request), now=timezone.now())
    return _list(request, webhook.campaign, WebhookForm(), rotated)


@page
@form_of(_page_of_webhook)
def webhook_change(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Switches a webhook on or off, or deletes it."""
    webhook, user, now = get_webhook(person(request), webhook_id), person(request), timezone.now()
    errands: dict[str, Callable[[], object]] = {
        "on": lambda: change_webhook(webhook=webhook, is_active=True, acting_user=user, now=now),
        "off": lambda: change_webhook(webhook=webhook, is_active=False, acting_user=user, now=now),
        "delete": lambda: delete_webhook(webhook=webhook, acting_user=user, now=now),
    }
    button = request.POST.get("do", "")
    if button not in errands:
        raise Http404(_("The form names no action."))

    def errand() -> str:
        errands[button]()
        switched = {"on": gettext("The webhook is switched on."), "off": gettext("The webhook is switched off.")}
        return switched.get(button, gettext("The webhook is deleted."))

    return act(request, errand, back=_address(webhook.campaign))


@page
@form_of(_page_of_delivery)
def delivery_retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Sends a message again."""
    delivery = get_delivery(person(request), delivery_id)

    def errand() -> str:
        retry_delivery(delivery=delivery, acting_user=person(request), now=timezone.now())
        return _("The message is being sent again.")

    return act(request, errand, back=_address(delivery.webhook.campaign))


def _campaign(request: HttpRequest, slug: str | None) -> Campaign | None:
    if slug is None:
        require_admin(person(request))
        return None
    return get_led_campaign(person(request), slug)


def _test(request: HttpRequest, campaign: Campaign | None, form: WebhookForm) -> HttpResponse:
    """Sends a test message and shows the response; what was typed stays."""
    form.fields["event_types"].required = False

    def send() -> Reply:
        url = form.cleaned_data["url"]
        return send_test_message(url=url, campaign=campaign, acting_user=person(request), now=timezone.now())

    reply = attempt(form, send)
    if reply is not None:
        _report(request, reply)
    return _list(request, campaign, form, None)


def _report(request: HttpRequest, reply: Reply) -> None:
    values = {"status": reply.status, "seconds": decimals(reply.seconds, 2)}
    if reply.status < 300:
        messages.success(request, _("The test message was accepted: %(status)s in %(seconds)s s.") % values)
    else:
        text = _("The address responded with %(status)s: it does not accept messages. Check its path and its log.")
        messages.error(request, text % values)


def _create(request: HttpRequest, campaign: Campaign | None, form: WebhookForm) -> Webhook:
    return create_webhook(campaign=campaign, **form.cleaned_data, acting_user=person(request), now=timezone.now())


def _list(request: HttpRequest, campaign: Campaign | None, form: WebhookForm, made: Webhook | None) -> HttpResponse:
    """The page; made: the webhook whose secret is shown."""
    context = {
        "campaign": campaign,
        "address": _address(campaign),
        "form": form,
        "made": made,
        "webhooks": Webhook.objects.filter(campaign=campaign).order_by("pk"),
        "deliveries": WebhookDelivery.objects.filter(webhook__campaign=campaign)
        .select_related("webhook")
        .prefetch_related("log")
        .order_by("-pk")[:SHOWN],
        "tab": "webhooks",
    }
    return render(request, "labeling/webhooks.html", context)


def _address(campaign: Campaign | None) -> str:
    return reverse("webhooks", args=[campaign.slug]) if campaign else reverse("all_webhooks")
