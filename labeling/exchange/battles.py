"""Dialects with single votes: AlpacaEval annotations and arena battles. People go by pseudonym.

An imported verdict without votes is written as one vote, with `settled_by` as its annotator.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from labeling.exchange.records import JsonObject, VerdictRecord, Vote

ALPACAEVAL = {"a": 1.0, "b": 2.0, "tie": 1.5}
ARENA = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}


def with_imported_votes(verdicts: Iterable[VerdictRecord]) -> Iterator[VerdictRecord]:
    """The records, with one vote for each verdict that has none."""
    for record in verdicts:
        if record.winner and not record.votes:
            vote = Vote(record.settled_by or "unknown", record.winner, at=record.settled_at)
            yield replace(record, votes=(vote,))
        else:
            yield record


def alpacaeval_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """AlpacaEval: one row for each vote that its scale can express."""
    for vote in record.votes:
        yield {
            "instruction": record.prompt[-1]["content"],
            "output_1": record.a.text,
            "generator_1": record.a.model,
            "output_2": record.b.text,
            "generator_2": record.b.model,
            "annotator": vote.annotator,
            "preference": _alpacaeval_preference(vote),
            **_imported(vote),
        }


def _alpacaeval_preference(vote: Vote) -> float:
    """1 to 2, with the size that an imported judgment has: 2 - p(output_1 is better)."""
    if vote.certainty is None or vote.choice not in ("a", "b"):
        return ALPACAEVAL[vote.choice]
    return 2 - vote.certainty if vote.choice == "a" else 1 + vote.certainty


def _imported(vote: Vote) -> JsonObject:
    """The mark of an imported judgment; no field of others."""
    return {"imported": True} if vote.imported else {}


def alpacaeval_expressible(record: VerdictRecord) -> bool:
    """Whether the prompt is an instruction, one message of the user, and a vote is left."""
    return len(record.prompt) == 1 and bool(record.votes)


def arena_expressible(record: VerdictRecord) -> bool:
    """Whether there is a battle: a vote that is no skip."""
    return bool(record.votes)


def arena_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Chatbot Arena: one battle for each vote."""
    turns = [{"role": turn["role"], "content": turn["content"]} for turn in record.prompt]
    for vote in record.votes:
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
            **_imported(vote),
        }
