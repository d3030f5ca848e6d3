"""The time that running jobs still need, from their own pace."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from training.engine.config import RunConfig
from training.models import GenerationJob, JobStatus, ModelJob, Run

# A step costs this many times what scoring the same pairs does: a forward and a backward (docs/experiments.md).
STEP_TO_SCORING = 2.5
# Without a sign of life for so long, nothing is known.
UNKNOWN_AFTER = timedelta(seconds=90)
# So many of the jobs that finished last say how long one usually takes.
USUAL_OF = 5


def remaining_seconds(job: GenerationJob) -> float | None:
    """The time that a generation job still needs at its current rate; None while that is unknown."""
    if job.status != JobStatus.RUNNING or not job.rate:
        return None
    return max(0, job.total - job.done) / job.rate


def run_remaining_seconds(run: Run, *, now: datetime) -> float | None:
    """The time that a run still needs: the rest of its present phase, and the phases that follow.

    A run scores all pairs with the reference, learns, scores the held-out pairs and then, unless it is set not to, all
    pairs again. The promotion gate is not foreseen. 0: it takes longer than estimated. None: not known.
    """
    latest, rate, after = run.latest, run.latest.get("pairs_per_second"), run.latest.get("after_seconds")
    if run.status != JobStatus.RUNNING or run.heartbeat_at is None or now - run.heartbeat_at > UNKNOWN_AFTER:
        return None
    # Heartbeats say that the run lives, not that it advanced: time counts from its latest sign of progress.
    since = now - datetime.fromisoformat(latest["at"]) if "at" in latest else now - run.heartbeat_at
    if after is not None:  # the engine knows its own pace
        return max(0.0, float(latest.get("remaining_seconds", 0.0)) + float(after) - since.total_seconds())
    if not rate:
        return None
    what = latest.get("what", "")  # empty: it learns
    scoring = rate if what else rate * STEP_TO_SCORING  # pairs per second
    seconds = float(latest.get("remaining_seconds", 0.0))
    config = RunConfig.from_mapping(run.config)
    train, test = run.snapshot.train_pairs, run.snapshot.test_pairs
    if what in ("reference", "held_out"):
        steps = max(0, run.total - run.done)
        seconds += min(steps * config.pairs_per_step, config.epochs * train) * STEP_TO_SCORING / scoring
    if what in ("", "reference"):
        seconds += test / scoring
    if what == "final_train":
        seconds += test / scoring
    elif what != "final_test" and config.final_margins:
        seconds += (train + test) / scoring
    return max(0.0, seconds - since.total_seconds())


def usual_pace(model: type[ModelJob]) -> float | None:
    """Seconds for each completion, or each step, of the jobs that finished last; None: none has."""
    finished = model.objects.filter(status=JobStatus.FINISHED, total__gt=0, started_at__isnull=False)
    rows = finished.order_by("-finished_at").values_list("started_at", "finished_at", "total")[:USUAL_OF]
    seconds = [(end - start).total_seconds() for start, end, _total in rows if start and end]
    return sum(seconds) / sum(total for *_times, total in rows) if seconds else None


def usual_remaining_seconds(job: ModelJob, pace: float | None, *, now: datetime) -> float | None:
    """The time that a job still needs if it is as fast as others were, before its own pace is known.

    pace: as of `usual_pace`. None: not known, or it takes longer than they did.
    """
    is_alive = job.heartbeat_at is not None and now - job.heartbeat_at <= UNKNOWN_AFTER
    if pace is None or not job.total or job.started_at is None or not is_alive:
        return None
    left = pace * job.total - (now - job.started_at).total_seconds()
    return left if left > 0 else None


def time_left(seconds: float) -> str:
    """The time left as people say it; an estimate that has run out says so."""
    return _("%(time)s left") % {"time": about(seconds)} if seconds > 0 else _("longer than estimated")


def about(seconds: float) -> str:
    """A time as people say it: a few seconds, about a minute, about 9 minutes, about 3 hours."""
    if seconds < 30:
        return _("a few seconds")
    minutes = round(seconds / 60)
    if minutes <= 1:
        return _("about a minute")
    if minutes < 90:
        return ngettext("about %(count)s minute", "about %(count)s minutes", minutes) % {"count": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(count)s hour", "about %(count)s hours", hours) % {"count": hours}
