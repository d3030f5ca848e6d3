"""Takes the second factor off an account: `manage.py reset_second_factor maya`. For whoever lost phone and codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.access import get_person
from labeling.actions.second_factor import reset_second_factor
from labeling.management.base import domain_errors


class Command(BaseCommand):
    help = "Turn two-step sign-in off for an account whose phone and recovery codes are lost. It ends its sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="user name")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        with domain_errors():
            reset_second_factor(user=get_person(username), acting_user=None, now=timezone.now())
        self.stdout.write(f"Two-step sign-in of {username} is off. They sign in without a second step.")
