"""Dialects with single votes: AlpacaEval annotations, arena battles, Label Studio. People go by pseudonym.

A verdict without votes (it was imported) is written as one vote, with `settled_by` as its annotator.
"""

from collections.abc import Iterator
from hashlib import sha256

from labeling.exchange.records import JsonObject, VerdictRecord, Vote

ALPACAEVAL = {"a": 1.0, "b": 2.0, "tie": 1.5}
ARENA = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
SIDES = {"a": "left", "b": "right"}
"""a is Label Studio's answer1, which it shows on the left."""


def alpacaeval_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """AlpacaEval: one row for each vote that its scale can express."""
    for vote in _votes(record):
        if vote.choice in ALPACAEVAL:
            yield {
                "instruction": record.prompt[-1]["content"],
                "output_1": record.a.text,
                "generator_1": record.a.model,
                "output_2": record.b.text,
                "generator_2": record.b.model,
                "annotator": vote.annotator,
                "preference": ALPACAEVAL[vote.choice],
            }


def alpacaeval_expressible(record: VerdictRecord) -> bool:
    """Whether the prompt is an instruction: one message of the user."""
    return len(record.prompt) == 1


def arena_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Chatbot Arena: one battle for each vote."""
    turns = [{"role": turn["role"], "content": turn["content"]} for turn in record.prompt]
    for vote in _votes(record):
        yield {
            "question_id": str(record.comparison or ""),
            "model_a": record.a.model,
            "model_b": record.b.model,
            "winner": ARENA[vote.choice],
            "judge": vote.annotator,
            "conversation_a": [*turns, {"role": "assistant", "content": record.a.text}],
            "conversation_b": [*turns, {"role": "assistant", "content": record.b.text}],
            "turn": sum(turn["role"] == "user" for turn in record.prompt),
            "anony": True,
            "language": "unknown",
            "tstamp": vote.at,
        }


def labelstudio_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Label Studio: one comparison with its annotations. A tie and both bad are of type `choices`, not `pairwise`."""
    yield {
        "id": record.comparison,
        "data": {
            "prompt": "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in record.prompt),
            "answer1": record.a.text,
            "answer2": record.b.text,
        },
        "annotations": [_annotation(vote) for vote in _votes(record)],
    }


def _annotation(vote: Vote) -> JsonObject:
    if vote.choice in SIDES:
        result: JsonObject = {"type": "pairwise", "value": {"selected": SIDES[vote.choice]}}
    else:
        result = {"type": "choices", "value": {"choices": [vote.choice]}}
    return {
        "completed_by": int(sha256(vote.annotator.encode()).hexdigest()[:7], 16),
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": vote.seconds,
        "result": [{"from_name": "comparison", "to_name": "comparison", **result}],
    }


def _votes(record: VerdictRecord) -> tuple[Vote, ...]:
    if record.votes:
        return record.votes
    return (Vote(record.settled_by or "unknown", record.winner or "", at=record.settled_at),)
