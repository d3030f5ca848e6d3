"""The trial of what to label next: `manage.py selection CAMPAIGN --arm novelty=0.3`; --choose makes a choice now."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.stats.arm_worth import ENOUGH
from training.actions.selection import set_selection, start_selection
from training.jobs.selection import run_selection_job
from training.management.base import add_job_arguments, require_finished, watch
from training.models import SelectionJob, TrialArm
from training.queries.selection import Chosen, Selection, selection_of

FINDINGS = {
    "off": "The trial is off: pairs come in the order of the queue.",
    "open": "It is not clear yet whether an arm pays.",
    "pays": "An arm pays: give it a larger share.",
    "none": "All arms are switched off: none has a proven gain over chance.",
    "unmeasured": "All arms are switched off: none could be measured.",
}


class Command(BaseCommand):
    help = "Show or change which pairs of a campaign are labeled next, and what each way to choose them is worth."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        parser.add_argument(
            "--arm",
            action="append",
            metavar="NAME=SHARE",
            help=f"an arm with its share of the pairs to train on, 0 to 0.8; repeat it. Arms: "
            f"{', '.join(TrialArm.Name.values)}. Arms that are not named have no share.",
        )
        parser.add_argument("--off", action="store_true", help="end the trial")
        parser.add_argument(
            "--enough", type=int, default=ENOUGH, help="labels after which an arm without a proven gain is switched off"
        )
        parser.add_argument("--choose", action="store_true", help="choose the next pairs now")
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign, now, who = campaign_named(options["campaign"]), timezone.now(), acting_user(options["acting_user"])
        with domain_errors():
            if options["arm"] or options["off"]:
                shares = dict(map(_share, options["arm"] or []))
                set_selection(campaign=campaign, shares=shares, enough=options["enough"], acting_user=who, now=now)
            if options["choose"]:
                job = start_selection(campaign=campaign, acting_user=who, now=now, hand_to_worker=not options["here"])
        if options["choose"] and options["here"]:
            run_selection_job(job.pk)
            require_finished(job)
        elif options["choose"] and options["wait"]:
            watch(job, _progress_line)
        found = selection_of(campaign)
        as_json = json.dumps(found.as_json(), cls=DjangoJSONEncoder)
        self.stdout.write(as_json if options["json"] else _in_words(found))


def _share(text: str) -> tuple[str, float]:
    name, _equals, share = text.partition("=")
    try:
        return name, float(share)
    except ValueError as error:
        raise CommandError(f"--arm needs NAME=SHARE, as novelty=0.3, not {text!r}.") from error


def _progress_line(job: SelectionJob) -> str:
    return f"{job}: {job.status}, {job.done} of {job.total} short runs"


def _effort(chosen: Chosen) -> str:
    return f"{chosen.labels} labels of {chosen.votes} votes"


def _in_words(found: Selection) -> str:
    lines = [FINDINGS[found.finding]]
    if found.is_on:
        lines.append(f"random: {found.random_share:.0%}, {_effort(found.chance)}")
    for one in found.arms:
        gain = ""
        if one.gain is not None:
            gain = f", {100 * one.gain.value:+.1f} points ({100 * one.gain.low:+.1f} to {100 * one.gain.high:+.1f})"
        why = f" ({one.arm.obstacle})" if one.arm.obstacle else ""
        share = f"{one.arm.share:.0%}" if one.arm.is_on else "off"
        lines.append(f"{one.arm.name}: {share}, {_effort(one.chosen)}{gain}, {one.arm.standing}{why}")
    return "\n".join(lines)
