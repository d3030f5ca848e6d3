"""Creates an account: `manage.py create_user maya --role lead`. An existing account is left unchanged."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.actions.people import create_account, create_token
from labeling.management.base import domain_errors
from labeling.models import Role, User


class Command(BaseCommand):
    help = "Create an account. A generated password and the token are printed only now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="to sign in with")
        parser.add_argument("--role", choices=Role.values, default=Role.ANNOTATOR.value, help="its rights")
        parser.add_argument("--email", default="", help="the address for resetting the password")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        parser.add_argument("--keep-password", action="store_true", help="its owner need not choose another password")
        parser.add_argument("--token", action="store_true", help="also create an API token and print it")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")

    def handle(self, *args: Any, name: str, role: str, **options: Any) -> None:
        now = timezone.now()
        user = User.objects.filter(username=name).first()
        existed, password = user is not None, None
        with domain_errors():
            if user is None:
                given = input() if options["password_stdin"] else None
                account = {"username": name, "role": role, "email": options["email"]}
                demands = not options["keep_password"]
                user, password = create_account(
                    **account, password=given, must_change_password=demands, acting_user=None, now=now
                )
            elif user.role != role:
                raise CommandError(f"{name} exists already, as {user.role}. Nothing was changed.")
            key = None
            if options["token"]:
                _, key = create_token(user=user, name="command line", acting_user=None, now=now)
        self._print(user, existed, password, key, as_json=options["json"])

    def _print(self, user: User, existed: bool, password: str | None, key: str | None, *, as_json: bool) -> None:
        if as_json:
            values = {"username": user.username, "role": user.role, "created": not existed}
            self.stdout.write(json.dumps({**values, "password": password, "token": key}))
            return
        self.stdout.write(f"{user.username} ({user.role}) {'existed already' if existed else 'was created'}.")
        if password:
            self.stdout.write(f"password: {password}")
        if user.must_change_password:
            self.stdout.write("At the first sign-in its owner has to choose another password.")
        if key:
            self.stdout.write(f"token: {key}")
