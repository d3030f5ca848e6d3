"""Makes an account anonymous for good: `manage.py erase_person alice` shows the effects, `--yes` applies them.

`--withdraw` also withdraws the judgments.
"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.access import get_outside_annotator, get_person
from labeling.actions.erasure import erase_person, erasure_consequences
from labeling.management.base import domain_errors


class Command(BaseCommand):
    help = "Show the effects of erasing a person; with --yes, erase them. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="user name; of an outside annotator the pseudonym")
        parser.add_argument("--yes", action="store_true", help="erase; without it nothing changes")
        parser.add_argument("--withdraw", action="store_true", help="withdraw the judgments as well")

    def handle(self, *args: Any, username: str, yes: bool, withdraw: bool, **options: Any) -> None:
        with domain_errors():
            person = get_outside_annotator(username) or get_person(username)
            consequences = erasure_consequences(person=person, acting_user=None)
            if yes:
                erase_person(
                    person=person, confirmation=username, withdraw=withdraw, acting_user=None, now=timezone.now()
                )
        self.stdout.write(json.dumps({"erased": yes, **consequences.as_dict()}))
