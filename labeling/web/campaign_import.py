"""The page that makes a campaign of the file of another one."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from labeling.access import require_may_create_campaigns
from labeling.actions.campaign_imports import import_campaign
from labeling.web.edge import page, person, takes_files
from labeling.web.file_form import FileForm, attempt_with_file


class CampaignImportForm(FileForm):
    file = forms.FileField(label=_("File"), help_text=_("From the export “Whole campaign”, plain or compressed."))
    name = forms.CharField(label=_("Name"), max_length=200, required=False, help_text=_("Empty: the name in the file."))


@takes_files
@page
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_import(request: HttpRequest) -> HttpResponse:
    """A form with the file. The imported campaign is led by the person who sends it."""
    user = person(request)
    require_may_create_campaigns(user)
    form = CampaignImportForm(request.POST or None, request.FILES or None, acting_user=user)
    if request.method == "POST":
        result = attempt_with_file(
            form,
            lambda stream: import_campaign(
                stream=stream,
                name=form.cleaned_data["name"] or None,
                acting_user=user,
                now=timezone.now(),
            ),
        )
        if result is not None:
            text = gettext(
                "Imported: %(comparisons)s comparisons with %(judgments)s judgments of %(people)s annotators."
            )
            kinds = {"comparisons": "comparison", "judgments": "judgment", "people": "annotator"}
            messages.success(request, text % {name: result.counts.get(kind, 0) for name, kind in kinds.items()})
            return redirect("campaign", result.campaign.slug)
    return render(request, "labeling/campaign_import.html", {"form": form})
