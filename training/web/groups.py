"""The groups of a campaign's annotators: declared, searched for, compared, and with versions of their own."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from common.wording import decimals, percent
from labeling.access import get_led_campaign
from labeling.actions.groups import declare_grouping, remove_grouping
from labeling.models import AnnotatorGroup, Campaign, Grouping
from labeling.queries.groups import FEWEST_SHOWN
from labeling.queries.planned_votes import planned_of
from labeling.stats import Estimate
from labeling.web.edge import act, form_of, page, person, submit
from labeling.web.figure_rows import counted, interval
from labeling.web.group_form import GroupingForm
from training.actions.group_versions import start_group_measurement, start_group_run
from training.actions.groups import cancel_group_job, declare_found, newest_search, start_group_search
from training.models import JobStatus
from training.queries.group_page import GroupingShown, grouping_shown, newest_job
from training.queries.group_win_rates import GroupWinRate
from training.queries.groups import finding_of, found_groups
from training.queries.waiting import Waiting
from training.web.jobs import STOPPED, STOPPING
from training.web.training_advice import queued_sentence


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure in a table. value: empty: hidden or not known; why says so."""

    value: str
    interval: str = ""
    why: str = ""


@page
@require_safe
def groups(request: HttpRequest, slug: str) -> HttpResponse:
    """The page. grouping: the number of the one to show; without it the newest. new: to declare another."""
    campaign = get_led_campaign(person(request), slug)
    return _page(request, campaign, _chosen(campaign, request.GET, newest=True))


@page
@form_of("groups", "slug")
def groups_declare(request: HttpRequest, slug: str) -> HttpResponse:
    """Declares a grouping, or replaces the groups of one with this name."""
    campaign = get_led_campaign(person(request), slug)
    grouping = _chosen(campaign, request.POST)
    form = GroupingForm(request.POST, campaign=campaign, grouping=grouping)

    def errand() -> str:
        name, of = form.cleaned_data["name"], form.groups()
        declared = declare_grouping(
            campaign=campaign, name=name, groups=of, acting_user=person(request), now=timezone.now()
        )
        return gettext("The groups of %(name)s are saved.") % {"name": declared.name}

    done = reverse("groups", args=[slug])
    return submit(request, form, errand, done=done, again=lambda: _page(request, campaign, grouping, form))


@page
@form_of("groups", "slug")
def groups_change(request: HttpRequest, slug: str) -> HttpResponse:
    """Removes a grouping, trains a version of a group, or has the versions measured, depending on the button."""
    campaign = get_led_campaign(person(request), slug)
    grouping = _chosen(campaign, request.POST)
    if grouping is None:
        raise Http404("There is no such grouping in this campaign.")
    do, who, now = request.POST.get("do", ""), person(request), timezone.now()

    def remove() -> str:
        remove_grouping(campaign=campaign, name=grouping.name, acting_user=who, now=now)
        return gettext("%(name)s is removed. The event log keeps its groups.") % {"name": grouping.name}

    def train() -> str:
        group = AnnotatorGroup.objects.filter(grouping=grouping, name=request.POST.get("group", "")).first()
        if group is None:
            raise Http404("There is no such group.")
        return queued_sentence(start_group_run(group=group, acting_user=who, now=now))

    def measure() -> str:
        start_group_measurement(grouping=grouping, acting_user=who, now=now)
        return gettext("A worker measures the versions of the groups.")

    errands = {"remove": remove, "train": train, "measure": measure}
    if do not in errands:
        raise Http404("The form names no act.")
    back = reverse("groups", args=[slug])
    shown = "" if do == "remove" else f"?{urlencode({'grouping': grouping.pk})}"
    return act(request, errands[do], back=back + shown)


@page
@form_of("groups", "slug")
def groups_search(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts or cancels a search, or declares the groups that it found, depending on the button."""
    campaign = get_led_campaign(person(request), slug)
    do, who, now = request.POST.get("do", ""), person(request), timezone.now()

    def start() -> str:
        start_group_search(campaign=campaign, acting_user=who, now=now)
        return gettext("A worker looks for groups in the votes.")

    def cancel() -> str:
        job = cancel_group_job(campaign=campaign, acting_user=who, now=now)
        return str(STOPPED if job.status == JobStatus.CANCELLED else STOPPING)

    def declare() -> str:
        name = gettext("Found groups")
        declare_found(campaign=campaign, name=name, acting_user=who, now=now)
        return gettext("The groups of %(name)s are saved.") % {"name": name}

    errands = {"start": start, "cancel": cancel, "declare": declare}
    if do not in errands:
        raise Http404("The form names no act.")
    return act(request, errands[do], back=reverse("groups", args=[slug]))


def _chosen(campaign: Campaign, sent: QueryDict, *, newest: bool = False) -> Grouping | None:
    """The grouping that a request names; None: it names none. newest: then the newest, unless it wants a new one.

    Raises Http404.
    """
    number = sent.get("grouping", "")
    rows = campaign.groupings.select_related("campaign").order_by("-at", "-pk")
    if not number:
        return rows.first() if newest and "new" not in sent else None
    found = rows.filter(pk=number).first() if number.isdigit() and len(number) < 19 else None
    if found is None:
        raise Http404("There is no such grouping in this campaign.")
    return found


def _page(
    request: HttpRequest, campaign: Campaign, grouping: Grouping | None, form: GroupingForm | None = None
) -> HttpResponse:
    job, search = newest_job(campaign), newest_search(campaign)
    result = search.result if search else None
    shown = grouping_shown(grouping) if grouping else None
    context: dict[str, Any] = {
        "campaign": campaign,
        "tab": "groups",
        "groupings": list(campaign.groupings.order_by("name")),
        "grouping": grouping,
        "form": form or GroupingForm(None, campaign=campaign, grouping=grouping),
        "names": [one.name for one in shown.figures.groups] if shown else [],
        "job": job,
        "wait": Waiting(person(request), now=timezone.now()).of(job),
        "result": result,
        "finding": finding_of(result) if result else "",
        "found": [
            (one, [(label, decimals(weight, 1, signed=True)) for label, weight in one.leanings])
            for one in (found_groups(campaign, result) if result else [])
        ],
        "fewest": FEWEST_SHOWN,
        "planned": planned_of(campaign),
    }
    if shown:
        context |= _figures(shown)
    return render(request, "training/groups.html", context)


def _figures(shown: GroupingShown) -> dict[str, Any]:
    own = {one.group: one.version.name for one in shown.versions}
    table = shown.table
    return {
        "is_counted": shown.figures.is_counted,
        "within": [(one, _cell(one.agreement), _cell(one.alpha, "coefficient")) for one in shown.figures.groups],
        "between": [(one, _cell(one.agreement), _cell(one.alpha, "coefficient")) for one in shown.figures.between],
        "versions": [(one.name, own.get(one.name, "")) for one in shown.figures.groups],
        "has_versions": bool(own),
        "gates": [(one.gate, [(rate.group, _rate(rate)) for rate in one.rates]) for one in shown.gates],
        "table": table,
        "table_rows": [
            (row, [(name, _cell(cell)) for name, cell in zip(table.groups, row.cells, strict=True)])
            for row in table.rows
        ]
        if table
        else [],
        "worst_one": percent(table.worst_one) if table and table.worst_one is not None else "",
        "worst_each": percent(table.worst_each) if table and table.worst_each is not None else "",
    }


def _rate(rate: GroupWinRate) -> Cell:
    return Cell("", why=str(rate.sentence)) if rate.win_rate is None else _cell(rate.win_rate)


def _cell(estimate: Estimate | None, unit: Any = "share") -> Cell:
    if estimate is None:
        return Cell("", why=gettext("Hidden: too few members have voted."))
    if estimate.value is None:
        return Cell("", why=gettext(estimate.reason or ""))
    value = decimals(estimate.value, 2) if unit == "coefficient" else percent(estimate.value)
    return Cell(value, interval(estimate, unit), counted("comparison", estimate.comparisons))
