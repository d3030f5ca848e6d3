"""Declares groups of annotators, and prints how far they agree: `manage.py groups CAMPAIGN`."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.actions.groups import declare_grouping, people_named, remove_grouping
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.models import Grouping
from labeling.queries.groups import grouping_figures
from labeling.stats import Estimate


class Command(BaseCommand):
    help = "Declare or remove a grouping of a campaign's annotators, or print the agreement within and between groups."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("--grouping", metavar="NAME", help="the grouping; default: all of them")
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            metavar="NAME=PEOPLE",
            help="declare the grouping: a group and its members, with commas between them; once for each group",
        )
        parser.add_argument("--remove", action="store_true", help="remove the grouping")
        parser.add_argument("--json", action="store_true", help="print one JSON object a grouping")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        name, person, now = options["grouping"], acting_user(options["acting_user"]), timezone.now()
        if (options["group"] or options["remove"]) and not name:
            raise CommandError("Name the grouping with --grouping.")
        with domain_errors():
            if options["remove"]:
                remove_grouping(campaign=campaign, name=name, acting_user=person, now=now)
                return
            if options["group"]:
                groups = people_named(campaign, dict(map(_group, options["group"])))
                declare_grouping(campaign=campaign, name=name, groups=groups, acting_user=person, now=now)
        rows = campaign.groupings.order_by("name")
        for grouping in rows.filter(name=name) if name else rows:
            self._print(grouping, as_json=options["json"])

    def _print(self, grouping: Grouping, *, as_json: bool) -> None:
        figures = grouping_figures(grouping)
        if as_json:
            self.stdout.write(json.dumps({"grouping": grouping.name, **asdict(figures)}))
            return
        self.stdout.write(f"{grouping.name}, alpha within and between groups:")
        for one in figures.groups:
            self.stdout.write(f"  {one.name} ({one.members} members, {one.votes} votes): {_text(one.alpha)}")
        for pair in figures.between:
            self.stdout.write(f"  {pair.first} with {pair.second}: {_text(pair.alpha)}")


def _group(text: str) -> tuple[str, list[str]]:
    title, equals, people = text.partition("=")
    if not equals:
        raise CommandError(f"{text!r} is no NAME=PEOPLE, such as north=alice,bob")
    return title, [name.strip() for name in people.split(",") if name.strip()]


def _text(estimate: Estimate | None) -> str:
    if estimate is None:
        return "hidden: too few members have voted"
    if estimate.value is None:
        return f"undefined: {estimate.reason}"
    interval = "" if estimate.low is None else f" [{estimate.low:.3f}, {estimate.high:.3f}]"
    return f"{estimate.value:.3f}{interval} over {estimate.comparisons} comparisons"
