"""Label Studio: tasks with annotations, as its import takes them, and the labeling interface that shows them.

A vote for a or b is a result of the Pairwise tag. That tag knows no ties, so a tie and both bad are a choice beside it.
Annotations name nobody: Label Studio refuses a file with annotators that it does not know, and ascribes nameless
annotations to the person who imports them. All that has no place in an annotation stands in the task's `meta`.
"""

from collections.abc import Iterator
from typing import Any

from labeling.exchange.records import JsonObject, VerdictRecord, Vote
from labeling.exchange.turns import as_asked, bare_conversation

SIDES = {"a": "left", "b": "right"}
"""a is answer1, which the interface shows on the left."""

META = "chosen"
"""The key of our part of a task's `meta`."""

LABEL_CONFIG = """<View>
  <Text name="prompt" value="$prompt"/>
  <Pairwise name="comparison" toName="answer1,answer2"/>
  <Text name="answer1" value="$answer1"/>
  <Text name="answer2" value="$answer2"/>
  <Choices name="neither" toName="prompt" choice="single" showInline="true">
    <Choice value="tie"/>
    <Choice value="both_bad"/>
  </Choices>
  <Rating name="strength" toName="prompt" maxRating="3"/>
  <TextArea name="comment" toName="prompt"/>
</View>
"""
"""The labeling interface of a project that such a file is imported into."""


def labelstudio_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """One task for each comparison, with an annotation for each vote; a skip is a cancelled one."""
    yield {
        "id": record.comparison,
        "data": {
            "prompt": "\n\n".join(f"{turn['role']}: {as_asked(turn)}" for turn in record.prompt),
            "answer1": record.a.text,
            "answer2": record.b.text,
        },
        "meta": {META: _meta(record)},
        "annotations": [_annotation(vote) for vote in record.votes],
    }


def _meta(record: VerdictRecord) -> JsonObject:
    return {
        "messages": bare_conversation(record.prompt),
        **{f"turns_{number}": list(turns) for number, turns in (("1", record.a.turns), ("2", record.b.turns)) if turns},
        "pair": record.pair,
        "external_id": record.external_id,
        "tags": list(record.tags),
        "source": record.source,
        "model_1": record.a.model,
        "model_2": record.b.model,
        "status": record.status,
        "winner": record.winner,
        "confidence": record.confidence if record.winner else None,
        "settled_by": record.settled_by,
        "votes": [vote.as_dict() for vote in record.votes],
        **({"metadata": dict(record.metadata)} if record.metadata else {}),
    }


def _annotation(vote: Vote) -> JsonObject:
    results = []
    if vote.choice in SIDES:
        results.append(_result("comparison", "comparison", "pairwise", {"selected": SIDES[vote.choice]}))
    elif vote.choice != "skip":
        results.append(_result("neither", "prompt", "choices", {"choices": [vote.choice]}))
    if vote.strength is not None:
        results.append(_result("strength", "prompt", "rating", {"rating": vote.strength}))
    if vote.comment:
        results.append(_result("comment", "prompt", "textarea", {"text": [vote.comment]}))
    return {
        "was_cancelled": vote.choice == "skip",
        "ground_truth": False,
        "lead_time": vote.seconds,
        "result": results,
    }


def _result(control: str, to: str, kind: str, value: dict[str, Any]) -> JsonObject:
    return {"from_name": control, "to_name": to, "type": kind, "value": value}
