"""The choices of an import, and its result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext_lazy, gettext_noop

from common.errors import Invalid
from common.sentences import Sentence
from labeling.actions.import_notes import ImportNotes
from labeling.exchange import (
    AUTO,
    ExchangeError,
    PromptForm,
    Rejected,
    UndetectedDialect,
    UnknownDialect,
    parse_mapping,
)
from labeling.models import ImportBatch

MOST_NAMED = 10_000
"""The number of rejected records that a report names; it counts all of them."""


Ranking = Literal["best-worst", "all", "neighbours"]


class UnreadableFile(Invalid):
    """The raiser says where reading stopped."""

    type = "unreadable-file"
    sentence = gettext_lazy(
        "The file cannot be read: it is not JSON, has no known dialect, or holds too large a record."
    )


def why_unreadable(error: ExchangeError) -> Sentence:
    """Why a whole file cannot be read, for people: without the list of all formats."""
    if not isinstance(error, UndetectedDialect):
        return Sentence.of(error.phrase)
    values = {"line": error.line, "fields": error.fields, "mapping": error.mapping, "names": error.names}
    if error.is_prompts:
        text = gettext_noop(
            "This looks like prompts: no second answer, no preference. Import it as prompts. Line %(line)s has the "
            "fields %(fields)s."
        )
    elif error.mapping:
        text = gettext_noop(
            "No two answers were found under known names. Line %(line)s has the fields %(fields)s. Read them with the "
            "mapping “%(mapping)s”."
        )
    elif error.names:
        text = gettext_noop(
            "No two answers were found under known names. Line %(line)s has the fields %(fields)s. Rename them to "
            "%(names)s."
        )
    else:
        text = gettext_noop(
            "No two answers were found in this file. Line %(line)s has the fields %(fields)s. If two of them are "
            "answers, name the columns."
        )
    return Sentence(text, values)


class EmptyFile(UnreadableFile):
    sentence = gettext_lazy("The file is empty.")


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How a file is read.

    dialect: of comparisons: a name in `labeling.exchange.READERS`, or auto. form: of prompts: json, text (one prompt
    per line), or auto. refuse_all: one bad record, and nothing is kept. keep_preferences: preferences in the file
    become verdicts, and those of named or of several annotators become judgments of outside annotators; otherwise
    annotators judge the comparisons. as_gold: all become gold, with the file's preferences as their known verdicts;
    otherwise only records with a field `gold` do (chosen, rejected, first, second, tie or both_bad). ranking: which
    comparisons a ranking of several completions becomes: best-worst, all, or neighbours. mapping: the columns of the
    prompt, both completions (a, b), the preference, the system message and the id; empty: by the dialect, or by the
    mapping that the campaign used last. use_guidelines: those in the file become the campaign's, if it has none.
    """

    dialect: str = AUTO
    form: PromptForm = "auto"
    refuse_all: bool = False
    keep_preferences: bool = False
    as_gold: bool = False
    ranking: Ranking = "best-worst"
    mapping: Mapping[str, str] = field(default_factory=dict)
    use_guidelines: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


RANKINGS: tuple[Ranking, ...] = ("best-worst", "all", "neighbours")
DEFAULT_SETTINGS = ImportSettings()


def mapping_of(text: str) -> dict[str, str]:
    """A column mapping from its text: "prompt=question a=good b=bad". Raises Invalid for the field `mapping`."""
    try:
        return parse_mapping(text)
    except UnknownDialect as error:
        raise Invalid.of("mapping", Sentence.of(error.phrase)) from error


@dataclass(slots=True)
class ImportReport:
    """The result of an import.

    duplicates: records that the campaign had already. settled, gold: how many of the new ones have a verdict, or are
    gold. judgments: new ones of outside annotators. rejected: the first MOST_NAMED of `rejected_count`. refused:
    nothing was kept because a record was rejected, as the caller asked. batch: what was imported; None: a dry run,
    which only counts. notes: what people should know.
    """

    created: int = 0
    duplicates: int = 0
    settled: int = 0
    gold: int = 0
    judgments: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    refused: bool = False
    batch: ImportBatch | None = None
    notes: ImportNotes = field(default_factory=ImportNotes)

    def reject(self, one: Rejected) -> None:
        """Counts a rejected record, and names it while there is room."""
        self.rejected_count += 1
        self.notes.refuse(one)
        if len(self.rejected) < MOST_NAMED:
            self.rejected.append(one)

    def refuse(self) -> None:
        """Notes that nothing was kept."""
        self.created = self.duplicates = self.settled = self.gold = self.judgments = 0
        self.refused = True

    @property
    def counts(self) -> dict[str, int]:
        names = ("created", "duplicates", "settled", "gold", "judgments", "rejected_count")
        return {name: getattr(self, name) for name in names}

    def as_dict(self) -> dict[str, Any]:
        return self.counts | {
            "rejected": [one.as_dict() for one in self.rejected],
            "refused": self.refused,
            "dry_run": self.batch is None,
            "batch": self.batch.pk if self.batch else None,
            "field_uses": self.notes.field_uses,
            **self.notes.as_dict(),
        }
