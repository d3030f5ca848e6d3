"""Limits the application's database role: `manage.py application_role chosen_app` prints the SQL, `--apply` runs it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from labeling.actions.database_role import give_rights, rights_of_role
from labeling.management.base import domain_errors


class Command(BaseCommand):
    help = "Let a database role run the application, adding to the event log without changing it. Run it as the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="the role of web server and workers, which exists already")
        parser.add_argument("--apply", action="store_true", help="run the statements; without it they are printed")

    def handle(self, *args: Any, role: str, apply: bool, **options: Any) -> None:
        with domain_errors():
            statements = rights_of_role(role)
            if apply:
                give_rights(role=role)
        if apply:
            self.stdout.write(f"{role} may now run the application. It can add events, and change or delete none.")
        else:
            self.stdout.write("".join(f"{statement};\n" for statement in statements))
