"""Seals the event log now and prints the seal: `manage.py seal_events` prints `1200:5f1d…`, to be kept elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.actions.event_chain import seal_events


class Command(BaseCommand):
    help = "Seal all events, and print the seal: the number and the hash of the last one. Keep it on another machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=3600.0, help="end after about that long; default: 3600")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        seal = seal_events(now=timezone.now(), seconds=seconds)
        self.stdout.write(str(seal or "There are no events yet."))
