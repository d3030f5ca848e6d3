"""Generating pairs for chosen prompts: the question with its count and settings, then the job."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import DomainError, NotAllowed
from labeling.access import get_led_campaign
from labeling.actions.bulk import NothingSelected
from labeling.models import BulkAct
from labeling.queries.lists import fingerprint
from labeling.queries.progress import prompts_apart
from labeling.web.edge import form_of, page, person, refuse
from labeling.web.selections import SHOWN, change_since_shown, chosen, has_confirmed, list_address, sent_view
from training.access import visible_versions
from training.actions.generation import ALREADY_WRITING, start_generation
from training.queries.overview import campaign_training_overview
from training.web.forms import GenerationForm


@page
@form_of("prompts", "slug")
def prompts_generate(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for the settings of a generation for the chosen prompts; with `confirmed` it starts it.

    If they are other prompts by then, it asks again.
    """
    user = person(request)
    campaign = get_led_campaign(user, slug)
    try:
        rows = chosen(request, campaign, BulkAct.Target.PROMPTS)
    except NothingSelected as error:
        messages.error(request, error.message)
        return redirect("prompts", slug)
    overview = campaign_training_overview(campaign)
    if overview.generation is not None and overview.generation.is_active:
        messages.error(request, ALREADY_WRITING)
        return redirect(list_address(campaign, BulkAct.Target.PROMPTS, sent_view(request)))
    prompts = rows.selection.rows(campaign).filter(retired_at=None).exclude(pk__in=prompts_apart(campaign).values("pk"))
    is_confirmed, about = has_confirmed(request), fingerprint(prompts)
    form = GenerationForm(
        request.POST if is_confirmed else None,
        versions=visible_versions(user).order_by("-pk"),
        serving=overview.serving,
        last=overview.generation,
    )
    if is_confirmed and (change := change_since_shown(request, about)):
        form.add_error(None, change)
    elif is_confirmed and form.is_valid():
        try:
            job = start_generation(
                campaign=campaign,
                acting_user=user,
                now=timezone.now(),
                spec=form.spec(),
                prompts=prompts.only("campaign_id", "messages_hash", "retired_at"),
            )
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(form, error)
        else:
            text = _("%(total)s completions are being written. You can leave this page.")
            messages.success(request, text % {"total": job.total})
            return redirect("campaign", slug)
    context = {
        "campaign": campaign,
        "form": form,
        "hidden": [*rows.hidden, ("view", sent_view(request)), (SHOWN, about)],
        "back": list_address(campaign, BulkAct.Target.PROMPTS, sent_view(request)),
        "total": about.count,
        "label": _("Generate pairs"),
        "target": BulkAct.Target.PROMPTS,
        "tab": "prompts",
    }
    return render(request, "training/prompts_generate.html", context)
