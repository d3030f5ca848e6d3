"""A whole campaign as plain values, one line after another, in constant memory: what the dialect `full` holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from labeling.exchange import FULL_FORMAT, JsonObject
from labeling.models import Assignment, Campaign, Comparison, Completion, Judgment, Prompt, Question
from labeling.queries.campaign_record import annotator_lines, moment_text, question, record_lines

CHUNK = 200
RULES_LEFT_OUT = frozenset(
    {"id", "status", "created_by", "created_at", "practice_pairs", "qualification_pool", "read_from"}
    | {"practise_since", "qualify_since", "error_rate"}
)
"""Columns of a campaign that are no rules: an import counts or sets them itself."""
COMPLETION = (
    *("text", "model_version", "seed", "sampling", "prompt_token_ids", "token_ids", "finish_reason", "logprob_sum"),
    *("server", "metadata"),
)
COMPARISON = ("external_id", "metadata", "status", "overlap", "priority", "position", "source", "arm")
JUDGMENT = (
    *("choice", "strength", "criteria", "comment", "edit", "skip_reason", "flag", "seconds", "left", "key"),
    *("certainty", "metadata"),
)
Status = Assignment.Status


def campaign_lines(
    campaign: Campaign, only: QuerySet[Comparison] | None = None, *, is_part: bool = False
) -> Iterator[JsonObject]:
    """The campaign, its guidelines, annotators, prompts, comparisons, and what people did beside judging.

    A comparison has its completions, verdict, known answer, and assignments with questions and all judgments,
    superseded ones too. People go by pseudonym. only: some comparisons of the campaign, with their prompts; None: all.
    is_part: the caller leaves out some. Practice and the event log are about all of them, so a part has neither.
    """
    yield _campaign(campaign)
    for version in campaign.guideline_versions.select_related("created_by").order_by("number"):
        yield {
            "type": "guidelines",
            "number": version.number,
            "text": version.text,
            "demand": version.demand,
            "created_by": version.created_by.pseudonym,
            "created_at": moment_text(version.created_at),
        }
    yield from annotator_lines(campaign)
    prompts, comparisons = campaign.prompts.all(), campaign.comparisons.all()
    if only is not None:
        comparisons = comparisons.filter(pk__in=only.order_by().values("pk"))
        prompts = prompts.filter(Exists(comparisons.filter(prompt=OuterRef("pk"))))
    for prompt in prompts.prefetch_related(_loose_completions()).order_by("pk").iterator(chunk_size=CHUNK):
        yield _prompt(prompt)
        prompt.loose_completions.clear()  # type: ignore[attr-defined]
    for comparison in _with_judgments(comparisons).order_by("prompt_id", "pk").iterator(chunk_size=CHUNK):
        yield _comparison(comparison)
        # The rows refer to each other in circles, which would stay in memory until the garbage collector runs.
        comparison._state.fields_cache.clear()
        comparison.judged_assignments.clear()  # type: ignore[attr-defined]
    if only is None and not is_part:
        yield from record_lines(campaign)


def _loose_completions() -> Prefetch[str]:
    """The completions of a prompt that no comparison has."""
    compared = Comparison.objects.filter(Q(completion_a=OuterRef("pk")) | Q(completion_b=OuterRef("pk")))
    loose = Completion.objects.filter(~Exists(compared.filter(prompt=OuterRef("prompt")))).order_by("pk")
    return Prefetch("completions", queryset=loose, to_attr="loose_completions")


def _with_judgments(comparisons: QuerySet[Comparison]) -> QuerySet[Comparison]:
    judgments = Judgment.objects.select_related("guideline_version").order_by("pk")
    questions = Question.objects.select_related("decided_by", "faq_entry__published_by").order_by("pk")
    with_judgments = Exists(Judgment.objects.filter(assignment=OuterRef("pk")))
    assignments = (
        Assignment.objects.filter(with_judgments | Exists(Question.objects.filter(assignment=OuterRef("pk"))))
        .select_related("annotator", "guideline_version")
        .prefetch_related(Prefetch("judgments", queryset=judgments), Prefetch("questions", queryset=questions))
        .order_by("pk")
    )
    return comparisons.select_related(
        *("prompt", "completion_a", "completion_b", "verdict__settled_by_user", "gold__set_by", "practice__set_by")
    ).prefetch_related(Prefetch("assignments", queryset=assignments, to_attr="judged_assignments"))


def _campaign(campaign: Campaign) -> JsonObject:
    rules = {field.attname: getattr(campaign, field.attname) for field in campaign._meta.concrete_fields}
    rules = {name: value for name, value in rules.items() if name.removesuffix("_id") not in RULES_LEFT_OUT}
    return {
        "type": "campaign",
        "format": FULL_FORMAT,
        "status": campaign.status,
        "created_at": moment_text(campaign.created_at),
        **rules,
    }


def _prompt(prompt: Prompt) -> JsonObject:
    return {
        "type": "prompt",
        "hash": prompt.messages_hash,
        "messages": prompt.messages,
        "external_id": prompt.external_id,
        "tags": prompt.tags,
        "metadata": prompt.metadata,
        "retired_at": moment_text(prompt.retired_at),
        "created_at": moment_text(prompt.created_at),
        "completions": [_completion(one) for one in prompt.loose_completions],  # type: ignore[attr-defined]
    }


def _completion(completion: Completion) -> JsonObject:
    values = {name: getattr(completion, name) for name in COMPLETION}
    if completion.turns:
        values["turns"] = completion.turns
    return {**_plain(values), "created_at": moment_text(completion.created_at)}


def _comparison(one: Comparison) -> JsonObject:
    assignments: list[Assignment] = one.judged_assignments  # type: ignore[attr-defined]
    return {
        "type": "comparison",
        "pair": one.pair_hash,
        "prompt": one.prompt.messages_hash,
        "a": _completion(one.completion_a),
        "b": _completion(one.completion_b),
        **{name: getattr(one, name) for name in COMPARISON},
        "retired_with_prompt": one.retired_with_prompt,
        "created_at": moment_text(one.created_at),
        "verdict": _verdict(one),
        "gold": _known(one, "gold", "winner", "reason"),
        "practice": _known(one, "practice", "use", "winner", "strength", "criteria", "explanation"),
        "assignments": [_assignment(assignment) for assignment in assignments],
    }


def _verdict(one: Comparison) -> JsonObject | None:
    verdict = getattr(one, "verdict", None)
    if verdict is None:
        return None
    expert = verdict.settled_by_user
    return {
        "winner": verdict.winner,
        "confidence": verdict.confidence,
        "settled_by": verdict.settled_by,
        "settled_by_user": expert.pseudonym if expert else None,
        "reason": verdict.reason,
        "settled_at": moment_text(verdict.settled_at),
    }


def _known(one: Comparison, kind: str, *names: str) -> JsonObject | None:
    row = getattr(one, kind, None)
    if row is None:
        return None
    about = {"set_by": row.set_by.pseudonym if row.set_by else None, "set_at": moment_text(row.set_at)}
    return {name: getattr(row, name) for name in names} | about


def _assignment(assignment: Assignment) -> JsonObject:
    is_leased = assignment.status == Status.LEASED  # an undone judgment: elsewhere nobody holds it
    return {
        "annotator": assignment.annotator.pseudonym,
        "kind": assignment.kind,
        "status": Status.RELEASED if is_leased else assignment.status,
        "slot": None if is_leased else assignment.slot,
        "left": assignment.left,
        "arm": assignment.arm,
        "leased_at": moment_text(assignment.leased_at),
        "guideline_version": _number(assignment),
        "judgments": [_judgment(judgment) for judgment in assignment.judgments.all()],
        "questions": [question(asked) for asked in assignment.questions.all()],
    }


def _judgment(judgment: Judgment) -> JsonObject:
    return {
        **{name: getattr(judgment, name) for name in JUDGMENT},
        "guideline_version": _number(judgment),
        "created_at": moment_text(judgment.created_at),
        "superseded_at": moment_text(judgment.superseded_at),
    }


def _number(row: Assignment | Judgment) -> int | None:
    return row.guideline_version.number if row.guideline_version else None


def _plain(values: dict[str, Any]) -> JsonObject:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
