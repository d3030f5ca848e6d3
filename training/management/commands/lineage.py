"""Lineage both ways: `manage.py lineage CAMPAIGN --comparison 7` or `--annotator PSEUDONYM [--retrain]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.models import Campaign
from labeling.queries.annotator import annotator_of
from training.actions.leaving_out import changes_without, learned_from, newest_of_all, retrain_without
from training.queries.lineage import uses_of


class Command(BaseCommand):
    help = "List the snapshots and versions that used a comparison, prompt, judgment or annotator, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        of = parser.add_mutually_exclusive_group(required=True)
        for kind in ("comparison", "prompt", "judgment"):
            of.add_argument(f"--{kind}", type=int, metavar="ID", help=f"number of the {kind}")
        of.add_argument("--annotator", metavar="PSEUDONYM", help="pseudonym of a person")
        parser.add_argument("--compare", action="store_true", help="count what changes without the annotator")
        parser.add_argument(
            "--retrain", action="store_true", help="leave the annotator out from now on, and start a run without them"
        )
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        values: Any
        if options["annotator"] is not None:
            with domain_errors():
                values = self._of_annotator(campaign, options)
        elif options["compare"] or options["retrain"]:
            raise CommandError("--compare and --retrain need --annotator.")
        else:
            values = _of_row(campaign, options)
        self.stdout.write(json.dumps(values, indent=2))

    def _of_annotator(self, campaign: Campaign, options: dict[str, Any]) -> dict[str, Any]:
        person = annotator_of(campaign, options["annotator"])
        if person is None:
            raise CommandError(f"{campaign.slug} has no annotator {options['annotator']!r}.")
        learned = learned_from(campaign, person)
        values: dict[str, Any] = {
            "learned": [
                {"snapshot": one.snapshot.content_hash, "comparisons": one.comparisons, "versions": one.versions}
                for one in learned
            ]
        }
        if options["compare"] and (newest := newest_of_all(learned)):
            changes = changes_without(campaign, person, newest)
            values["changes"] = {"same": changes.same, **changes.counts}
        if options["retrain"]:
            user = acting_user(options["acting_user"])
            run = retrain_without(campaign=campaign, person=person, acting_user=user, now=timezone.now())
            values["run"] = run.pk
        return values


def _of_row(campaign: Campaign, options: dict[str, Any]) -> list[dict[str, Any]]:
    kind = next(kind for kind in ("comparison", "prompt", "judgment") if options[kind] is not None)
    row = getattr(campaign, f"{kind}s").filter(pk=options[kind]).first()
    if row is None:
        raise CommandError(f"{campaign.slug} has no {kind} {options[kind]}.")
    return [
        {
            "snapshot": use.snapshot,
            "at": use.at.isoformat(),
            "comparisons": use.comparisons,
            "held_out": use.is_held_out,
            "versions": [name for name, _address in use.versions],
            "later": [name for name, _address in use.later],
        }
        for use in uses_of(row)
    ]
