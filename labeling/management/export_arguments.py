"""The arguments of the command `export`: the filter of its comparisons, and how they are cleaned."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from labeling.actions.export_choices import export_filter, read_evaluation, write_options
from labeling.exchange import FINDINGS, KINDS, SIDES, SIMILARITY, WriteOptions
from labeling.management.base import time_argument
from labeling.models import Comparison, User
from labeling.queries.judged_by import GROUPS, is_group
from labeling.queries.lists import ComparisonFilter


def add_export_arguments(parser: CommandParser) -> None:
    """Adds the filter and the cleaning."""
    parser.add_argument("--side", choices=SIDES, help="only prompts on this side of the next snapshot's split")
    _add_filter(parser.add_argument_group("filter of the comparisons"))
    cleaning = parser.add_argument_group("cleaning")
    cleaning.add_argument(
        "--near-duplicates", choices=FINDINGS, help="count, or drop, those whose prompt is much like an earlier one"
    )
    cleaning.add_argument("--similarity", type=float, help=f"from which similarity on, 0.5 to 1; default {SIMILARITY}")
    cleaning.add_argument("--evaluation", type=Path, metavar="FILE", help="the prompts of an evaluation")
    cleaning.add_argument(
        "--contaminated", choices=FINDINGS, help="count, or drop, those that contain a prompt of the evaluation"
    )
    cleaning.add_argument("--redact", choices=KINDS, action="append", help="a kind of personal data; may be repeated")
    cleaning.add_argument(
        "--pattern", dest="patterns", action="append", metavar="REGEX", help="another text to redact; may be repeated"
    )
    cleaning.add_argument("--region", help="the country, such as DE, of phone numbers without a country code")


def filter_of(options: dict[str, Any]) -> ComparisonFilter | None:
    """The filter that the arguments name."""
    judged = options["judged"]
    return export_filter(options | {"judged": None if judged is None else judged == "yes"})


def options_of(options: dict[str, Any], acting_user: User | None) -> WriteOptions:
    """The other choices that the arguments name. Raises Invalid, CommandError."""
    path, evaluation = options["evaluation"], None
    if path is not None:
        try:
            with path.open("rb") as file:
                evaluation = read_evaluation(file)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    return write_options(options | {"evaluation": None}, acting_user=acting_user, evaluation=evaluation)


NUMBERED = {
    "batch": "added by this import",
    "act": "changed by this bulk action",
    "prompt": "of this prompt",
    "guideline-version": "judged under this version of the guidelines",
}


def _group(name: str) -> str:
    if not is_group(name):
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(GROUPS)}, and no GROUPING/GROUP")
    return name


def _add_filter(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument("--text", help="a part of the prompt or of a completion")
    parser.add_argument("--status", choices=Comparison.Status.values, help="status of the comparison")
    parser.add_argument("--tag", help="a tag of the prompt")
    parser.add_argument("--metadata", metavar="KEY=VALUE", help="a field of the imported record")
    parser.add_argument("--source", help="how the comparison was added")
    parser.add_argument("--external-id", help="the id in the imported file")
    parser.add_argument("--model-version", metavar="VERSION", help="the version that wrote a completion")
    parser.add_argument("--annotator", metavar="PSEUDONYMS", help="judged by one of them, with commas between them")
    parser.add_argument(
        "--group",
        type=_group,
        help=f"judged by somebody of this group: {', '.join(GROUPS)}, or a declared one as GROUPING/GROUP",
    )
    parser.add_argument("--criterion", help="a judgment answers it")
    parser.add_argument("--judged", choices=["yes", "no"], help="whether somebody has judged it")
    parser.add_argument("--flagged", action="store_true", help="an annotator flagged it")
    for name, meaning in NUMBERED.items():
        parser.add_argument(f"--{name}", type=int, metavar="NUMBER", help=meaning)
    for name, meaning in (("confidence", "confidence of the verdict"), ("agreement", "agreement of its judgments")):
        for end in ("least", "most"):
            said = f"{meaning}, at {end} this"
            parser.add_argument(f"--{name}-at-{end}", type=float, metavar="SHARE", help=said)
    for name, meaning in (("", "added"), ("settled-", "settled")):
        for end, when in (("since", "at or after"), ("until", "before")):
            parser.add_argument(
                f"--{name}{end}", type=time_argument, metavar="TIME", help=f"{meaning} {when} this time"
            )
