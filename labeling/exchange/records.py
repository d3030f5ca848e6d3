"""The records of exchange: messages, imported comparisons and prompts, rejections, and verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal, NotRequired, TypedDict, TypeVar

from common.phrases import Phrase, gettext_noop
from labeling.exchange.errors import InvalidPair

FinishReason = Literal["stop", "length"]
Preference = Literal["first", "second", "tie", "both_bad"]
Winner = Literal["a", "b", "tie", "both_bad"]
JsonObject = dict[str, Any]
Class = TypeVar("Class", bound=type)

EDIT = "edit"
"""The value of `settled_by` for a pair with an improved text."""


def pickled_by_values(record: Class) -> Class:
    """A dataclass whose objects are pickled as the arguments of its constructor, in a quarter of the usual time.

    Records go from one process to another, and the usual way asks each object for the list of its fields.
    """
    values = attrgetter(*(one.name for one in fields(record)))
    record.__reduce__ = lambda self: (record, values(self))  # type: ignore[assignment, misc]
    return record


class CalledFunction(TypedDict):
    """arguments: a text of JSON, as the model wrote it."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """A call of a tool by an assistant. type: function. id: the tool's result may name it."""

    id: NotRequired[str]
    type: str
    function: CalledFunction


class Message(TypedDict):
    """One turn of a conversation. role: system, user, assistant or tool.

    tool_calls: of an assistant. tool_call_id, name: of a tool's result: the call that it answers, and its tool. tools:
    those that a prompt offers, a text of JSON, at its first message only.
    """

    role: str
    content: str
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    name: NotRequired[str]
    tools: NotRequired[str]


@pickled_by_values
@dataclass(frozen=True, slots=True)
class CompletionText:
    """One completion. model: the name of the model version that wrote it, empty when unknown.

    turns: the messages of a completion that is more than one text, of which `text` is the flattened form; empty: it is
    a text. token_ids: as sampled, with EOS if and only if finish_reason is "stop"; None for imported text. metadata:
    fields of the record that belong to this completion alone.
    """

    text: str
    model: str = ""
    finish_reason: FinishReason | None = None
    token_ids: tuple[int, ...] | None = None
    metadata: JsonObject | None = None
    turns: tuple[Message, ...] = ()

    @property
    def identity(self) -> str:
        """The text that names it among others: see `identity`."""
        return identity(self.text, self.turns)


@pickled_by_values
@dataclass(frozen=True, slots=True)
class ImportedComparison:
    """Two completions of one prompt, as imported from a file.

    line: where the record starts, from 1. record: its number, from 1 (in a JSON array on one line, all records share
    the line). first, second: in the order of the file (chosen and rejected, output_1 and output_2), which is not the
    canonical a/b order. preference: that of most votes; None: the file has none. votes: the opinions of the record, if
    it names annotators or has several; empty: the preference is all there is. certainty: p(the preference is right),
    0.5..1, where the record states its size; None: it does not. confidence: of a verdict, if the record states it; it
    is kept as it is. decided: an expert's verdict beside the votes, in our own files. gold: the known verdict; None:
    not gold. tags, prompt_metadata: of the prompt. metadata: all other fields of the record. fields: the names of its
    fields that were used. warnings: codes of what a person should know about it.
    """

    line: int
    record: int
    dialect: str
    prompt: list[Message]
    first: CompletionText
    second: CompletionText
    preference: Preference | None
    votes: "tuple[Vote, ...]" = ()
    certainty: float | None = None
    confidence: float | None = None
    decided: Preference | None = None
    external_id: str = ""
    gold: Preference | None = None
    metadata: JsonObject = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    prompt_metadata: JsonObject | None = None

    @property
    def annotator(self) -> str:
        """The name of the first annotator; empty: the file has none."""
        return self.votes[0].annotator if self.votes else ""


@dataclass(frozen=True, slots=True)
class ImportedPrompt:
    """One prompt from a file; it ends with a user message. line, record: as in ImportedComparison.

    form: json, or text: a line of a plain text. fields, warnings: as in ImportedComparison.
    """

    line: int
    record: int
    messages: list[Message]
    external_id: str = ""
    tags: tuple[str, ...] = ()
    metadata: JsonObject = field(default_factory=dict)
    form: Literal["json", "text"] = "json"
    fields: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that was not imported.

    code: stable, for programs and counts. reason: a sentence for people. excerpt: the beginning of the record. field:
    the name of the field that is its cause; empty: no single one.
    """

    line: int
    record: int
    code: str
    reason: Phrase
    excerpt: str
    field: str = ""

    def as_dict(self) -> dict[str, int | str]:
        return {
            "line": self.line,
            "record": self.record,
            "code": self.code,
            "reason": str(self.reason),
            "excerpt": self.excerpt,
        }

    def as_stored(self) -> JsonObject:
        """The same, with what makes its reason a sentence in the language of a later reader."""
        return self.as_dict() | {"sentence": self.reason.as_json()}


@pickled_by_values
@dataclass(frozen=True, slots=True)
class Vote:
    """One judgment of a comparison.

    annotator: a pseudonym. choice: a, b, tie, both_bad or skip. left: the completion on the left. strength: 1..3.
    seconds: how long the comparison was on display. at: Unix seconds. guideline_version: its number. criteria: choices
    by criterion. edit: the winner, improved by the annotator. simulated: by a simulated annotator. imported: by an
    outside annotator. certainty: p(the choice is right), 0.5..1, where an imported file states it. metadata: other
    fields of an imported judgment.

    In an ImportedComparison, choice, left and criteria name the completions "first" and "second", and annotator is the
    name in the file; empty: none.
    """

    annotator: str
    choice: str
    left: str = "a"
    strength: int | None = None
    seconds: float | None = None
    at: float | None = None
    guideline_version: int | None = None
    criteria: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""
    edit: str = ""
    skip_reason: str = ""
    flag: str = ""
    simulated: bool = False
    imported: bool = False
    certainty: float | None = None
    metadata: JsonObject = field(default_factory=dict)

    def as_dict(self) -> JsonObject:
        """The values that are known; the others have their defaults."""
        values = {name: getattr(self, name) for name in VOTE_FIELDS}
        return {name: value for name, value in values.items() if value not in (None, "", {}, False)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Vote":
        """The vote that `as_dict` described. Raises TypeError for other fields."""
        return cls(**values)


VOTE_FIELDS = tuple(one.name for one in fields(Vote))


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """One comparison with its verdict, as writers need it.

    a, b: the completions in canonical order. winner: None: unsettled. confidence: p(winner preferred). id: of the
    preference pair; empty: derived from the content, which is reproducible. comparison, settled_by, settled_at (Unix
    seconds), votes: for dialects that include the origin of a verdict. status: settled, conflict or open. pair: the
    name of the comparison by its content, the same in every installation. external_id, tags, source: of the
    comparison and its prompt. metadata: other fields of the imported record, of prompt, comparison, a and b.
    is_held_out: the prompt's side of the split, which its redacted text does not give; None: to be computed from it.
    """

    prompt: Sequence[Message]
    a: CompletionText
    b: CompletionText
    winner: Winner | None
    confidence: float = 1.0
    weight: float = 1.0
    id: str = ""
    prompt_ids: tuple[int, ...] | None = None
    comparison: int | None = None
    settled_by: str = ""
    settled_at: float | None = None
    votes: tuple[Vote, ...] = ()
    status: str = "settled"
    pair: str = ""
    external_id: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""
    metadata: Mapping[str, JsonObject] = field(default_factory=dict)
    is_held_out: bool | None = None

    @property
    def is_edit(self) -> bool:
        """Whether it compares an improved text: a pair beside that of its comparison, not a comparison of its own."""
        return self.settled_by == EDIT

    @property
    def chosen(self) -> CompletionText:
        """The winning completion. Raises InvalidPair if neither won."""
        return self._side("a", "b")

    @property
    def rejected(self) -> CompletionText:
        """The losing completion. Raises InvalidPair if neither won."""
        return self._side("b", "a")

    def _side(self, a_when: Winner, b_when: Winner) -> CompletionText:
        if self.winner == a_when:
            return self.a
        if self.winner == b_when:
            return self.b
        raise InvalidPair(gettext_noop("A comparison without a winner has no chosen and no rejected completion."))


# Made once: `json.dumps` with settings makes an encoder at every call.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8, no NaN: equal values give equal bytes."""
    return _CANONICAL.encode(value).encode("utf-8")


def ordered_json(value: object) -> bytes:
    """JSON with keys in their order, no spaces, UTF-8, no NaN."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def identity(text: str, turns: Sequence[Message]) -> str:
    """The text that names a completion among others: its own, or its turns as JSON after a NUL, which no text holds."""
    return f"\x00{canonical_json(list(turns)).decode()}" if turns else text


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The beginnings of cells that a spreadsheet may take for formulas. The last four are full-width forms."""


def harmless_cell(text: str) -> str:
    """A text as a cell of a spreadsheet. An apostrophe precedes one that could be taken for a formula.

    It also precedes a text that begins with an apostrophe, so that `restored_cell` can tell.
    """
    return f"'{text}" if text.startswith("'") or text.lstrip(" ").startswith(FORMULA) else text


def restored_cell(cell: str) -> str:
    """The text that `harmless_cell` made a cell of."""
    return cell.removeprefix("'")
