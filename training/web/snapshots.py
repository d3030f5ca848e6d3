"""Snapshots: the list of a campaign's, one with its pairs and what was trained on it, and what changed between two."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from common.text.rendering import render_markdown
from labeling.access import get_led_campaign
from labeling.exchange import Message
from labeling.judging.conversations import turns_html
from labeling.web.edge import page, person
from training.access import visible_snapshots
from training.models import Snapshot
from training.queries.snapshots import (
    KINDS,
    SIDES,
    Changes,
    Row,
    SnapshotGone,
    changes_between,
    comparisons_of,
    pairs_of,
    snapshot_before,
    verified,
)
from training.versions.snapshot_files import snapshot_zip
from training.web.label_biases import bias_rows
from training.web.setting_labels import dropped_label

PAIRS_SHOWN = 20


@page
@require_safe
def snapshots(request: HttpRequest, slug: str) -> HttpResponse:
    """The snapshots of a campaign, newest first, each with what was trained on it."""
    campaign = get_led_campaign(person(request), slug)
    rows = campaign.snapshots.prefetch_related("runs__version").order_by("-pk")
    return render(request, "training/snapshots.html", {"campaign": campaign, "rows": rows, "tab": "snapshots"})


@page
@require_safe
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """One snapshot. side, start: the pairs that are listed. check: compares every byte with the manifest."""
    row = _visible(request, pk)
    side = request.GET.get("side", "")
    side, start = side if side in SIDES else "train", whole_number(request.GET.get("start", "")) or 0
    problem, pairs = "", list[Row]()
    try:
        if "check" in request.GET:
            verified(row)
        pairs = pairs_of(row, side, start=start, size=PAIRS_SHOWN + 1)
    except SnapshotGone as error:
        problem = error.message
    dropped = row.manifest.get("dropped", {})
    context = {
        "snapshot": row,
        "campaign": row.campaign,
        "problem": problem,
        "is_checked": "check" in request.GET and not problem,
        "pairs": [as_shown(one) for one in pairs[:PAIRS_SHOWN]],
        "side": side,
        "older": urlencode({"side": side, "start": start + PAIRS_SHOWN}) if len(pairs) > PAIRS_SHOWN else "",
        "dropped": [(dropped_label(reason), count) for reason, count in dropped.items() if count],
        "biases": row.label_biases,
        "bias_rows": bias_rows(row),
        "runs": row.runs.select_related("version").order_by("pk"),
        "others": row.campaign.snapshots.exclude(pk=row.pk).order_by("-pk")[:20],
        "tab": "snapshots",
    }
    return render(request, "training/snapshot.html", context)


@page
@require_safe
def snapshot_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """The changes from another snapshot (`since`; the one before) of the campaign to this one."""
    after = _visible(request, pk)
    since = whole_number(request.GET.get("since", ""))
    before = snapshot_before(after) if since is None else get_object_or_404(after.campaign.snapshots, pk=since)
    problem, same = "", 0
    kinds: list[tuple[str, int, list[dict[str, object]]]] = []
    try:
        changes = changes_between(before, after)
    except SnapshotGone as error:
        problem = error.message
    else:
        same, kinds = changes.same, kinds_of(changes, after)
    context = {
        "before": before,
        "after": after,
        "campaign": after.campaign,
        "kinds": kinds,
        "same": same,
        "problem": problem,
        "tab": "snapshots",
    }
    return render(request, "training/snapshot_changes.html", context)


@page
@require_safe
def snapshot_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The files of a snapshot as a ZIP file, after their hashes were compared."""
    try:
        filename, pieces = snapshot_zip(_visible(request, pk))
    except SnapshotGone as error:
        messages.error(request, error.message)
        return redirect("snapshot", pk)
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


def _visible(request: HttpRequest, pk: int) -> Snapshot:
    return get_object_or_404(visible_snapshots(person(request)).select_related("campaign"), pk=pk)


def kinds_of(changes: Changes, snapshot: Snapshot) -> list[tuple[str, int, list[dict[str, object]]]]:
    """The kinds of changes that there are, each with its count and its first pairs. snapshot: of their campaign."""
    kinds = []
    for kind in KINDS:
        if rows := changes.rows[kind]:
            numbers = comparisons_of(snapshot, [row.pair for row in rows])
            shown = [as_shown(row._replace(comparison=one)) for row, one in zip(rows, numbers, strict=True)]
            kinds.append((kind, changes.counts[kind], shown))
    return kinds


def as_shown(row: Row) -> dict[str, object]:
    """A pair as a page shows it: its last message, and its texts as they are meant to look."""
    return {
        "question": row.pair.prompt[-1]["content"],
        "chosen": _html(row.pair.chosen, row.pair.chosen_turns),
        "rejected": _html(row.pair.rejected, row.pair.rejected_turns),
        "confidence": row.pair.confidence,
        "confidence_before": row.confidence_before,
        "side": row.side,
        "comparison": row.comparison,
    }


def _html(text: str, turns: Sequence[Message]) -> str:
    return turns_html(turns) if turns else render_markdown(text)
