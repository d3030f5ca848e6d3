"""Rolls back the last promotion: `manage.py rollback`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, domain_errors, time_argument
from labeling.queries.lists import ComparisonFilter
from training.actions.setting_aside import LIMITS, RolledBack, roll_back_and_set_aside


class Command(BaseCommand):
    help = "Return to the version that served before the current one, and set labels aside with it."

    def add_arguments(self, parser: CommandParser) -> None:
        labels = parser.add_argument_group(
            "labels to set aside",
            "Comparisons of the campaign in which the version was trained; all that match every argument are retired.",
        )
        for name, meaning in (("since", "at or after"), ("until", "before")):
            labels.add_argument(
                f"--settled-{name}", type=time_argument, metavar="TIME", help=f"settled {meaning} this time"
            )
        labels.add_argument("--annotator", metavar="PSEUDONYMS", help="judged by one of them, with commas between them")
        labels.add_argument("--batch", type=int, metavar="NUMBER", help="brought by this import")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {name: options[name] for name in LIMITS if options[name] not in (None, "")}
        labels = ComparisonFilter(**chosen) if chosen else None
        with domain_errors():
            done = roll_back_and_set_aside(
                labels=labels, acting_user=acting_user(options["acting_user"]), now=timezone.now()
            )
        self.stdout.write(_as_json(done) if options["json"] else _in_words(done, asked=labels is not None))


def _as_json(done: RolledBack) -> str:
    answer = {
        "serving": done.deployment.version.name,
        "set_aside": done.aside.total if done.aside else 0,
        "act": done.aside.pk if done.aside else None,
        "not_set_aside": done.refused.message if done.refused else "",
    }
    return json.dumps(answer)


def _in_words(done: RolledBack, *, asked: bool) -> str:
    said = f"{done.deployment.version.name} serves again."
    if done.refused is not None:
        return f"{said} No label is set aside: {done.refused.message}"
    if done.aside is not None:
        return f"{said} Comparisons set aside: {done.aside.total} (act {done.aside.pk})."
    return f"{said} No label matched: none is set aside." if asked else said
