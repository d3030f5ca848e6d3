"""Gates by people on stage: held prompts, texts that a script wrote, and votes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from labeling.actions.blind_tests import create_blind_test
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment, Campaign, User
from tests.training.conftest import NOW
from tests.training.jobs.scripted import Scripted
from training.actions.held_prompts import hold_prompts
from training.actions.people_gates import PeopleGateSpec, look_at_gate, open_people_gate
from training.generation import GenerationRequest
from training.jobs.drafts import draft_as_json
from training.jobs.generation import run_generation_job
from training.models import GenerationItem, GenerationJob, ModelVersion, PeopleGate

WORDS = ("the cat sees bread", "an old dog walks slowly over a new road", "rain falls on tea", "birds were here")


def hold(campaign: Campaign, share: float = 0.5) -> None:
    hold_prompts(campaign=campaign, share=share, acting_user=None, now=NOW)


def opened(campaign: Campaign, candidate: ModelVersion, acting_user: User | None = None, **spec: Any) -> PeopleGate:
    return open_people_gate(
        campaign=campaign, candidate=candidate, acting_user=acting_user, now=NOW, spec=PeopleGateSpec(**spec)
    )


def written(gate: PeopleGate, texts: dict[str, str] | None = None) -> PeopleGate:
    """The gate once both versions have written: the candidate briefly, the serving version at length.

    texts: of each version, by name; one without a full stop gets a number, so that the pairs differ.
    """
    texts = texts or {gate.candidate.name: WORDS[0], gate.serving.name: WORDS[1]}
    script = Scripted(lambda request, before: "")

    def answer(request: GenerationRequest, before: int) -> str:
        text = texts[script.version]
        return text if text.endswith(".") else f"{text} {request.seed % 97}"

    script.answer = answer
    run_generation_job(gate.job_id, source_of=script.source, clock=lambda: NOW)
    return look_at_gate(gate_id=gate.pk, now=NOW)


def next_vote(gate: PeopleGate, annotator: User) -> Assignment | None:
    return next_assignments(campaign=gate.blind_test, acting_user=annotator, now=NOW).next


def vote(gate: PeopleGate, assignment: Assignment, choice: str) -> None:
    """choice: candidate, serving, tie, both_bad or skip."""
    pair = gate.pairs.get(comparison=assignment.comparison_id)
    sides = {"candidate": "a" if pair.candidate_is_a else "b", "serving": "b" if pair.candidate_is_a else "a"}
    side = choice
    if choice in sides:
        side = "left" if assignment.left == sides[choice] else "right"
    reason = "Something else" if choice == "skip" else ""
    draft = JudgmentDraft(side, f"vote-{assignment.pk}", skip_reason=reason)
    judge(assignment=assignment, draft=draft, acting_user=assignment.annotator, now=NOW)


def voted(gate: PeopleGate, annotator: User, choices: Iterable[str]) -> PeopleGate:
    """The gate after these votes, looked at after each of them."""
    for choice in choices:
        assignment = next_vote(gate, annotator)
        assert assignment is not None, f"nothing left for {annotator}"
        vote(gate, assignment, choice)
        gate = look_at_gate(gate_id=gate.pk, now=NOW)
    return gate


def voting_gate(
    campaign: Campaign,
    candidate: ModelVersion,
    serving: ModelVersion,
    *,
    candidate_is_brief: bool = True,
    **fields: Any,
) -> PeopleGate:
    """A gate whose texts are written, from rows alone: both versions may be without files. It tests on all prompts."""
    prompts = list(campaign.prompts.order_by("pk"))
    votes = fields.get("votes_per_prompt", 1)
    test = create_blind_test(like=campaign, number=1, prompts=prompts, votes=votes, acting_user=None, now=NOW)
    job = GenerationJob.objects.create(
        campaign=test, status="finished", strategy="two_versions", hides_versions=True, created_at=NOW
    )
    for number, prompt in enumerate(test.prompts.order_by("pk")):
        texts = [f"Short answer {number}.", f"An answer that takes its time, number {number} of them."]
        texts = texts if candidate_is_brief else texts[::-1]
        first, second = (CompletionDraft(text) for text in texts)
        draft = ComparisonDraft(prompt=prompt, first=first, second=second)
        added = add_comparisons(campaign=test, drafts=[draft], source="test", acting_user=None, now=NOW)
        GenerationItem.objects.create(
            job=job,
            prompt=prompt,
            number=0,
            version_first=candidate,
            version_second=serving,
            seed_first=2 * number,
            seed_second=2 * number + 1,
            first=draft_as_json(replace(first, seed=2 * number, server="here")),
            second=draft_as_json(replace(second, seed=2 * number + 1, server="here")),
            status="done",
            comparison=added.comparisons[0],
        )
    values = {"worth": 0.6, "error": 0.05, "votes_per_prompt": 1, "most_votes": 600, "hides_from_leads": True} | fields
    gate = PeopleGate.objects.create(
        campaign=campaign,
        candidate=candidate,
        serving=serving,
        blind_test=test,
        job=job,
        attempt=1,
        opened_at=NOW,
        **values,
    )
    return look_at_gate(gate_id=gate.pk, now=NOW)
