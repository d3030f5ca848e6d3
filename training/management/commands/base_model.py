"""Registers the base model, and lets it serve where nothing serves yet: `manage.py base_model`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from labeling.management.base import domain_errors
from training.actions.base_model import serve_base_version
from training.generation import ModelPreparationError
from training.queries.serving import serving_version


class Command(BaseCommand):
    help = (
        "Register the base model (BASE_MODEL_DIR under the name BASE_MODEL_NAME, else the one that comes with the "
        "packages), and let it serve where nothing serves yet. Again: changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with domain_errors():
                version = serve_base_version(now=timezone.now(), say=self.stderr.write)
        except ModelPreparationError as error:
            raise CommandError(str(error)) from error
        serving = serving_version()
        self.stdout.write(f"{version.name} is registered; {'it' if serving == version else serving.name} serves.")
