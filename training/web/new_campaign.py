"""Setting up a campaign step by step: rules, data, model, people, and a preview.

Every button sends the whole form. It is kept as a draft, with its files, before anything is checked. So nothing typed
or chosen is lost, and the page works without JavaScript.
"""

from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from common.errors import DomainError, NotAllowed
from common.numbers import whole_number
from labeling.access import require_may_create_campaigns
from labeling.actions.uploads import opened_upload
from labeling.models import Campaign
from labeling.web.campaign_forms import NewCampaignForm
from labeling.web.edge import form_of, page, person, refuse, takes_files
from labeling.web.preview import preview_of
from training.actions.draft_files import add_file, change_kind, remove_file
from training.actions.drafts import create_from_draft, discard_draft, save_draft
from training.actions.setting_up import CampaignSetUp, Material, MaterialFile
from training.models import CampaignDraft, DraftFile
from training.web.wizard import LAST, STEPS, Wizard, key_of, values_of


@takes_files
@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """The form in steps. `go` of a POST: next, back, stay, find, a step's number, create, discard or remove-ID."""
    user = person(request)
    require_may_create_campaigns(user)
    if request.method == "POST":
        return _act(request)
    key = key_of(request.GET.get("draft", ""))
    draft = CampaignDraft.objects.filter(owner=user, key=key, campaign=None).first()
    present = _step(request.GET.get("step", "") or (draft.step if draft else ""))
    wizard = Wizard(user, key=key, values=draft.values if draft else None, present=present)
    wizard.hide_errors()
    return _render(request, wizard)


@takes_files
@page
@form_of("new_campaign")
def new_campaign_preview(request: HttpRequest) -> HttpResponse:
    """A preview of the annotators' page of a campaign that does not exist yet. Nothing is stored."""
    require_may_create_campaigns(person(request))
    form = NewCampaignForm(request.POST)
    form.is_valid()  # puts valid values into the instance; invalid ones keep their defaults
    campaign: Campaign = form.instance
    campaign.name, campaign.slug = campaign.name or "New campaign", "preview"
    prompts = request.POST.get("prompts", "").strip().splitlines()
    return preview_of(
        request, campaign, guidelines=request.POST.get("guidelines", ""), prompt=prompts[0] if prompts else ""
    )


def _act(request: HttpRequest) -> HttpResponse:
    user, now, go = person(request), timezone.now(), request.POST.get("go", "create")
    key, present = key_of(request.POST.get("key", "")), _step(request.POST.get("step", ""))
    made = CampaignDraft.objects.filter(owner=user, key=key).exclude(campaign=None).first()
    if made is not None and made.campaign is not None:
        messages.info(request, _("%(name)s was created from this form already.") % {"name": made.campaign.name})
        return redirect("campaign", slug=made.campaign.slug)
    if go == "discard":
        discard_draft(draft=get_object_or_404(CampaignDraft, owner=user, key=key))
        messages.success(request, _("The draft is discarded."))
        return redirect("new_campaign")
    values = values_of(request.POST)
    draft = save_draft(key=key, values=values | {"step": [str(present)]}, acting_user=user, now=now)
    refused = _keep_files(request, draft, go)
    wizard = Wizard(user, key=key, values=draft.values, present=present)
    target = _target(go, present)
    numbers = range(1, LAST + 1) if go == "create" else range(present, max(target, present))
    wrong = wizard.first_wrong(numbers)
    if refused:
        for sentence in refused:
            wizard.rest.add_error("uploads", sentence)
        wrong = min(wrong or LAST, _number("data"))
    if wrong is not None:
        wizard.present = wrong
        return _render(request, wizard)
    if go == "create":
        return _create(request, draft, wizard)
    save_draft(key=key, values=values | {"step": [str(target)]}, acting_user=user, now=now)
    return redirect(f"{reverse('new_campaign')}?{urlencode({'draft': key, 'step': target})}")


def _create(request: HttpRequest, draft: CampaignDraft, wizard: Wizard) -> HttpResponse:
    parts = wizard.rest.arguments(wizard.files, serving=wizard.serving)
    try:
        with ExitStack() as opened:
            files = [
                MaterialFile(
                    one.name, opened.enter_context(opened_upload(one.upload, acting_user=person(request))), one.kind
                )
                for one in wizard.files
            ]
            parts["material"] = Material(wizard.rest.cleaned_data["prompts"], files)
            set_up = create_from_draft(
                draft=draft,
                rules=wizard.rules.cleaned_data,
                acting_user=person(request),
                now=timezone.now(),
                **parts,
            )
    except NotAllowed:
        raise
    except DomainError as error:
        refuse(wizard.form_of(error.fields), error)
        wizard.present = wizard.first_wrong(range(1, LAST + 1)) or wizard.present
        return _render(request, wizard)
    assert draft.campaign is not None
    if set_up is not None:
        _say(request, set_up)
    return redirect("campaign", slug=draft.campaign.slug)


def _keep_files(request: HttpRequest, draft: CampaignDraft, go: str) -> list[str]:
    """Stores the chosen files, and changes those kept earlier. Returns a sentence for each that is refused."""
    refused, now = [], timezone.now()
    for file in draft.files.select_related("upload__owner"):
        if go == f"remove-{file.pk}":
            remove_file(file=file)
            continue
        try:
            change_kind(file=file, kind=request.POST.get(f"kind_{file.pk}", file.kind))
        except DomainError as error:
            refused.append(f"{file.name}: {error.message}")
    for upload in request.FILES.getlist("uploads"):
        try:
            add_file(draft=draft, name=upload.name or "", size=upload.size or 0, stream=upload.open(), now=now)
        except DomainError as error:
            refused.append(f"{upload.name}: {error.message}")
    return refused


def _target(go: str, present: int) -> int:
    if go in ("next", "back"):
        return max(1, min(LAST, present + (1 if go == "next" else -1)))
    return _step(go) if go.isdecimal() else present


def _step(text: str) -> int:
    return max(1, min(LAST, whole_number(text) or 1))


def _number(name: str) -> int:
    return next(number for number, step in enumerate(STEPS, start=1) if step.name == name)


def _render(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    drafts = CampaignDraft.objects.filter(owner=person(request), campaign=None).exclude(key=wizard.key)
    context: dict[str, Any] = {
        "wizard": wizard,
        "form": wizard.rules,
        "rest": wizard.rest,
        "serving": wizard.serving,
        "kinds": DraftFile.Kind.choices,
        "drafts": drafts.order_by("-pk")[:5] if not wizard.was_filled_in else [],
        "nav": "home",
    }
    return render(request, "training/new_campaign.html", context)


def _say(request: HttpRequest, set_up: CampaignSetUp) -> None:
    """The messages on the campaign's first page."""
    messages.success(request, _("%(name)s has been created.") % {"name": set_up.campaign.name})
    for name, report in set_up.reports:
        if report.rejected_count:
            text = ngettext(
                "%(name)s: %(refused)s record was refused, %(count)s imported.",
                "%(name)s: %(refused)s records were refused, %(count)s imported.",
                report.rejected_count,
            )
            values = {"name": name, "refused": report.rejected_count, "count": report.created}
            messages.warning(request, text % values)
    if set_up.invitation:
        link = request.build_absolute_uri(reverse("invitation", args=[set_up.invitation]))
        text = _("Send this invitation link now. It is shown only once:")
        messages.info(request, format_html("{} <code>{}</code>", text, link))
