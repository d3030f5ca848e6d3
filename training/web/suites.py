"""Suites of a campaign: the list, one with its versions and runs, and the forms that make and change one."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.stamps import stamp_of
from common.text_area import TextArea
from labeling.access import get_led_campaign
from labeling.web.edge import act, attempt, form_of, page, person, stamp_shown, submit
from training.access import visible_suites, visible_versions
from training.actions.suite_runs import start_suite_run
from training.actions.suites import (
    SHIPPED_NAMES,
    add_shipped_suite,
    create_suite,
    save_suite,
    scenarios_from,
    shipped_slug,
    suite_values,
)
from training.evaluation.suite_results import figures_of_run, results_of, suites_of
from training.evaluation.suites import Scenario, parse_scenario, write_suite
from training.models import Suite, SuiteRun
from training.queries.serving import current_deployment
from training.queries.waiting import Waiting
from training.web.forms import VersionField
from training.web.suite_words import tag_label

RUNS_LISTED = 20
MOST_CHARACTERS = 2_000_000

FORMS = (
    ("jsonl", gettext_lazy("JSONL: one scenario a line")),
    ("yaml", gettext_lazy("YAML of promptfoo or Inspect")),
)


class SuiteForm(forms.Form):
    """A new suite: its name and its scenarios, as a file or as a text."""

    use_required_attribute = False  # a browser would ask for the text although a file is chosen

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    form = forms.ChoiceField(label=gettext_lazy("Format"), choices=FORMS)
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("Takes the place of the text below. A name that ends in .yaml or .yml says the format."),
    )
    scenarios = forms.CharField(
        label=gettext_lazy("Scenarios"),
        max_length=MOST_CHARACTERS,
        widget=TextArea({"rows": 8, "spellcheck": "false", "class": "code-area"}),
        strip=False,
    )

    def __init__(self, sent: QueryDict | None = None, files: MultiValueDict[str, Any] | None = None) -> None:
        file = files.get("file") if files else None
        super().__init__(_with_text_of(file, sent) if sent is not None and file else sent, files, auto_id="suite_%s")

    def clean_file(self) -> None:
        """Raises ValidationError for a file that is no text."""
        file = self.cleaned_data["file"]
        if file and _text_of(file) is None:
            raise forms.ValidationError(gettext_lazy("The file is no text in UTF-8. Save it again as UTF-8."))

    def given(self) -> list[Scenario]:
        return scenarios_from(self.cleaned_data["scenarios"], self.cleaned_data["form"])


def _text_of(file: "UploadedFile[Any]") -> str | None:
    file.seek(0)
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _with_text_of(file: "UploadedFile[Any]", sent: QueryDict) -> QueryDict:
    """The form as sent, with a file's text as the scenarios: a refused form shows it, and nothing is sent again."""
    values = sent.copy()
    if (text := _text_of(file)) is not None:
        values["scenarios"] = text
    if (file.name or "").lower().endswith((".yaml", ".yml")):
        values["form"] = "yaml"
    return values


class SuiteEditForm(forms.Form):
    """The scenarios of a suite, one a line."""

    scenarios = forms.CharField(
        label=gettext_lazy("Scenarios, one a line"),
        max_length=MOST_CHARACTERS,
        widget=TextArea({"rows": 24, "spellcheck": "false", "class": "code-area"}),
        strip=False,
    )
    before_gate = forms.BooleanField(
        label=gettext_lazy("Run every new version on it before the gate decides"), required=False
    )

    def __init__(self, sent: Any = None, *, suite: Suite) -> None:
        text = write_suite([parse_scenario(scenario) for scenario in suite.current.scenarios])
        super().__init__(sent, auto_id="suite_%s", initial={"scenarios": text, "before_gate": suite.before_gate})


class SuiteRunForm(forms.Form):
    """A run: its version."""

    version = VersionField(label=gettext_lazy("Version"), queryset=None)
    max_tokens = forms.IntegerField(
        label=gettext_lazy("Longest answer, tokens"), min_value=1, max_value=8192, initial=256
    )

    def __init__(self, sent: Any = None, *, versions: Any) -> None:
        super().__init__(sent, auto_id="run_%s")
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        deployment = current_deployment()
        if deployment is not None:
            self.fields["version"].initial = deployment.version


@page
@require_http_methods(["GET", "HEAD", "POST"])
def suites(request: HttpRequest, slug: str) -> HttpResponse:
    """The suites of a campaign, and the form of a new one."""
    user = person(request)
    campaign = get_led_campaign(user, slug)
    form = SuiteForm(request.POST, request.FILES) if request.method == "POST" else SuiteForm()

    def make() -> Suite:
        return create_suite(
            campaign=campaign,
            name=form.cleaned_data["name"],
            scenarios=form.given(),
            acting_user=user,
            now=timezone.now(),
        )

    if request.method == "POST" and (made := attempt(form, make)):
        return redirect("suite", pk=made.pk)
    rows = list(suites_of(campaign))
    slugs = {row.slug for row in rows}
    context = {
        "campaign": campaign,
        "rows": rows,
        "form": form,
        "shipped": [(key, name) for key, name in SHIPPED_NAMES.items() if shipped_slug(key) not in slugs],
        "tab": "suites",
    }
    return render(request, "training/suites.html", context)


@page
@form_of("suites", "slug")
def suites_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Adds a shipped suite."""
    user = person(request)
    campaign = get_led_campaign(user, slug)

    def errand() -> str:
        shipped = request.POST.get("shipped", "")
        suite = add_shipped_suite(campaign=campaign, shipped=shipped, acting_user=user, now=timezone.now())
        return _("%(name)s was added with %(count)s scenarios.") % {"name": suite.name, "count": suite.current.size}

    return act(request, errand, back=reverse("suites", args=[slug]))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def suite(request: HttpRequest, pk: int) -> HttpResponse:
    """One suite: its scenarios, its runs with their figures, and the form that starts a run."""
    user = person(request)
    row = get_object_or_404(visible_suites(user).select_related("campaign"), pk=pk)
    versions = visible_versions(user).filter(files_removed_at__isnull=True).order_by("-pk")
    form = SuiteRunForm(request.POST if request.method == "POST" else None, versions=versions)

    def errand() -> str:
        started = start_suite_run(
            suite_version=row.current,
            version=form.cleaned_data["version"],
            settings={"max_tokens": form.cleaned_data["max_tokens"]},
            acting_user=user,
            now=timezone.now(),
        )
        return _("Suite run %(number)s has been queued.") % {"number": started.pk}

    def again() -> HttpResponse:
        return render(request, "training/suite.html", _context(request, row) | {"form": form})

    if request.method == "POST":
        return submit(request, form, errand, done=reverse("suite", args=[pk]), again=again)
    return again()


def _context(request: HttpRequest, row: Suite) -> dict[str, Any]:
    waiting = Waiting(person(request), now=timezone.now())
    runs = SuiteRun.objects.filter(suite_version__suite=row).select_related("version", "suite_version")
    listed = [
        {"run": run, "figures": figures_of_run(results_of(run))[0], "wait": waiting.of(run)}
        for run in runs.order_by("-pk")[:RUNS_LISTED]
    ]
    return {
        "suite": row,
        "current": row.current,
        "scenarios": [{**scenario, "label": tag_label(scenario["tag"])} for scenario in row.current.scenarios],
        "versions_of_suite": row.versions.defer("scenarios").select_related("by").order_by("-number"),
        "runs": listed,
        "campaign": row.campaign,
        "tab": "suites",
    }


@page
@require_http_methods(["GET", "HEAD", "POST"])
def suite_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The scenarios as text; saving makes the next version."""
    row = get_object_or_404(visible_suites(person(request)).select_related("campaign"), pk=pk)
    form = SuiteEditForm(request.POST if request.method == "POST" else None, suite=row)

    def errand() -> str:
        version = save_suite(
            suite=row,
            scenarios=scenarios_from(form.cleaned_data["scenarios"]),
            before_gate=form.cleaned_data["before_gate"],
            acting_user=person(request),
            now=timezone.now(),
            expected=stamp_shown(request),
        )
        return _("Version %(number)s of the suite applies from now on.") % {"number": version.number}

    def again() -> HttpResponse:
        context = {
            "suite": row,
            "current": row.current,
            "stamp": stamp_of(suite_values(row)),
            "form": form,
            "campaign": row.campaign,
            "tab": "suites",
        }
        return render(request, "training/suite_edit.html", context)

    if request.method == "POST":
        return submit(request, form, errand, done=reverse("suite", args=[pk]), again=again)
    return again()


@page
@require_safe
def suite_download(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest version as JSONL."""
    row = get_object_or_404(visible_suites(person(request)), pk=pk)
    current = row.current
    text = write_suite([parse_scenario(scenario) for scenario in current.scenarios])
    response = HttpResponse(text, content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.slug}-{current.number}.jsonl"'
    return response
