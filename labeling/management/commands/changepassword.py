"""Sets somebody's password: `manage.py changepassword maya`. Django's command, and what follows from a new password."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from labeling.actions.accounts import end_access_after_password
from labeling.models import User


class Command(changepassword.Command):
    help = "Set the password of an account. It ends the account's sessions and revokes its tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--keep-password", action="store_true", help="its owner need not choose another password")

    def handle(self, *args: Any, **options: Any) -> str | None:
        name = options["username"] = options["username"] or getpass.getuser()
        before = User.objects.filter(username=name).values_list("password", flat=True).first()
        said = super().handle(*args, **options)  # somebody types meanwhile: no transaction waits for that
        user = User.objects.get(username=name)
        if user.password != before:
            demands = not options["keep_password"]
            with transaction.atomic():
                end_access_after_password(user=user, must_change_password=demands, acting_user=None, now=timezone.now())
        return said
