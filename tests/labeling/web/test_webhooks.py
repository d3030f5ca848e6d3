"""Webhooks on their page: created, listed with their messages, retried, deleted."""

from common.sentences import Sentence
from labeling.models import Webhook, WebhookAttempt, WebhookDelivery
from tests.clients import Visiting
from tests.people import NOON, stage

PAGE = "/campaigns/sums/webhooks/"


def test_a_lead_sets_up_a_webhook_sees_its_messages_and_removes_it(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    browser = visiting(scene.maya)
    form = {"url": "https://1.1.1.1/hook", "event_types": ["verdict.settled"]}
    made = browser.post(PAGE, form).content.decode()
    webhook = Webhook.objects.get()
    assert webhook.secret in made
    assert webhook.secret not in browser.get(PAGE).content.decode()
    scene.settle("a")
    delivery = WebhookDelivery.objects.get()
    WebhookAttempt.objects.create(delivery=delivery, at=NOON, seconds=15, error="No response within 15 seconds.")
    WebhookAttempt.objects.create(delivery=delivery, at=NOON, seconds=0.5, http_status=500, excerpt="<b>no</b>")
    WebhookDelivery.objects.update(status="given_up")
    page = browser.get(PAGE).content.decode()
    assert "No response within 15 seconds." in page  # every attempt, not only the last
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    browser.post(f"/webhooks/deliveries/{delivery.pk}/retry/")
    delivery.refresh_from_db()
    assert delivery.status == "waiting"
    rotated = browser.post(f"/webhooks/{webhook.pk}/rotate/").content.decode()
    webhook.refresh_from_db()
    assert webhook.secret in rotated
    browser.post(f"/webhooks/{webhook.pk}/change/", {"do": "off"})
    webhook.refresh_from_db()
    assert not webhook.is_active
    browser.post(f"/webhooks/{webhook.pk}/change/", {"do": "delete"})
    assert not Webhook.objects.exists()


def test_why_a_webhook_failed_is_in_the_language_of_the_reader(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    browser = visiting(scene.maya)
    browser.post(PAGE, {"url": "https://1.1.1.1/hook", "event_types": ["verdict.settled"]})
    scene.settle("a")
    error = Sentence("No response within %(seconds)s seconds.", {"seconds": "15"})
    WebhookAttempt.objects.create(delivery=WebhookDelivery.objects.get(), at=NOON, seconds=15, error=error)
    Webhook.objects.update(is_active=False, disabled_reason=Sentence("It accepted no message for about a day."))
    english = browser.get(PAGE).content.decode()
    assert '<span lang="en">No response within 15 seconds.</span>' in english
    assert '<span lang="en">It accepted no message for about a day.</span>' in english
    german = browser.get(PAGE, headers={"Accept-Language": "de"}).content.decode()
    assert '<span lang="de">Keine Antwort innerhalb von 15 Sekunden.</span>' in german
    assert '<span lang="de">Die Adresse hat etwa einen Tag lang keine Nachricht angenommen.</span>' in german


def test_an_address_that_leads_inside_is_refused_beside_its_field(visiting: Visiting) -> None:
    form = {"url": "http://127.0.0.1/", "event_types": ["verdict.settled"]}
    page = visiting(stage().maya).post(PAGE, form).content.decode()
    assert "address that is not public" in page
    assert not Webhook.objects.exists()
