"""Writers of verdicts: one function per dialect, one registry.

To add a dialect of JSON lines: a function from a VerdictRecord to its rows and a line in WRITERS. A dialect with
another framing (an array, CSV, Parquet) brings its own `encode`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from common.phrases import gettext_noop
from common.transcripts import HH_MARKER, HH_ROLES
from labeling.exchange.battles import (
    alpacaeval_expressible,
    alpacaeval_rows,
    answered,
    arena_expressible,
    arena_rows,
    differ_at_once,
    turns_of,
    with_imported_votes,
)
from labeling.exchange.dropping import DropReport, screen, with_choices
from labeling.exchange.errors import NONE_OF, UnfitOption, UnknownDialect
from labeling.exchange.full import write_full
from labeling.exchange.labelstudio import labelstudio_rows
from labeling.exchange.options import INCLUDES, Include, WriteOptions
from labeling.exchange.records import JsonObject, VerdictRecord, canonical_json, ordered_json
from labeling.exchange.tables import write_csv, write_parquet
from labeling.exchange.turns import for_openai, for_templates, has_tools, offered_tools

WINNERS = ("a", "b", "tie", "both_bad")
EVERY = (*WINNERS, None)
Encode = Callable[[Iterable[Any], DropReport, WriteOptions], Iterator[bytes]]
Rows = Callable[[VerdictRecord], Iterator[JsonObject]]


@dataclass(frozen=True, slots=True)
class Writer:
    """One dialect.

    encode: the bytes of the file, piece by piece, in constant memory (in JSON lines a piece is a line with its end).
    winners: the verdicts that it can express; None among them: comparisons without one. expressible: whether it can
    express a record. choices: the judgments that it lists, if it lists them. imports_vote: an imported verdict is one.
    has_extras: its readers ignore columns that they do not know. is_whole: `write` takes the lines of the campaign
    instead of verdicts.
    """

    name: str
    media_type: str
    extension: str
    encode: Encode
    winners: Sequence[str | None] = ("a", "b")
    expressible: Callable[[VerdictRecord], bool] = lambda _: True
    choices: Sequence[str] = ()
    imports_vote: bool = False
    has_extras: bool = False
    is_whole: bool = False

    def write(
        self, verdicts: Iterable[Any], report: DropReport, options: WriteOptions | None = None
    ) -> Iterator[bytes]:
        """The bytes of the file, piece by piece. The report is complete after the last one.

        Verdicts sorted by prompt let it notice all duplicates. Raises UnfitOption and UnknownDialect at once.
        """
        options = options or WriteOptions()
        self.include(options)
        if options.extras and not self.has_extras:
            text = gettext_noop("%(dialect)s has no place for columns beside the pair.")
            raise UnfitOption("extras", text, dialect=self.name)
        if options.spreadsheet and self.name != "csv":
            raise UnfitOption("spreadsheet", gettext_noop("Only CSV can be escaped for spreadsheets."))
        if self.is_whole:
            if options.cleaning:
                text = gettext_noop("%(dialect)s loses nothing, so it is not cleaned. Choose another format.")
                raise UnfitOption("dialect", text, dialect=self.name)
            return self.encode(verdicts, report, options)
        if self.imports_vote:
            verdicts = with_imported_votes(verdicts)
        if self.wants_votes:
            verdicts = with_choices(verdicts, self.choices, report)
        expressible = self._of_fixed_columns if options.fixed_columns else self.expressible
        fit = screen(verdicts, report, winners=self.winners, expressible=expressible)
        return self.encode(fit, report, options)

    def _of_fixed_columns(self, record: VerdictRecord) -> bool:
        return self.expressible(record) and not _uses_tools(record)

    def include(self, options: WriteOptions) -> Include:
        """Which comparisons are exported. Raises UnfitOption if the dialect cannot hold them."""
        if options.include is None:
            return "all" if self.is_whole else "judged" if self.is_complete else "verdicts"
        if options.include not in INCLUDES:
            raise UnfitOption("include", NONE_OF, value=options.include, all=", ".join(INCLUDES))
        if self.is_whole and options.include != "all":
            text = gettext_noop("%(dialect)s always holds the whole campaign.")
            raise UnfitOption("include", text, dialect=self.name)
        if options.include != "verdicts" and not self.is_complete:
            text = gettext_noop("%(dialect)s holds only comparisons with a verdict.")
            raise UnfitOption("include", text, dialect=self.name)
        return options.include

    @property
    def wants_votes(self) -> bool:
        """Whether it lists judgments, so that the records must carry them."""
        return bool(self.choices)

    @property
    def is_complete(self) -> bool:
        """Whether it can hold comparisons without a verdict."""
        return None in self.winners


def writer(dialect: str) -> Writer:
    """The writer of a dialect. Raises UnknownDialect."""
    if dialect not in WRITERS:
        raise UnknownDialect(
            gettext_noop("Unknown dialect %(dialect)s. Known are %(all)s."),
            dialect=repr(dialect),
            all=", ".join(WRITERS),
        )
    return WRITERS[dialect]


def trl_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """TRL, conversational, with an explicit prompt."""
    yield {
        "prompt": for_templates(record.prompt),
        "chosen": for_templates(turns_of(record.chosen)),
        "rejected": for_templates(turns_of(record.rejected)),
        **_tools(record),
    }


def trl_implicit_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """TRL, with the prompt inside both conversations."""
    sides = {"chosen": record.chosen, "rejected": record.rejected}
    yield {name: for_templates(answered(record.prompt, side)) for name, side in sides.items()} | _tools(record)


def kto_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """TRL, unpaired: one row per completion. Both bad is two rows with the label false."""
    prompt, tools = for_templates(record.prompt), _tools(record)
    for side, completion in (("a", record.a), ("b", record.b)):
        turns = for_templates(turns_of(completion))
        yield {"prompt": prompt, "completion": turns, "label": record.winner == side, **tools}


def hh_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """Anthropic HH transcripts."""
    speakers = {role: speaker for speaker, role in HH_ROLES.items()}
    shared = "".join(f"\n\n{speakers[turn['role']]}: {turn['content']}" for turn in record.prompt)
    yield {
        "chosen": f"{shared}\n\nAssistant: {record.chosen.text}",
        "rejected": f"{shared}\n\nAssistant: {record.rejected.text}",
    }


def hh_expressible(record: VerdictRecord) -> bool:
    """Whether a transcript can hold it: no system message, no tools, and no separator of turns within a turn."""
    texts = [*(turn["content"] for turn in record.prompt), record.a.text, record.b.text]
    known = all(turn["role"] in HH_ROLES.values() for turn in record.prompt)
    has_turns = has_tools(record.prompt) or record.a.turns or record.b.turns
    return known and not has_turns and not any(HH_MARKER.search(text) for text in texts)


def openai_rows(record: VerdictRecord) -> Iterator[JsonObject]:
    """OpenAI preference fine-tuning."""
    yield {
        "input": {
            "messages": for_openai(record.prompt),
            "tools": offered_tools(record.prompt),
            "parallel_tool_calls": _calls_at_once(record),
        },
        "preferred_output": for_openai(turns_of(record.chosen)),
        "non_preferred_output": for_openai(turns_of(record.rejected)),
    }


def _calls_at_once(record: VerdictRecord) -> bool:
    """Whether the model was allowed to call several tools at once, as the imported record says."""
    given = record.metadata.get("comparison", {}).get("input_fields")
    return not isinstance(given, dict) or given.get("parallel_tool_calls") is not False


def _tools(record: VerdictRecord) -> JsonObject:
    """TRL's column of tools, if the prompt offers some: a text, as `datasets` fills the gaps of unlike objects."""
    return {"tools": record.prompt[0]["tools"]} if "tools" in record.prompt[0] else {}


def _extras(record: VerdictRecord) -> JsonObject:
    """The columns beside a pair. Names that our readers know have their meaning there."""
    values: JsonObject = {
        "pair": record.pair,
        "id": record.external_id,
        "tags": list(record.tags),
        "source": record.source,
        "confidence": record.confidence,
        "weight": record.weight,
        "settled_by": record.settled_by,
    }
    if record.winner in ("a", "b"):
        values |= {"chosen_model": record.chosen.model, "rejected_model": record.rejected.model}
    return values


def _write_lines(
    rows: Rows, records: Iterable[VerdictRecord], report: DropReport, options: WriteOptions
) -> Iterator[bytes]:
    for record in records:
        extras = _extras(record) if options.extras else {}
        # A model reads tools and writes calls in an order of keys.
        encode = ordered_json if _uses_tools(record) else canonical_json
        for row in rows(record):
            yield encode(extras | row) + b"\n"


def _uses_tools(record: VerdictRecord) -> bool:
    return any(map(has_tools, (record.prompt, record.a.turns, record.b.turns)))


def _json_lines(
    name: str,
    rows: Rows,
    *,
    winners: Sequence[str] = ("a", "b"),
    expressible: Callable[[VerdictRecord], bool] = lambda _: True,
    has_extras: bool = True,
) -> Writer:
    encode = partial(_write_lines, rows)
    return Writer(name, "application/jsonl", "jsonl", encode, winners, expressible, has_extras=has_extras)


def _write_array(
    rows: Rows, records: Iterable[VerdictRecord], report: DropReport, options: WriteOptions
) -> Iterator[bytes]:
    """One JSON array, one row per line."""
    separator = b"[\n"
    for line in _write_lines(rows, records, report, options):
        yield separator + line.rstrip(b"\n")
        separator = b",\n"
    yield b"\n]\n" if separator == b",\n" else b"[]\n"


def _json_array(
    name: str,
    rows: Rows,
    *,
    choices: Sequence[str],
    expressible: Callable[[VerdictRecord], bool] = lambda _: True,
    imports_vote: bool = False,
) -> Writer:
    encode = partial(_write_array, rows)
    return Writer(name, "application/json", "json", encode, EVERY, expressible, choices, imports_vote)


WRITERS: Mapping[str, Writer] = {
    one.name: one
    for one in (
        Writer("full", "application/jsonl", "jsonl", write_full, EVERY, is_whole=True),
        _json_lines("trl", trl_rows),
        _json_lines("trl-implicit", trl_implicit_rows, expressible=differ_at_once),
        _json_lines("kto", kto_rows, winners=("a", "b", "both_bad")),
        _json_lines("hh", hh_rows, expressible=hh_expressible),
        _json_lines("openai", openai_rows, has_extras=False),
        _json_array(
            "alpacaeval",
            alpacaeval_rows,
            choices=("a", "b", "tie"),
            expressible=alpacaeval_expressible,
            imports_vote=True,
        ),
        _json_array("arena", arena_rows, choices=WINNERS, expressible=arena_expressible, imports_vote=True),
        _json_array("labelstudio", labelstudio_rows, choices=(*WINNERS, "skip"), imports_vote=True),
        Writer("csv", "text/csv", "csv", write_csv, EVERY, choices=(*WINNERS, "skip")),
        Writer(
            "parquet", "application/vnd.apache.parquet", "parquet", write_parquet, EVERY, choices=(*WINNERS, "skip")
        ),
    )
}
"""The dialects that can be written, by name."""
