"""A campaign's gate: `manage.py gate CAMPAIGN` shows it; with --set FILE it changes it."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.gate import save_gate
from training.queries.gates import current_gate


class Command(BaseCommand):
    help = "Show the rules that versions of a campaign must meet, or change them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        parser.add_argument(
            "--set",
            dest="file",
            type=Path,
            metavar="FILE",
            help='new rules: a JSON list such as [{"figure": "pairs", "floor": 50, "on_missing": "hold"}]',
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        gate = current_gate(campaign)
        if options["file"]:
            user = acting_user(options["acting_user"])
            with domain_errors():
                gate = save_gate(campaign=campaign, rules=_rules(options["file"]), acting_user=user, now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({"number": gate.number, "rules": gate.rules}))
            return
        self.stdout.write(f"Gate {gate.number} of {campaign.slug}:")
        for rule in gate.parsed:
            self.stdout.write(f"- {rule.sentence}")


def _rules(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as JSON: {error}") from error
