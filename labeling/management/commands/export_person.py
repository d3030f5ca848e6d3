"""Exports all data about a person as JSON: `manage.py export_person alice > alice.json`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from labeling.access import get_outside_annotator, get_person
from labeling.management.base import domain_errors
from labeling.queries.personal_data import personal_data


class Command(BaseCommand):
    help = "Print all data about a person as one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="user name; of an outside annotator the pseudonym")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        with domain_errors():
            for piece in personal_data(get_outside_annotator(username) or get_person(username)):
                self.stdout.write(piece.decode(), ending="")
