"""The lab: starting an experiment, asking for steps, ending it. A worker runs it: `training.jobs.lab`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import NotFound
from common.wording import grouped
from labeling.events.record import record
from labeling.models import User
from training.actions.jobs import lock_person
from training.claims import enqueue
from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.errors import JobOver, WrongSettings
from training.models import JobStatus, LabSession, ModelVersion
from training.queries.serving import serving_version

MOST_CHARACTERS = 2_000  # of one text
MOST_WATCHED = 2
MOST_AT_ONCE = 50  # steps

# Makes a handful of steps visible, with the same numbers each time: see docs/experiments.md.
CONFIG: dict[str, Any] = {"dtype": "float32", "schedule": "constant", "warmup_ratio": 0.0, "probe_tokens": 20}
LEARNING_RATE = 5e-5
REMEDIES: dict[str, dict[str, Any]] = {"none": {}, "sft": {"sft_weight": 1.0}, "dpop": {"dpop_weight": 5.0}}


def lab_version() -> ModelVersion:
    """The model of the lab: the base under the serving version. Raises NothingServes."""
    return serving_version().base()


@dataclass(frozen=True, slots=True)
class Experiment:
    """A lesson for the model in the lab, and how it learns it."""

    prompt: str
    """The question that both completions answer."""
    chosen: str
    """The completion that is better."""
    rejected: str
    """The completion that is worse."""
    watched: Sequence[str] = ()
    """Texts that are only scored, to show where the probability goes."""
    beta: float = 0.1
    """The strength of the tie to the model at the start."""
    learning_rate: float = LEARNING_RATE
    """The constant step size of the optimizer."""
    remedy: str = "none"
    """The key of a remedy against likelihood displacement, of REMEDIES."""


@transaction.atomic
def start_lab(
    *, experiment: Experiment, acting_user: User, now: datetime, steps: int = 1, hand_to_worker: bool = True
) -> LabSession:
    """Queues an experiment: the base model under the serving version takes its first steps.

    An earlier experiment of the same person ends. hand_to_worker: False where the caller runs it itself.
    Raises WrongSettings, NothingServes.
    """
    lesson = _checked_lesson(experiment)
    config = _checked_config(experiment)
    version = lab_version()
    lock_person(acting_user)
    _end_others(acting_user, now)
    session = LabSession.objects.create(
        version=version,
        lesson=lesson,
        config=config,
        total=_checked_steps(steps, 0),
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    after = {"version": version.name, "config": config}
    record("lab_session.started", session, acting_user=acting_user, now=now, after=after)
    if hand_to_worker:
        enqueue(session)
    return session


@transaction.atomic
def ask_for_steps(*, session: LabSession, steps: int, acting_user: User, now: datetime) -> LabSession:
    """Asks for more steps. If the engine has ended, a new one repeats the earlier steps first, with the same result.

    Raises JobOver, WrongSettings, NotFound.
    """
    lock_person(acting_user)
    locked = _locked(session, acting_user)
    if locked.status in (JobStatus.CANCELLING, JobStatus.CANCELLED, JobStatus.FAILED):
        raise JobOver(_("This experiment is over: start it again."))
    locked.total += _checked_steps(steps, locked.total)
    changed = ["total"]
    if locked.status == JobStatus.FINISHED:
        _end_others(acting_user, now)
        locked.status, locked.finished_at, locked.enqueued_at, locked.worker_deaths = JobStatus.QUEUED, None, now, 0
        changed += ["status", "finished_at", "enqueued_at", "worker_deaths"]
        enqueue(locked)
    locked.save(update_fields=changed)
    return locked


@transaction.atomic
def end_lab(*, session: LabSession, acting_user: User, now: datetime) -> LabSession:
    """Ends an experiment; its figures stay. Ending it twice changes nothing. Raises NotFound."""
    locked = _locked(session, acting_user)
    if locked.status in _OPEN:
        _end(locked, now)
        record("lab_session.cancel_requested", locked, acting_user=acting_user, now=now)
    return locked


_OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


def _end_others(person: User, now: datetime) -> None:
    """A person has one experiment open at a time."""
    for session in LabSession.objects.filter(created_by=person, status__in=_OPEN).select_for_update():
        _end(session, now)


def _end(session: LabSession, now: datetime) -> None:
    if session.status == JobStatus.QUEUED:
        session.status, session.finished_at = JobStatus.CANCELLED, now
    else:
        session.status = JobStatus.CANCELLING
    session.save(update_fields=["status", "finished_at"])


def _locked(session: LabSession, acting_user: User) -> LabSession:
    locked = LabSession.objects.select_for_update().filter(pk=session.pk, created_by=acting_user).first()
    if locked is None:
        raise NotFound(_("You have no such experiment."))
    return locked


def _checked_steps(steps: int, before: int) -> int:
    if not 1 <= steps <= MOST_AT_ONCE:
        raise WrongSettings(_("Ask for 1 to %(most)s steps at a time.") % {"most": MOST_AT_ONCE})
    if before + steps > LabSession.MOST_STEPS:
        raise WrongSettings(
            _("An experiment takes at most %(most)s steps: start another one.") % {"most": LabSession.MOST_STEPS}
        )
    return steps


def _checked_lesson(experiment: Experiment) -> dict[str, Any]:
    """The texts of a lesson, stripped. Raises WrongSettings."""
    texts = {name: getattr(experiment, name).strip() for name in ("prompt", "chosen", "rejected")}
    watched = list(dict.fromkeys(text.strip() for text in experiment.watched if text.strip()))[:MOST_WATCHED]
    for text in (*texts.values(), *watched):
        if not text:
            raise WrongSettings(_("The prompt and both completions must not be empty."))
        if len(text) > MOST_CHARACTERS or "\x00" in text:
            raise WrongSettings(
                _("A text in the lab has at most %(most)s characters, and no NUL.") % {"most": grouped(MOST_CHARACTERS)}
            )
    if texts["chosen"] == texts["rejected"]:
        raise WrongSettings(_("Both completions are the same: there is nothing to prefer."))
    return {**texts, "watched": [text for text in watched if text not in (texts["chosen"], texts["rejected"])]}


def _checked_config(experiment: Experiment) -> dict[str, Any]:
    """The engine's config. Raises WrongSettings."""
    remedy = experiment.remedy
    if remedy not in REMEDIES:
        raise WrongSettings(
            _("There is no remedy %(remedy)s. There are: %(remedies)s.")
            % {"remedy": repr(remedy), "remedies": ", ".join(REMEDIES)}
        )
    chosen = {"beta": experiment.beta, "learning_rate": experiment.learning_rate}
    config = {**CONFIG, **chosen, **REMEDIES[remedy]}
    try:
        RunConfig.from_mapping(config)
    except InputError as error:
        raise WrongSettings(_("These settings cannot be used: %(error)s.") % {"error": error}) from error
    return config
