"""Dialects with single votes: AlpacaEval annotations and arena battles. People go by pseudonym.

An imported verdict without votes is written as one vote, with `settled_by` as its annotator.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from labeling.exchange import asking, certainties
from labeling.exchange.records import CompletionText, JsonObject, Message, VerdictRecord, Vote
from labeling.exchange.turns import bare_conversation, has_tools

IMPORTED = "import"
"""The value of `settled_by` of a verdict that a file stated."""

ALPACAEVAL = {"a": 1.0, "b": 2.0, "tie": 1.5}
LEAST = 0.501
"""The certainty that a preference of size zero gets there: half a point to each side would be a tie."""
ARENA = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}


def turns_of(completion: CompletionText) -> list[Message]:
    """The messages that a completion is."""
    return list(completion.turns) or [Message(role="assistant", content=completion.text)]


def answered(prompt: Sequence[Message], completion: CompletionText) -> list[Message]:
    """The conversation that a prompt and a completion are."""
    return [*bare_conversation(prompt), *turns_of(completion)]


def differ_at_once(record: VerdictRecord) -> bool:
    """Whether the completions differ in their first message: else a reader would count it as a part of the prompt."""
    return turns_of(record.a)[0] != turns_of(record.b)[0]


def with_imported_votes(verdicts: Iterable[VerdictRecord]) -> Iterator[VerdictRecord]:
    """The records, with one vote for each verdict that has none."""
    for record in verdicts:
        if record.winner and not record.votes:
            certainty = _certainty_of_import(record)
            vote = Vote(record.settled_by or "unknown", record.winner, at=record.settled_at, certainty=certainty)
            yield replace(record, votes=(vote,))
        else:
            yield record


def _certainty_of_import(record: VerdictRecord) -> float | None:
    """The size of an imported preference, which its verdict has as a confidence. None: it has none."""
    has_size = record.settled_by == IMPORTED and record.winner in ("a", "b")
    return certainties.of_confidence(record.confidence) if has_size else None


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
    certainty = max(vote.certainty, LEAST)
    return 2 - certainty if vote.choice == "a" else 1 + certainty


def _imported(vote: Vote) -> JsonObject:
    """The mark of an imported judgment; no field of others."""
    return {"imported": True} if vote.imported else {}


def alpacaeval_expressible(record: VerdictRecord) -> bool:
    """Whether the prompt is an instruction, one message of the user, the outputs are texts, and a vote is left.

    A reader must take the instruction for no more than a text: not for the messages or the transcript that it spells.
    """
    has_turns = has_tools(record.prompt) or record.a.turns or record.b.turns
    is_one = len(record.prompt) == 1 and bool(record.votes) and not has_turns
    return is_one and asking.is_read_as_text(record.prompt[0]["content"])


def arena_expressible(record: VerdictRecord) -> bool:
    """Whether there is a battle: a vote that is no skip, and conversations without tools whose first answers differ."""
    conversations = (answered(record.prompt, record.a), answered(record.prompt, record.b))
    return bool(record.votes) and not any(map(has_tools, conversations)) and differ_at_once(record)


def arena_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Chatbot Arena: one battle for each vote."""
    sides = [answered(record.prompt, completion) for completion in (record.a, record.b)]
    stated = record.metadata.get("comparison", {})  # of an arena's own file
    is_anonymous, language = stated.get("anony"), stated.get("language")
    for vote in record.votes:
        yield {
            "question_id": record.external_id or str(record.comparison or ""),
            "model_a": record.a.model,
            "model_b": record.b.model,
            "winner": ARENA[vote.choice],
            "judge": vote.annotator,
            "conversation_a": sides[0],
            "conversation_b": sides[1],
            "turn": max(sum(turn["role"] == "user" for turn in side) for side in sides),
            "anony": is_anonymous if isinstance(is_anonymous, bool) else True,
            "language": language if isinstance(language, str) else "unknown",
            "tstamp": vote.at,
            **_imported(vote),
        }
