"""Exports all data about a person as JSON: `manage.py export_person alice > alice.json`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.access import get_outside_annotator, get_person
from labeling.actions.people import note_data_read
from labeling.management.base import domain_errors
from labeling.queries.personal_data import personal_data


class Command(BaseCommand):
    help = "Print all data about a person as one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="user name; of an outside annotator the pseudonym")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        with domain_errors():
            person = get_outside_annotator(username) or get_person(username)
            note_data_read(person=person, acting_user=None, now=timezone.now())
            for piece in personal_data(person):
                self.stdout.write(piece.decode(), ending="")
