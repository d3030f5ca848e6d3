"""What the exchange tests share: small builders, and records made up by hypothesis."""

import io
import json
from collections.abc import Iterable

from hypothesis import strategies as st

from labeling.exchange import CompletionText, ImportedComparison, Message, Rejected, VerdictRecord, read_comparisons


def as_lines(records: Iterable[object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def read(data: bytes | Iterable[object], dialect: str = "auto") -> list[ImportedComparison | Rejected]:
    """Everything that is read from these bytes, or from these values as JSON lines."""
    return list(read_comparisons(io.BytesIO(data if isinstance(data, bytes) else as_lines(data)), dialect=dialect))


def trl(prompt: str = "Why?", chosen: str = "Because.", rejected: str = "No.") -> dict[str, object]:
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def said(role: str, content: str) -> Message:
    return Message(role=role, content=content)


# What a database can hold: no NUL, no half surrogate pairs. A completion says something.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
spoken = texts.filter(lambda text: bool(text.strip()))


@st.composite
def prompts(draw: st.DrawFn, *, system: bool = True) -> list[Message]:
    """Conversations that end with the user, with a system message or without."""
    turns = [said("system", draw(spoken))] if system and draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 2))):
        turns += [said("user", draw(spoken)), said("assistant", draw(spoken))]
    return [*turns, said("user", draw(spoken))]


@st.composite
def verdicts(draw: st.DrawFn, *, system: bool = True) -> VerdictRecord:
    """Settled verdicts for a or b between two completions that differ."""
    a = draw(spoken)
    b = draw(spoken.filter(lambda text: text.strip() != a.strip()))
    return VerdictRecord(
        prompt=draw(prompts(system=system)),
        a=CompletionText(a),
        b=CompletionText(b),
        winner=draw(st.sampled_from(["a", "b"])),
        confidence=draw(st.floats(0.5, 1.0)),
    )
