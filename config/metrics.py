"""Figures for Prometheus at `/metrics`, for programs that know METRICS_TOKEN. Without a token there is no such address.

Requests are counted by each process in files that all processes of a web server share. Everything else is read from the
rows when somebody asks, so every web server tells the same.
"""

import hmac
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.health import last_tick
from config.request_log import route_of
from labeling.models import AgreementWatch, Assignment, Judgment
from training.models import GenerationJob, JobStatus, Run
from training.queries.state import (
    JOBS,
    failing_deliveries,
    newest_backup,
    overdue_leases,
    queue_states,
    silent_jobs,
)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder with the counts of all processes of a server. The settings set it, where there is a token."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
RECENT = timedelta(minutes=1)
MOST_RECENT = 20_000
"""Judgments that are looked at to count those of the last minute."""

REQUESTS = Counter("chosen_requests", "Requests by the name of the address.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "chosen_request_seconds", "Seconds until the response began.", ["route", "method"], buckets=SECONDS
)


class MetricsMiddleware:
    """Counts requests, where there is a token with which somebody may read the counts.

    Answers that reader before anything else does: Prometheus names an IP address as host, and speaks plain HTTP.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/metrics":
            return metrics(request)
        begun = time.perf_counter()
        response = self.get_response(request)
        if settings.METRICS_TOKEN:
            method = request.method if request.method in METHODS else "other"
            route = route_of(request)
            REQUESTS.labels(route, method, response.status_code).inc()
            REQUEST_SECONDS.labels(route, method).observe(time.perf_counter() - begun)
        return response


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures in the text format of Prometheus. 404 without the token: nobody learns that it is here."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.METRICS_TOKEN
    if not known or scheme != "Bearer" or not hmac.compare_digest(token.encode(), known.encode()):
        raise Http404
    registry = CollectorRegistry()
    if FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(REQUEST_SECONDS)
    registry.register(InstallationCollector(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class InstallationCollector(Collector):
    """The figures of the installation at one moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each family with its samples."""
        for part in (self._queues, self._jobs, self._people, self._webhooks, self._machine):
            yield from part()

    def _queues(self) -> Iterator[GaugeMetricFamily]:
        states = queue_states(now=self.now)
        waiting = GaugeMetricFamily("chosen_queue_waiting", "Rows that wait for a worker.", labels=["queue"])
        oldest = GaugeMetricFamily("chosen_queue_oldest_seconds", "Age of the oldest of them.", labels=["queue"])
        workers = GaugeMetricFamily("chosen_queue_workers", "Workers that take from the queue.", labels=["queue"])
        for state in states:
            waiting.add_metric([state.name], state.waiting)
            oldest.add_metric([state.name], state.seconds(self.now))
            workers.add_metric([state.name], state.workers)
        yield from (waiting, oldest, workers)

    def _jobs(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("chosen_jobs", "Jobs by kind and status.", labels=["kind", "status"])
        for model in JOBS:
            rows = model._default_manager.order_by().values_list("status").annotate(number=Count("pk"))
            for status, number in rows:
                jobs.add_metric([str(model._meta.model_name), status], number)
        yield jobs
        yield _gauge("chosen_jobs_silent", "Jobs whose worker is silent.", len(silent_jobs(now=self.now)))
        running = Run.objects.filter(status=JobStatus.RUNNING).values_list("latest", flat=True)
        tokens = sum(latest.get("tokens_per_second") or 0 for latest in running)
        yield _gauge("chosen_training_tokens_per_second", "Tokens a second of the training runs.", tokens)
        rates = GenerationJob.objects.filter(status=JobStatus.RUNNING).values_list("rate", flat=True)
        written = sum(rate or 0 for rate in rates)
        yield _gauge("chosen_generation_completions_per_second", "Completions a second of the generations.", written)

    def _people(self) -> Iterator[GaugeMetricFamily]:
        newest = Judgment.objects.filter(pk__gt=_newest_judgment() - MOST_RECENT)
        judged = newest.filter(created_at__gte=self.now - RECENT, batch=None).count()
        yield _gauge("chosen_judgments_last_minute", "Judgments made in the last minute, skips included.", judged)
        held = Assignment.objects.filter(status=Assignment.Status.LEASED).count()
        yield _gauge("chosen_leases", "Assignments that somebody holds.", held)
        yield _gauge("chosen_leases_overdue", "Those whose time ran out.", overdue_leases(now=self.now))
        fallen = AgreementWatch.objects.filter(fell_at__isnull=False).count()
        yield _gauge("chosen_campaigns_drifting", "Campaigns in which agreement has fallen.", fallen)

    def _webhooks(self) -> Iterator[GaugeMetricFamily]:
        given_up, retried = failing_deliveries(now=self.now)
        yield _gauge("chosen_webhook_messages_given_up", "Webhook messages given up in the last day.", given_up)
        yield _gauge("chosen_webhook_messages_retried", "Webhook messages that failed and are sent again.", retried)

    def _machine(self) -> Iterator[GaugeMetricFamily]:
        usage = shutil.disk_usage(settings.VAR_DIR)
        yield _gauge("chosen_disk_free_bytes", "Room on the disk of the files.", usage.free)
        yield _gauge("chosen_disk_bytes", "Size of the disk of the files.", usage.total)
        if last := last_tick():
            yield _gauge("chosen_schedule_seconds", "Since the schedule sent a task.", self._since(last))
        if backup := newest_backup():
            yield _gauge("chosen_backup_seconds", "Age of the last backup.", self._since(backup.at))

    def _since(self, at: datetime) -> float:
        return max(0.0, (self.now - at).total_seconds())


def _newest_judgment() -> int:
    return Judgment.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
