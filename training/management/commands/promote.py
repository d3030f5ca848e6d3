"""Promotes a version: `manage.py promote VERSION`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, domain_errors
from training.actions.gate import promote_through_gate
from training.jobs.gate import evaluate_now
from training.management.base import version_named
from training.queries.gates import standing


class Command(BaseCommand):
    help = "Make a version serve. Past a gate that is not met, with --reason. If it serves already, nothing changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version_name", metavar="VERSION", help="name of the version")
        parser.add_argument("--reason", default="", help="why, if the campaign's gate is not met; it is kept")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version_name"])
        stands = standing(version)
        if stands is not None and not stands.is_measured:
            self.stderr.write(f"Measuring {version.name} for the gate ...")
            evaluate_now(version)
        with domain_errors():
            deployment = promote_through_gate(
                version=version,
                acting_user=acting_user(options["acting_user"]),
                now=timezone.now(),
                reason=options["reason"],
            )
        if options["json"]:
            self.stdout.write(json.dumps({"serving": version.name, "changed": deployment.changed}))
        else:
            self.stdout.write(f"{version.name} serves{'' if deployment.changed else ' already: nothing changed'}.")
