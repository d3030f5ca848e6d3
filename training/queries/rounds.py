"""Rounds as they stand: their phases, each read from the jobs, decisions and deployments that it consists of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from labeling.models import Campaign, User
from training.models import (
    Deployment,
    EvaluationJob,
    GateDecision,
    GenerationJob,
    Job,
    JobStatus,
    ModelVersion,
    PeopleGate,
    RetrainingRule,
    Round,
    Run,
    SuiteRun,
)
from training.queries.loop import loop_runs
from training.queries.people_gates import reason_of
from training.queries.retraining import awaits_gate, fresh_verdicts
from training.queries.round_rows import Labels, RoundRows
from training.queries.schedule import enough_open_pairs

State = Literal["waiting", "running", "done", "failed", "skipped"]
Thing = GenerationJob | Run | EvaluationJob | SuiteRun | GateDecision | PeopleGate | Deployment | Round
PHASES = ("generate", "label", "train", "evaluate", "gate", "promote", "next")
DEAD = (JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a round. things: its rows, oldest first. by: who began it; None: the schedule or a worker.

    reason: why it waits, failed or was left out, or how it ended. retry: the job that can be resumed.
    """

    name: str
    state: State
    started_at: datetime | None = None
    ended_at: datetime | None = None
    by: User | None = None
    reason: Sentence = field(default_factory=Sentence)
    things: Sequence[Thing] = ()
    retry: "GenerationJob | Run | EvaluationJob | None" = None

    def as_json(self) -> dict[str, Any]:
        return {
            "phase": self.name,
            "state": self.state,
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "by": self.by.pseudonym if self.by else None,
            "reason": str(self.reason),
            "things": [{"kind": type(thing)._meta.model_name, "id": thing.pk} for thing in self.things],
            "retry": {"kind": type(self.retry)._meta.model_name, "id": self.retry.pk} if self.retry else None,
        }


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round with everything that its phases consist of. version: the one that its run made. rows: of all rounds
    that were read together with it."""

    round: Round
    phases: list[Phase]
    version: ModelVersion | None
    rows: RoundRows
    run: Run | None

    @property
    def current(self) -> Phase:
        """The phase in which it is, or in which it ended."""
        turn = self.phases[:-1]
        begun = [phase for phase in turn if phase.state not in ("waiting", "skipped")]
        if begun and (self.round.closed_at is not None or begun[-1].state == "failed"):
            return begun[-1]
        open_phases = [phase for phase in turn if phase.state in ("waiting", "running")]
        return open_phases[0] if open_phases else turn[-1]


def rounds_of(campaign: Campaign) -> QuerySet[Round]:
    """A campaign's rounds, newest first."""
    return Round.objects.filter(campaign=campaign).select_related("campaign", "opened_by").order_by("-number")


def view_of(one: Round) -> RoundView:
    """The phases of a round as they stand now."""
    return views_of([one])[0]


def views_of(rounds: Sequence[Round]) -> list[RoundView]:
    """The phases of some rounds of one campaign, with as many statements as those of one."""
    if not rounds:
        return []
    rows = RoundRows(rounds)
    return [_view(one, rows) for one in rounds]


def _view(one: Round, rows: RoundRows) -> RoundView:
    runs = rows.runs.get(one.pk, [])
    made = rows.versions.get(one.pk, [])
    version = made[-1] if made else None
    phases = [
        _generate(one, rows),
        _label(one, rows.labels[one.pk], runs),
        _train(one, runs),
        _evaluate(one, version, rows),
        _gate(one, version, rows),
        _promote(one, version, rows),
        _next(one, rows),
    ]
    return RoundView(one, phases, version, rows, runs[-1] if runs else None)


def wants_pairs(rule: RetrainingRule) -> bool:
    """Whether the next round still lacks pairs: the one before is over, and nothing is generated at the moment.

    After a promotion the new version writes; else, and afterwards, the pairs that are still open may be enough.
    """
    rounds = Round.objects.filter(campaign=rule.campaign)
    last = _last_generation(rule.campaign)
    if last is not None and last.is_active:
        return False
    has_written = last is not None and last.status == JobStatus.FINISHED
    before = rounds.filter(collects=False).order_by("-number").first()
    is_promoted = before is not None and before.outcome == Round.Outcome.PROMOTED
    if is_promoted and not has_written:
        return True
    run = loop_runs(rule.campaign).order_by("-pk").first()  # one from before rounds has none
    if not is_promoted and run is not None and (run.is_active or awaits_gate(run)):
        return False
    needed = rule.min_fresh_verdicts - fresh_verdicts(rule.campaign)
    return needed > 0 and not enough_open_pairs(rule.campaign, needed)


def _last_generation(campaign: Campaign) -> GenerationJob | None:
    """The newest generation of the round that collects."""
    return GenerationJob.objects.filter(round__campaign=campaign, round__collects=True).order_by("-pk").first()


def why_not_again(campaign: Campaign) -> Sentence:
    """Why the schedule does not generate once more for the round that collects; empty: it may."""
    last = _last_generation(campaign)
    if last is None:
        return Sentence()
    if last.status == JobStatus.FAILED:
        text = gettext_noop("The generation of this round failed: try it again, or start another one. %(reason)s")
        return Sentence(text, {"reason": last.error})
    if last.status == JobStatus.CANCELLED:
        return Sentence(gettext_noop("The generation of this round was cancelled: try it again, or start another one."))
    if not last.items.exclude(comparison=None).exists():
        return Sentence(gettext_noop("The last generation of this round added no pairs: start another one."))
    return Sentence()


def _generate(one: Round, rows: RoundRows) -> Phase:
    jobs = rows.generations.get(one.pk, [])
    if not jobs:
        if one.collects:
            return Phase("generate", "waiting", reason=Sentence(gettext_noop("No pairs were generated yet.")))
        text = gettext_noop("Nothing was generated: the labels are about pairs that were there already.")
        return Phase("generate", "skipped", reason=Sentence(text))
    phase = _of_jobs("generate", jobs)
    return phase if one.collects else replace(phase, retry=None)  # its pairs would be those of the next round


def _of_jobs(name: str, jobs: Sequence[Any]) -> Phase:
    """The phase of jobs of one kind, by the newest of them."""
    last: Job = jobs[-1]
    states: dict[str, State] = {JobStatus.FINISHED: "done", JobStatus.FAILED: "failed", JobStatus.CANCELLED: "failed"}
    state = states.get(last.status, "running" if last.started_at else "waiting")
    reason = last.error
    if last.status == JobStatus.CANCELLED:
        reason = Sentence(gettext_noop("It was cancelled."))
    elif last.status == JobStatus.QUEUED and not reason:
        reason = Sentence(gettext_noop("Waiting for a worker."))
    begun = [job.started_at or job.created_at for job in jobs]
    ended = None if last.is_active else last.finished_at
    retry = last if last.status in DEAD else None
    return Phase(name, state, min(begun), ended, jobs[0].created_by, reason, jobs, retry)  # type: ignore[arg-type]


def _label(one: Round, labels: Labels, runs: Sequence[Run]) -> Phase:
    if runs:
        text = gettext_noop("Judgments: %(judgments)s. Annotators: %(people)s.")
        reason = Sentence(text, {"judgments": labels.judgments, "people": labels.annotators})
        return Phase("label", "done", labels.first, labels.span[1], reason=reason)
    state: State = "running" if labels.judgments else "waiting"
    return Phase("label", state, labels.first, reason=_why_no_run(one.campaign))


def _why_no_run(campaign: Campaign) -> Sentence:
    """Why the run of a round has not started."""
    rule = RetrainingRule.objects.filter(campaign=campaign, enabled=True).first()
    if rule is None:
        values = {"fresh": fresh_verdicts(campaign)}
        return Sentence(gettext_noop("Waiting for a lead to start a run: %(fresh)s fresh verdicts so far."), values)
    if rule.paused_at is not None:
        return Sentence(gettext_noop("Paused until a lead resumes it: %(reason)s"), {"reason": rule.pause})
    if rule.cron and not rule.is_due:
        values = {"fresh": fresh_verdicts(campaign), "needed": rule.min_fresh_verdicts}
        text = gettext_noop("Waiting for the time of the schedule: %(fresh)s fresh verdicts of %(needed)s.")
        return Sentence(text, values)
    return rule.outcome or Sentence(gettext_noop("Waiting for the schedule to look."))


def _train(one: Round, runs: Sequence[Run]) -> Phase:
    if not runs:
        return Phase("train", "waiting")
    phase = _of_jobs("train", runs)
    if phase.state == "failed" and one.closed_at is not None:
        return replace(phase, retry=None)
    return phase


def _evaluate(one: Round, version: ModelVersion | None, rows: RoundRows) -> Phase:
    if version is None:
        return Phase("evaluate", _after_end(one))
    evaluations = [job for job in rows.evaluations.get(version.pk, []) if job.for_gates]
    if not evaluations:
        return Phase("evaluate", _after_end(one))
    phase = _of_jobs("evaluate", evaluations)
    reason = evaluations[-1].reason or phase.reason
    return Phase(phase.name, phase.state, phase.started_at, phase.ended_at, phase.by, reason, phase.things, phase.retry)


def _after_end(one: Round) -> State:
    return "waiting" if one.closed_at is None else "skipped"


def _gate(one: Round, version: ModelVersion | None, rows: RoundRows) -> Phase:
    if version is None:
        return Phase("gate", _after_end(one))
    asked = [gate for gate in rows.gates.get(version.pk, []) if gate.campaign_id == one.campaign_id]
    decisions = rows.decisions.get(version.pk, [])
    things: list[Thing] = sorted([*asked, *decisions], key=_began)
    started = _began(things[0]) if things else None
    open_gate = next((gate for gate in reversed(asked) if gate.is_open), None)
    if open_gate is not None:
        reason = reason_of(open_gate, rows.cast[open_gate.pk])
        return Phase("gate", "running", started, None, open_gate.opened_by, reason, things)
    if decisions:
        last = decisions[-1]
        state: State = "done" if last.is_promoted else "failed"
        reason = last.reason
        if last.outcome == GateDecision.Outcome.WAIVED:
            reason = Sentence(gettext_noop("Promoted past the gate: %(waiver)s"), {"waiver": last.waiver})
        return Phase("gate", state, started, last.at, last.by, reason, things)
    if one.closed_at is not None:
        return Phase("gate", "skipped", started, None, None, Sentence(), things)
    awaited = version.run_id in rows.awaiting_gate
    text = (
        gettext_noop("Waiting for the evaluation: then the gate decides.")
        if awaited
        else gettext_noop("Waiting for a lead: the gate is asked when somebody promotes the version.")
    )
    return Phase("gate", "waiting", started, None, None, Sentence(text), things)


def _began(thing: Any) -> datetime:
    began: datetime = thing.opened_at if isinstance(thing, PeopleGate) else thing.at
    return began


def _promote(one: Round, version: ModelVersion | None, rows: RoundRows) -> Phase:
    changes = rows.promotions.get(version.pk, []) if version else []
    if version is None or not changes:
        return Phase("promote", _after_end(one))
    things: list[Thing] = list(changes)
    replaced = rows.replaced_by.get(version.pk)
    reason = Sentence()
    if replaced is not None and replaced.kind == Deployment.Kind.ROLLBACK:
        text, values = gettext_noop("It was rolled back: %(name)s serves again."), {"name": replaced.version.name}
        if replaced.reason:  # by rule
            text, values["reason"] = gettext_noop("%(reason)s %(name)s serves again."), replaced.reason
        reason = Sentence(text, values)
        things.append(replaced)
    return Phase("promote", "done", changes[0].at, changes[-1].at, changes[-1].by, reason, things)


def _next(one: Round, rows: RoundRows) -> Phase:
    """The beginning of the next round."""
    follower = rows.followers.get(one.number)
    if follower is None:
        return Phase("next", "waiting")
    jobs = rows.generations.get(follower.pk, [])
    if not jobs:
        return Phase("next", "skipped" if not follower.collects else "waiting", things=[follower])
    phase = _of_jobs("next", jobs)
    return Phase("next", phase.state, phase.started_at, phase.ended_at, phase.by, phase.reason, [follower])
