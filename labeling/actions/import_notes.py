"""The notes of an import for people: where each field went, contradictions in the file, and warnings."""

from collections import Counter
from dataclasses import dataclass, field
from mmap import mmap
from typing import Any

from django.utils.translation import gettext_lazy as _

from labeling.exchange import ImportedComparison, ImportedPrompt, Rejected
from labeling.queries.model_checks import FAULTS, Check

MOST_FIELDS = 200
"""Names of fields in a report. A file with more of them is no table of records."""

MOST_LISTED = 100
MOST_SAID = 200
"""Characters of what a model says."""

SLOTS = 1 << 20
"""Slots of the table in which contradictions are found: 16 MB, of which a short file touches little."""

GUIDELINES = "guidelines"
"""The field of the first record that holds the guidelines of a project."""
LONGEST_GUIDELINES = 100_000

NOTES = {
    "contradictions": _("Records that contradict an earlier record about the same pair"),
    "several_opinions": _("Records whose annotators disagree"),
    "left_out": _("Opinions left out: their annotator had judged the pair otherwise"),
    "fields_left_out": _("Records about pairs that were here already; their other fields were not kept"),
    "prompt_fields_left_out": _("Prompts that were here already; their other fields were not kept"),
    "known_answers_left_out": _("Records whose strength or criteria were left out: unknown, or not asked for here"),
    "known_answer_changed": _("Pairs whose known answer changed"),
    "moved_to_practice": _("Pairs moved from the qualification to practice"),
    "moved_to_qualification": _("Pairs moved from practice to the qualification"),
    "no_longer_gold": _("Gold pairs that are no longer gold"),
    "no_longer_settled": _("Settled pairs that no longer count"),
    "erased": _("Opinions left out: their annotator was erased here"),
    "control_tokens": _("Records with a control token of a chat template in a text"),
    "other_gold": _("Records whose field “gold” is no verdict; it became metadata"),
    "expert_verdict": _("Pairs that an expert had decided; a pair that is new here keeps the decision"),
    "lines": _("Lines of plain text, each read as one prompt"),
    "missing_values": _("Records with a text such as “nan” or “NULL”, which programs write where a value is missing"),
    "no_preference": _("Records without a preference in a field that is known for one; annotators judge them"),
    "choices_apart": _(
        "Records with a choice that names an answer, under a tag that is not named as a preference; it became metadata"
    ),
    "choices_unread": _(
        "Records with a choice under a tag of preferences, in words that name no answer and no tie; it became metadata"
    ),
    "pairs_left_out": _("Records with several answers, some pairs of which could not be read and were left out"),
    "tools_twice": _("Records that offer tools, and list them in the system message as well"),
    **FAULTS,
}
"""The notes by code, in words."""


@dataclass(slots=True)
class ImportNotes:
    """Collected record by record.

    uses: how often each field was used, kept as metadata, or the cause of a refusal. counts: of the notes by code.
    contradictions: the first ones: the place of a record, and the earlier record that it contradicts. examples: of each
    fault of the model the first record, and what the model says. guidelines: those in the file; empty: none. check:
    asks the campaign's model; None: it has none.
    """

    check: Check | None = None
    uses: dict[str, Counter[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    contradictions: list[dict[str, int]] = field(default_factory=list)
    examples: dict[str, dict[str, Any]] = field(default_factory=dict)
    guidelines: str = ""
    _preferences: "_Preferences | None" = None

    def take(self, record: ImportedComparison | ImportedPrompt) -> None:
        """Notes a valid record."""
        for name in record.fields:
            self._use(name, "used")
        for name in record.metadata:
            self._use(name, "used" if name == GUIDELINES else "metadata")
        if GUIDELINES in record.metadata and not self.guidelines:
            self.guidelines = str(record.metadata[GUIDELINES])[:LONGEST_GUIDELINES]
        if record.warnings:
            self.counts.update(record.warnings)
        if self.check is not None:
            self._ask_model(self.check, record)
        if isinstance(record, ImportedComparison) and record.preference is not None:
            if not record.votes:
                self._compare(record, "", record.preference)
            for vote in record.votes:
                if vote.choice != "skip" and (vote.annotator or len(record.votes) == 1):
                    self._compare(record, vote.annotator, vote.choice)

    def add(self, code: str, number: int) -> None:
        """Adds to the count of a note."""
        if number:
            self.counts[code] += number

    def refuse(self, one: Rejected) -> None:
        """Notes the field that is the cause of a refusal."""
        if one.field:
            self._use(one.field, "refused")

    def as_dict(self) -> dict[str, Any]:
        guidelines = {"guidelines": self.guidelines} if self.guidelines else {}
        counts = {"notes": dict(self.counts), "contradictions": self.contradictions, "examples": self.examples}
        return counts | guidelines

    @property
    def field_uses(self) -> dict[str, dict[str, int]]:
        return {name: dict(uses) for name, uses in self.uses.items()}

    def _use(self, name: str, use: str) -> None:
        uses = self.uses.get(name)
        if uses is None:
            if len(self.uses) >= MOST_FIELDS:
                return
            uses = self.uses[name] = Counter()
        uses[use] += 1

    def _ask_model(self, check: Check, record: ImportedComparison | ImportedPrompt) -> None:
        if isinstance(record, ImportedComparison):
            faults = check(record.prompt, (record.first.text, record.second.text))
        else:
            faults = check(record.messages, ())
        for fault in faults:
            self.counts[fault.code] += 1
            self.examples.setdefault(
                fault.code, {"line": record.line, "record": record.record, "detail": fault.detail[:MOST_SAID]}
            )

    def _compare(self, record: ImportedComparison, annotator: str, choice: str) -> None:
        """Notes a vote that contradicts an earlier one of the same annotator, or of nobody, about the same pair."""
        texts = record.first.text, record.second.text
        pair = hash((annotator, *(turn["content"] for turn in record.prompt), frozenset(texts)))
        sides = {"first": texts[0], "second": texts[1]}
        preference = hash(sides.get(choice, choice))
        if self._preferences is None:
            self._preferences = _Preferences()
        earlier = self._preferences.contradicted(pair, preference, record.record)
        if earlier:
            self.counts["contradictions"] += 1
            if len(self.contradictions) < MOST_LISTED:
                self.contradictions.append({"line": record.line, "record": record.record, "earlier_record": earlier})


class _Preferences:
    """The first preference about each pair of a file, in constant memory: a hash table of fixed size.

    Half full, it takes no more pairs; a contradiction about one that it does not hold is not found.
    """

    def __init__(self) -> None:
        # Two numbers a slot. Reading one number of an array of numpy takes ten times as long.
        self.table = memoryview(mmap(-1, 16 * SLOTS)).cast("q")
        self.held = 0

    def contradicted(self, pair: int, preference: int, number: int) -> int:
        """The number of the first record about the pair, if its preference was another; 0: it was not."""
        pair, preference = pair or 1, preference & 0xFFFF
        table, place = self.table, 2 * (pair % SLOTS)
        while (known := table[place]) not in (0, pair):
            place = (place + 2) % (2 * SLOTS)
        if known:
            packed = table[place + 1]
            return 0 if packed & 0xFFFF == preference else packed >> 16
        if self.held < SLOTS // 2:
            self.held += 1
            table[place], table[place + 1] = pair, number << 16 | preference
        return 0
