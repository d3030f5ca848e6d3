"""Prints the agreement between the annotators of a campaign: `manage.py agreement CAMPAIGN --json`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from labeling.management.base import campaign_named
from labeling.queries.agreement import agreement
from labeling.stats import Estimate

LABELS = {
    "percent_with_ties": "agreement with ties",
    "percent_without_ties": "agreement without ties",
    "alpha_nominal": "Krippendorff's alpha",
    "ac1": "Gwet's AC1",
}


class Command(BaseCommand):
    help = "Print the agreement between the annotators of a campaign, with 95 % intervals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("--include-simulated", action="store_true", help="include simulated annotators")
        parser.add_argument("--include-imported", action="store_true", help="include imported judgments")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        included = {name: options[name] for name in ("include_simulated", "include_imported")}
        report = agreement(campaign, **included)
        if options["json"]:
            self.stdout.write(json.dumps({"campaign": campaign.slug, **included, **report.as_dict()}))
            return
        if options["include_simulated"]:
            self.stdout.write("Simulated annotators are included.")
        if options["include_imported"]:
            self.stdout.write("Imported judgments are included.")
        for name, label in LABELS.items():
            self.stdout.write(f"{label:26} {_as_text(getattr(report, name))}")


def _as_text(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"undefined: {estimate.reason}"
    interval = "" if estimate.low is None else f" [{estimate.low:.3f}, {estimate.high:.3f}]"
    return f"{estimate.value:.3f}{interval} over {estimate.comparisons} comparisons"
