"""The version of the product: `manage.py version`, and `--version`."""

from typing import Any

from django.core.management.base import BaseCommand

from config.version import VERSION


class Command(BaseCommand):
    help = "Say which version of Chosen this is."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Chosen {VERSION}")
