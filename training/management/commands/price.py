"""The price of a better model: `manage.py price CAMPAIGN --votes 400 --target 0.75`; --measure measures it first."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.actions.counting import counted_for_file
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.queries.slices import Slice
from training.actions.price import DRAWS, MINUTES, PriceSpec, start_price
from training.jobs.price import run_price_job
from training.management.base import add_job_arguments, require_finished, watch
from training.models import PriceJob
from training.queries.price import Price, Wish, price_of

FINDINGS = {
    "exhausted": "There is nothing more to gain from labels like these.",
    "pays": "More labels pay.",
    "unclear": "It is not clear yet whether more labels pay.",
    "unknown": "The learning curve is not measured yet: add --measure.",
}


class Command(BaseCommand):
    help = "Show what more votes cost and bring in a campaign, from its learning curve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        parser.add_argument("--votes", type=int, metavar="N", help="more votes: what they cost and bring")
        parser.add_argument("--target", type=float, metavar="SHARE", help="an accuracy, as 0.75: when it is reached")
        parser.add_argument("--measure", action="store_true", help="measure the learning curve by short runs first")
        parser.add_argument("--draws", type=int, default=DRAWS, help="repetitions of each size")
        parser.add_argument("--minutes", type=int, default=MINUTES, help="the longest time of the short runs")
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign, now = campaign_named(options["campaign"]), timezone.now()
        if options["measure"]:
            with domain_errors():
                job = start_price(
                    campaign=campaign,
                    acting_user=acting_user(options["acting_user"]),
                    now=now,
                    spec=PriceSpec(options["draws"], options["minutes"]),
                    hand_to_worker=not options["here"],
                )
            if options["here"]:
                run_price_job(job.pk)
                require_finished(job)
            elif options["wait"]:
                watch(job, _progress_line)
        counted = counted_for_file(campaign=campaign, part=Slice(), now=now)
        price = price_of(campaign, Wish(options["votes"], options["target"]), counted, now=now)
        self.stdout.write(json.dumps(price.as_json()) if options["json"] else _in_words(price))


def _progress_line(job: PriceJob) -> str:
    return f"{job}: {job.status}, {job.done} of {job.total} short runs"


def _in_words(price: Price) -> str:
    lines = [FINDINGS[price.finding]]
    for one in price.offers:
        hours = "" if one.hours is None else f", {one.hours:.1f} h"
        money = "" if one.money is None else f", {one.money:.0f} {price.effort.currency}"
        lines.append(
            f"{one.votes} more votes{hours}{money}: {one.then.low:.1%} to {one.then.high:.1%}, "
            f"{100 * one.gain.low:+.1f} to {100 * one.gain.high:+.1f} points"
        )
    if price.target is not None:
        reached = f"after {price.target.votes.value:.0f} more votes" if price.target.is_likely else "probably never"
        days = "" if price.target.days is None else f", in {price.target.days.value:.0f} days at the present pace"
        lines.append(f"{price.target.accuracy:.1%}: {reached}{days if price.target.is_likely else ''}")
    return "\n".join(lines)
