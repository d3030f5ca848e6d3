"""Makes the demo: a model that serves, a lead, an annotator, a campaign with prompts, candidates on the way."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from labeling.management.base import domain_errors
from training.actions.demo import bootstrap_demo


class Command(BaseCommand):
    help = "Make whatever of the demo is missing. Prints 'login: NAME PASSWORD' for people made just now, this once."

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            bootstrap_demo(now=timezone.now(), say=self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
