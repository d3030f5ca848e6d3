"""Sets up the demo: a serving model, a lead, an annotator, and a campaign with prompts and first candidates."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from labeling.management.base import domain_errors
from training.actions.demo import bootstrap_demo


class Command(BaseCommand):
    help = "Set up the missing parts of the demo. Prints 'login: NAME PASSWORD' once, for each new person."

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            bootstrap_demo(now=timezone.now(), say=self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
