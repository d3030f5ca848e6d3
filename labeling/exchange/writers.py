"""Writers of verdicts: one function per dialect, one registry.

To add a dialect of JSON lines: a function from a VerdictRecord to its rows and a line in WRITERS. A dialect with
another framing (an array, CSV, Parquet) brings its own `write`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from labeling.exchange.battles import (
    alpacaeval_expressible,
    alpacaeval_rows,
    arena_rows,
    labelstudio_rows,
)
from labeling.exchange.dropping import DropReport, screen
from labeling.exchange.errors import UnknownDialect
from labeling.exchange.records import JsonObject, Message, VerdictRecord, canonical_json
from labeling.exchange.tables import write_csv, write_parquet
from labeling.exchange.transcripts import HH_MARKER, HH_ROLES

EVERY = ("a", "b", "tie", "both_bad")
Write = Callable[[Iterable[VerdictRecord], DropReport], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Writer:
    """One dialect.

    write: yields the bytes of the file, piece by piece, in constant memory (in JSON lines a piece is a line with its
    end). The report is complete after the last piece. Verdicts sorted by prompt let it notice all duplicates.
    wants_votes: the dialect names who judged what, so the records must carry the votes.
    """

    name: str
    media_type: str
    extension: str
    write: Write
    wants_votes: bool = False


def writer(dialect: str) -> Writer:
    """The writer of a dialect. Raises UnknownDialect."""
    if dialect not in WRITERS:
        raise UnknownDialect(f"Unknown dialect {dialect!r}. Known are {', '.join(WRITERS)}.")
    return WRITERS[dialect]


def trl_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """TRL, conversational, with an explicit prompt."""
    yield {
        "prompt": _bare(record.prompt),
        "chosen": [_assistant(record.chosen.text)],
        "rejected": [_assistant(record.rejected.text)],
    }


def trl_implicit_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """TRL, with the prompt inside both conversations."""
    prompt = _bare(record.prompt)
    yield {"chosen": [*prompt, _assistant(record.chosen.text)], "rejected": [*prompt, _assistant(record.rejected.text)]}


def kto_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """TRL, unpaired: one row per completion. Both bad is two rows with the label false."""
    prompt = _bare(record.prompt)
    for side, completion in (("a", record.a), ("b", record.b)):
        yield {"prompt": prompt, "completion": [_assistant(completion.text)], "label": record.winner == side}


def hh_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Anthropic HH transcripts."""
    speakers = {role: speaker for speaker, role in HH_ROLES.items()}
    shared = "".join(f"\n\n{speakers[turn['role']]}: {turn['content']}" for turn in record.prompt)
    yield {
        "chosen": f"{shared}\n\nAssistant: {record.chosen.text}",
        "rejected": f"{shared}\n\nAssistant: {record.rejected.text}",
    }


def hh_expressible(record: VerdictRecord) -> bool:
    """Whether a transcript can hold it: no system message, and no separator of turns within a turn."""
    texts = [*(turn["content"] for turn in record.prompt), record.a.text, record.b.text]
    known = all(turn["role"] in HH_ROLES.values() for turn in record.prompt)
    return known and not any(HH_MARKER.search(text) for text in texts)


def openai_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """OpenAI preference fine-tuning."""
    yield {
        "input": {"messages": _bare(record.prompt), "tools": [], "parallel_tool_calls": True},
        "preferred_output": [_assistant(record.chosen.text)],
        "non_preferred_output": [_assistant(record.rejected.text)],
    }


def _write_lines(
    rows: Callable[[VerdictRecord], Iterator[JsonObject]],
    winners: Sequence[str],
    expressible: Callable[[VerdictRecord], bool],
    verdicts: Iterable[VerdictRecord],
    report: DropReport,
) -> Iterator[bytes]:
    for record in screen(verdicts, report, winners=winners, expressible=expressible):
        for row in rows(record):
            yield canonical_json(row) + b"\n"


def _json_lines(
    name: str,
    rows: Callable[[VerdictRecord], Iterator[JsonObject]],
    *,
    winners: Sequence[str] = ("a", "b"),
    expressible: Callable[[VerdictRecord], bool] = lambda _: True,
) -> Writer:
    return Writer(name, "application/jsonl", "jsonl", partial(_write_lines, rows, winners, expressible))


def _write_array(
    rows: Callable[[VerdictRecord], Iterator[JsonObject]],
    winners: Sequence[str],
    expressible: Callable[[VerdictRecord], bool],
    verdicts: Iterable[VerdictRecord],
    report: DropReport,
) -> Iterator[bytes]:
    """One JSON array, one row per line."""
    separator = b"[\n"
    for line in _write_lines(rows, winners, expressible, verdicts, report):
        yield separator + line.rstrip(b"\n")
        separator = b",\n"
    yield b"\n]\n" if separator == b",\n" else b"[]\n"


def _json_array(
    name: str,
    rows: Callable[[VerdictRecord], Iterator[JsonObject]],
    *,
    winners: Sequence[str],
    expressible: Callable[[VerdictRecord], bool] = lambda _: True,
) -> Writer:
    return Writer(name, "application/json", "json", partial(_write_array, rows, winners, expressible), wants_votes=True)


def _bare(messages: Sequence[Message]) -> list[Message]:
    return [Message(role=message["role"], content=message["content"]) for message in messages]


def _assistant(text: str) -> Message:
    return Message(role="assistant", content=text)


WRITERS: Mapping[str, Writer] = {
    one.name: one
    for one in (
        _json_lines("trl", trl_rows),
        _json_lines("trl-implicit", trl_implicit_rows),
        _json_lines("kto", kto_rows, winners=("a", "b", "both_bad")),
        _json_lines("hh", hh_rows, expressible=hh_expressible),
        _json_lines("openai", openai_rows),
        _json_array("alpacaeval", alpacaeval_rows, winners=("a", "b", "tie"), expressible=alpacaeval_expressible),
        _json_array("arena", arena_rows, winners=EVERY),
        _json_array("labelstudio", labelstudio_rows, winners=EVERY),
        Writer("csv", "text/csv", "csv", partial(write_csv, EVERY), wants_votes=True),
        Writer("parquet", "application/vnd.apache.parquet", "parquet", partial(write_parquet, EVERY), wants_votes=True),
    )
}
"""The dialects that can be written, by name."""
