"""Cleaning an export: near-duplicate prompts, prompts of evaluations, and personal data."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from common.phrases import gettext_noop
from labeling.exchange.contamination import EvaluationPrompts, texts_of
from labeling.exchange.dropping import DropReport
from labeling.exchange.errors import UnfitOption
from labeling.exchange.near_duplicates import near_duplicates
from labeling.exchange.records import Message, VerdictRecord
from labeling.exchange.redaction import Redaction, Redactor

Finding = Literal["", "report", "drop"]
FINDINGS: tuple[Finding, ...] = ("report", "drop")
SIMILARITY = 0.8
LEAST_SIMILARITY = 0.5
EXAMPLES = 20
SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How an export is cleaned. near_duplicates: of an earlier prompt; contaminated: contains a prompt of `evaluation`.

    Each is not looked for (empty), reported, or dropped. similarity: see `near_duplicates`. Raises UnfitOption for
    values that cannot be used.
    """

    near_duplicates: Finding = ""
    similarity: float = SIMILARITY
    contaminated: Finding = ""
    evaluation: EvaluationPrompts | None = None
    redaction: Redaction = field(default_factory=Redaction)

    def __post_init__(self) -> None:
        if not LEAST_SIMILARITY <= self.similarity <= 1:
            text = gettext_noop("A similarity of %(given)s; it lies between %(least)s and 1.")
            raise UnfitOption("similarity", text, given=str(self.similarity), least=str(LEAST_SIMILARITY))
        if self.contaminated and self.evaluation is None:
            raise UnfitOption("contaminated", gettext_noop("Name a file with the evaluation's prompts."))
        if self.evaluation is not None and not self.evaluation.count:
            raise UnfitOption("evaluation", gettext_noop("The file holds no prompt."))

    def __bool__(self) -> bool:
        return bool(self.near_duplicates or self.contaminated or self.redaction)


def cleaned(
    records: Iterable[VerdictRecord],
    cleaning: Cleaning,
    report: DropReport,
    prompts: Callable[[], Iterable[Sequence[Message]]],
) -> Iterator[VerdictRecord]:
    """The records that stay, redacted. prompts: gives every prompt once, in a stable order; read before the records."""
    if cleaning.near_duplicates:
        records = _without_repeated(records, cleaning, report, prompts)
    if cleaning.contaminated and cleaning.evaluation is not None:
        records = _without_contaminated(records, cleaning, report, cleaning.evaluation)
    if cleaning.redaction:
        records = _redacted(records, cleaning.redaction, report)
    return iter(records)


def _without_repeated(
    records: Iterable[VerdictRecord],
    cleaning: Cleaning,
    report: DropReport,
    prompts: Callable[[], Iterable[Sequence[Message]]],
) -> Iterator[VerdictRecord]:
    found = near_duplicates(prompts(), similarity=cleaning.similarity)
    report.examples["near_duplicate"] = [
        {"earlier": one.earlier, "later": one.later, "similarity": round(one.similarity, 2)} for one in found.examples
    ]
    for record in records:
        if record.prompt and found.holds(record.prompt):
            report.find("near_duplicate", record)
            if cleaning.near_duplicates == "drop":
                report.leave_out(record, "near_duplicate")
                continue
        yield record


def _without_contaminated(
    records: Iterable[VerdictRecord], cleaning: Cleaning, report: DropReport, evaluation: EvaluationPrompts
) -> Iterator[VerdictRecord]:
    examples = report.examples["contaminated"] = []
    for record in records:
        match = evaluation.match(texts_of(record.prompt, record.a.text, record.b.text)) if record.prompt else None
        if match is not None:
            report.find("contaminated", record)
            if len(examples) < EXAMPLES:
                examples.append({"comparison": record.comparison, "evaluation": match[:SHOWN_CHARACTERS]})
            if cleaning.contaminated == "drop":
                report.leave_out(record, "contaminated")
                continue
        yield record


def _redacted(records: Iterable[VerdictRecord], redaction: Redaction, report: DropReport) -> Iterator[VerdictRecord]:
    redactor = Redactor(redaction)
    report.redacted = redactor.counts
    for record in records:
        yield redactor.record(record) if record.prompt else record
