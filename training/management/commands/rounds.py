"""A campaign's rounds: `manage.py rounds CAMPAIGN` lists them, newest first; --number N shows one with its phases."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import campaign_named
from training.queries.round_costs import plan_of
from training.queries.round_reports import rounds_as_json
from training.queries.rounds import rounds_of


class Command(BaseCommand):
    help = "Show a campaign's rounds: where each is, why it waits, and its cost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        parser.add_argument("--number", type=int, metavar="N", help="only this round, with all of its phases")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        rounds = rounds_of(campaign)
        if options["number"] is not None:
            rounds = rounds.filter(number=options["number"])
            if not rounds.exists():
                raise CommandError(f"{campaign.slug} has no round {options['number']}.")
        plan, now = plan_of(campaign), timezone.now()
        for found in rounds_as_json(list(rounds), plan, now=now):
            if options["json"]:
                self.stdout.write(json.dumps(found))
            else:
                self._print(found, with_phases=options["number"] is not None)

    def _print(self, found: dict[str, Any], *, with_phases: bool) -> None:
        cost = found["cost"]
        money = f", {cost['money']} {cost['currency']}" if cost["money"] is not None else ""
        self.stdout.write(
            f"Round {found['number']}: {found['outcome'] or found['phase']}; {found['version'] or 'no version'}; "
            f"{cost['human_minutes']} min of people, {cost['machine_minutes']} min of machines{money}"
        )
        for phase in found["phases"] if with_phases else []:
            reason = f": {phase['reason']}" if phase["reason"] else ""
            self.stdout.write(f"  {phase['phase']}: {phase['state']}{reason}")
