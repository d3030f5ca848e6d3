"""Rolls back the last promotion: `manage.py rollback`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, domain_errors
from training.actions.versions import roll_back


class Command(BaseCommand):
    help = "Return to the version that served before the current one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            deployment = roll_back(acting_user=acting_user(options["acting_user"]), now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({"serving": deployment.version.name}))
        else:
            self.stdout.write(f"{deployment.version.name} serves again.")
