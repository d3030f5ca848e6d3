"""Measures a version on held-out pairs: `manage.py evaluate VERSION --json`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.management.base import campaign_named, domain_errors
from training.jobs.engine import EngineFailed
from training.jobs.evaluation import evaluate_version
from training.management.base import version_named
from training.models import Snapshot


class Command(BaseCommand):
    help = "Measure a version on held-out pairs, against its parent or another version, and store the figures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version_name", metavar="VERSION")
        parser.add_argument("--against", metavar="VERSION", help="the reference (default: its parent)")
        parser.add_argument(
            "--campaign", help="use the newest held-out pairs of this campaign (default: those of its run)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version_name"])
        snapshot = _newest_snapshot(options["campaign"]) if options["campaign"] else None
        against = version_named(options["against"]) if options["against"] else None
        try:
            with domain_errors():
                evaluation = evaluate_version(version, snapshot=snapshot, reference=against)
        except EngineFailed as error:
            raise CommandError(str(error)) from error
        figures = evaluation.results
        if options["json"]:
            reference = evaluation.against.name if evaluation.against else None
            self.stdout.write(json.dumps({"version": version.name, "against": reference, **figures}))
            return
        self.stdout.write(
            f"{version.name}: reward accuracy {figures['reward_accuracy']:.3f} "
            f"[{figures['reward_accuracy_low']:.3f}, {figures['reward_accuracy_high']:.3f}], "
            f"loss {figures['loss']:.3f}, margin {figures['margin']:.3f} on {figures['pairs']} held-out pairs"
        )
        if evaluation.held_out:
            self.stdout.write(evaluation.held_out.sentence)


def _newest_snapshot(slug: str) -> Snapshot:
    snapshot = Snapshot.objects.filter(campaign=campaign_named(slug)).order_by("-pk").first()
    if snapshot is None:
        raise CommandError(f"{slug} has no snapshot yet: train first.")
    return snapshot
