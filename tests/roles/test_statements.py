"""A page and a list of the API ask the database as often for thirty of everything as for one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, resolve, reverse

from labeling.models import Judgment, User, Webhook
from tests.browser.furnished import Furnished
from tests.browser.test_pages import NOT_OURS, PAGES, everything
from tests.copying import copy_everything
from tests.people import stage
from tests.roles.bodies import QUERIES
from tests.roles.rules import LABELING_API, TRAINING_API
from training.models import BlameJob, LabSession, Snapshot

pytestmark = pytest.mark.django_db

GROWING = {
    "rounds",
    "api-rounds",  # the phases of each round are read from its jobs
}
"""The addresses that ask once more for each of something."""

OTHERWISE = {
    r"/password/\w+/[\w-]+/": 302,  # the link of a message leads on to an address without its secret
    r"/campaigns/nowhere/": 404,
    r"/api/v1/events/(export/)?": 403,  # for admins
}
"""The addresses that answer with another status than 200: a refusal costs nothing, and proves nothing."""

COLD = 3
"""Statements that only the first request needs, or only a page with a link to the next."""


@pytest.mark.timeout(900)  # it opens every page and list twice
def test_nothing_asks_more_often_where_there_is_more() -> None:
    on_stage = stage(comparisons=12, prefetch=5)
    furnished, names = everything(on_stage)
    clients = {who: _client(who) for who in PAGES}
    asked = [(who, path.format(**names)) for who, paths in PAGES.items() for path in paths if path not in NOT_OURS]
    asked += [("maya", path) for path in _api(furnished, names)]
    before = {(who, path): _statements(clients[who], path) for who, path in asked}
    copy_everything(range(1, 30), shared=[on_stage.campaign, on_stage.maya, on_stage.root, on_stage.alice])
    copy_everything(range(101, 130), shared=list(User.objects.all()))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # without it the planner takes the tables for as small as before
    faults, growing = [], set()
    for who, path in asked:
        more = _statements(clients[who], path) - before[who, path]
        name = str(resolve(path.partition("?")[0]).url_name)
        if more > COLD:
            growing.add(name)
            faults += [] if name in GROWING else [f"{who} {path}: {before[who, path]} statements, then {more} more"]
    assert not faults, "\n".join(faults)
    assert growing == GROWING


def _client(who: str) -> Client:
    client = Client()
    if who != "nobody":
        client.force_login(User.objects.get(username=who))
    return client


def _api(furnished: Furnished, names: dict[str, Any]) -> Iterator[str]:
    """Every address of the API that can be read; the campaign's, or one row's that `everything` made."""
    snapshot = Snapshot.objects.get(pk=names["snapshot"]).content_hash
    judgment = Judgment.objects.order_by("pk")[0].pk
    webhook = Webhook.objects.order_by("pk")[0].pk
    values: dict[tuple[str, ...], list[Any]] = {
        ("api-person-data", "api-erasure"): ["maya"],
        ("api-webhook", "api-webhook-deliveries"): [webhook],
        ("api-batch",): [names["batch"]],
        ("api-round",): [names["turn"]],
        ("api-grouping", "api-group-versions"): ["sums", names["grouping"]],
        ("api-people-gate",): [names["people_gate"]],
        ("api-gate-decision", "api-gate-certificate"): [names["decision"]],
        ("api-left-out",): ["sums", "alice"],
        ("api-comparisons-uses",): ["sums", names["comparison"]],
        ("api-prompts-uses",): ["sums", names["prompt"]],
        ("api-judgments-uses",): ["sums", judgment],
        ("api-generation",): [furnished.writing.pk],
        ("api-blame-job",): [BlameJob.objects.get().pk],
        ("api-lens-job",): [names["lens_job"]],
        ("api-lab-session",): [LabSession.objects.get().pk],
        ("api-run", "api-run-metrics"): [furnished.finished.pk],
        ("api-suite", "api-suite-runs"): [names["suite"]],
        ("api-suite-run", "api-suite-results", "api-suite-judge"): [names["after"]],
        ("api-compare-suite-runs", "api-suite-choices"): [names["after"], names["before"]],
        ("api-version", "api-version-gate", "api-version-evaluations"): ["sums-v2"],
        ("api-evaluation",): [names["evaluation"]],
        ("api-snapshot", "api-snapshot-changes", "api-snapshot-judgments", "api-snapshot-download"): [snapshot],
    }
    arguments = {name: given for several, given in values.items() for name in several}
    elsewhere = {"api-docs", "api-version-download"}  # drawn by Swagger; there are no files
    for name, methods in (LABELING_API | TRAINING_API).items():
        if "GET" in methods and name not in elsewhere:
            yield _address(name, arguments.get(name)) + QUERIES.get(name, "")


def _address(name: str, arguments: list[Any] | None) -> str:
    try:
        return reverse(name, args=arguments or [])
    except NoReverseMatch:
        return reverse(name, args=["sums"])


def _statements(client: Client, path: str) -> int:
    connection.queries_log.clear()
    with transaction.atomic(), CaptureQueriesContext(connection) as seen:
        answer: Any = client.get(path)
        if answer.streaming:
            list(answer.streaming_content)
        transaction.set_rollback(True)
    wanted = next((status for pattern, status in OTHERWISE.items() if re.fullmatch(pattern, path)), 200)
    assert answer.status_code == wanted, f"{path}: {answer.status_code}"
    return len(seen)
