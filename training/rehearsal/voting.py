"""The gate by people of a rehearsal: opened by its lead, voted in by its annotators, through the ordinary actions."""

from collections.abc import Sequence
from typing import Any

from training.actions.people_gates import PeopleGateSpec, cancel_people_gate, look_at_gate, open_people_gate
from training.claims import Clock
from training.jobs.generation import run_generation_job
from training.jobs.sampler import SourceOf, open_source
from training.models import GateDecision, JobStatus, ModelVersion, PeopleGate, RehearsalCampaign
from training.queries.people_gates import reason_of
from training.rehearsal.annotators import Annotator
from training.rehearsal.plan import RehearsalFailed


def awaits_people_only(decision: GateDecision) -> bool:
    """Whether a version was held back by nothing but that people have not compared it with what serves."""
    held_by = {result["figure"] for result in decision.results if result["outcome"] in ("failed", "missing")}
    return not decision.is_promoted and held_by == {"people"} and not decision.others


def ask_people(
    rehearsed: RehearsalCampaign,
    version: ModelVersion,
    annotators: Sequence[Annotator],
    *,
    clock: Clock,
    source_of: SourceOf = open_source,
) -> PeopleGate:
    """Has simulated annotators vote on a version against the one that serves, until the gate ends.

    Every annotator votes on every prompt, in turn; the gate is looked at after each vote. Raises what opening raises,
    RehearsalFailed.
    """
    campaign = rehearsed.campaign
    lead = campaign.created_by
    gate = open_people_gate(
        campaign=campaign,
        candidate=version,
        acting_user=lead,
        now=clock(),
        spec=PeopleGateSpec(votes_per_prompt=len(annotators)),
        hand_to_worker=False,
    )
    job = run_generation_job(gate.job_id, clock=clock, source_of=source_of)
    if job is None or job.status != JobStatus.FINISHED:
        raise RehearsalFailed(f"The gate's texts were not written: {job.error if job else 'another worker has them'}")
    gate = vote_in(look_at_gate(gate_id=gate.pk, now=clock()), annotators, clock=clock)
    if gate.is_open:  # nobody is left to vote
        gate = cancel_people_gate(gate=gate, acting_user=lead, now=clock())
    return gate


def vote_in(gate: PeopleGate, annotators: Sequence[Annotator], *, clock: Clock) -> PeopleGate:
    """The gate after the votes of these annotators, looked at after each; it ends as soon as its evidence says so."""
    voting = list(annotators)
    while voting and gate.is_open:
        for annotator in list(voting):
            if annotator.judge_next(gate.blind_test, now=clock()) is None:
                voting.remove(annotator)
            gate = look_at_gate(gate_id=gate.pk, now=clock())
            if not gate.is_open:
                break
    return gate


def gate_report(gate: PeopleGate) -> dict[str, Any]:
    """The result of a gate by people: its end, its votes, and the interval of the win rate."""
    names = ("cast", "simulated", "people", "prompts", "win_rate", "low", "high")
    figures = {name: gate.figures.get(name) for name in names}
    return {"status": gate.status, "reason": str(reason_of(gate)), "attempt": gate.attempt, **figures}
