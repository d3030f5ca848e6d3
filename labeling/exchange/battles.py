"""Dialects that tell who judged what: AlpacaEval annotations, arena battles, Label Studio. People are pseudonyms.

A verdict without votes (it came with an imported file) is written as one vote of whatever settled it.
"""

from collections.abc import Iterator
from hashlib import sha256

from labeling.exchange.records import JsonObject, VerdictRecord, Vote

ALPACAEVAL = {"a": 1.0, "b": 2.0, "tie": 1.5}
ARENA = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
SIDES = {"a": "left", "b": "right"}
"""Label Studio's answer1 is a, and is on its left."""


def alpacaeval_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """AlpacaEval: a row for each vote that its scale has a number for."""
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
    """An instruction is one message of the user."""
    return len(record.prompt) == 1


def arena_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Chatbot Arena: a battle for each vote."""
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
    """Label Studio: a comparison with its annotations. A tie or both bad is a choice beside the pairwise one."""
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
        said: JsonObject = {"type": "pairwise", "value": {"selected": SIDES[vote.choice]}}
    else:
        said = {"type": "choices", "value": {"choices": [vote.choice]}}
    return {
        "completed_by": int(sha256(vote.annotator.encode()).hexdigest()[:7], 16),
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": vote.seconds,
        "result": [{"from_name": "comparison", "to_name": "comparison", **said}],
    }


def _votes(record: VerdictRecord) -> tuple[Vote, ...]:
    if record.votes:
        return record.votes
    return (Vote(record.settled_by or "unknown", record.winner or "", at=record.settled_at),)
