"""A verdict with votes of three annotators, and the file that a writer makes of it."""

from typing import Any

from labeling.exchange import (
    CompletionText,
    DropReport,
    Message,
    VerdictRecord,
    Vote,
    writer,
)

PROMPT = [Message(role="user", content="What color is the sky?")]


def record(winner: Any = "a", text: str = "It is blue.", **rest: Any) -> VerdictRecord:
    votes = (
        Vote("annotator-1", "a", "b", 2, 4.5, 1000.0),
        Vote("annotator-2", "tie", "a", at=1001.0),
        Vote("annotator-3", "both_bad", at=1002.0),
    )
    made: dict[str, Any] = {"votes": votes, "comparison": 7, "settled_by": "majority", "confidence": 0.8} | rest
    a, b = CompletionText(text, "v1"), CompletionText("It is green.", "v2")
    return VerdictRecord(prompt=PROMPT, a=a, b=b, winner=winner, **made)


def written(dialect: str, *records: VerdictRecord) -> bytes:
    return b"".join(writer(dialect).write(records, DropReport()))
