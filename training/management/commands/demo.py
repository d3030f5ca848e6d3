"""Sets up the demo, and fills it with simulated judgments on request: `manage.py demo [--simulate]`."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import domain_errors
from labeling.models import Campaign
from training.actions.demo import bootstrap_demo
from training.rehearsal.demo import ERROR_RATE, RULE, is_being_written, simulate_judgments

PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    help = "Set up the missing parts of the demo. Prints 'login: NAME PASSWORD' once, for each new person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--simulate",
            action="store_true",
            help="let simulated annotators, marked as such, judge every open pair, also those still being written. "
            f"{RULE.sentence} Error rate: {ERROR_RATE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            campaign = bootstrap_demo(now=timezone.now(), say=self._say)
            if options["simulate"]:
                self._simulate(campaign)

    def _simulate(self, campaign: Campaign) -> None:
        judged = 0
        while True:
            is_last = not is_being_written(campaign)
            judged += simulate_judgments(campaign=campaign, acting_user=None, now=timezone.now())
            if is_last:
                break
            time.sleep(PAUSE_SECONDS)
        self._say(f"{judged} judgments by simulated annotators.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
