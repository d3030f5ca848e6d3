"""The demo's button for simulated annotators."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from common.broker import send
from labeling.access import get_led_campaign
from labeling.web.edge import act, form_of, page, person
from training.rehearsal.demo import check_simulation


@page
@form_of("campaign", "slug")
def demo_simulate(request: HttpRequest, slug: str) -> HttpResponse:
    """Lets simulated annotators judge in the demo: a worker does it, as it takes a while."""
    campaign = get_led_campaign(person(request), slug)

    def errand() -> str:
        check_simulation(campaign, person(request))
        send("training.tasks.simulate_demo", campaign.pk)
        return _("Simulated annotators are judging. The counts on this page follow.")

    return act(request, errand, back=reverse("campaign", args=[slug]))
