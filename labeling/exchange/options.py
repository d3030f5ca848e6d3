"""The choices of an export that are not its dialect."""

from dataclasses import dataclass, field
from typing import Literal

from labeling.exchange.cleaning import Cleaning
from labeling.exchange.manifest import Split

Include = Literal["verdicts", "judged", "all"]
INCLUDES: tuple[Include, ...] = ("verdicts", "judged", "all")
"""Which comparisons are exported: those with a verdict; also those with judgments or skips but no verdict; or all."""

Side = Literal["train", "test"]
SIDES: tuple[Side, ...] = ("train", "test")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """The choices of an export.

    include: None: what is usual in the dialect. extras: columns beside the pair (id, confidence, weight and more).
    spreadsheet: texts of a CSV that a spreadsheet could take for formulas begin with an apostrophe. split: of prompts,
    for dialects that name it. side: only prompts on this side of the split; empty: both. fixed_columns: the columns of
    the file are declared beside it, and leave no place for tools and their calls.
    """

    include: Include | None = None
    extras: bool = False
    spreadsheet: bool = False
    split: Split = field(default_factory=Split)
    side: Side | None = None
    fixed_columns: bool = False
    cleaning: Cleaning = field(default_factory=Cleaning)
