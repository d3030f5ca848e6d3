"""Looks for groups of annotators in the votes of a campaign: `manage.py find_groups CAMPAIGN --here`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.groups import declare_found, start_group_search
from training.jobs.groups import run_group_job
from training.management.base import add_job_arguments, require_finished, watch
from training.models import GroupJob
from training.queries.groups import finding_of, found_groups


class Command(BaseCommand):
    help = "Look for groups of annotators with like preferences in the votes of a campaign."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("--declare", metavar="NAME", help="declare the groups that the newest search found")
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign, person, now = campaign_named(options["campaign"]), acting_user(options["acting_user"]), timezone.now()
        with domain_errors():
            if options["declare"]:
                grouping = declare_found(campaign=campaign, name=options["declare"], acting_user=person, now=now)
                self.stdout.write(f"{grouping.name} is declared.")
                return
            job = start_group_search(campaign=campaign, acting_user=person, now=now, hand_to_worker=not options["here"])
        if options["here"]:
            run_group_job(job.pk)
            job = require_finished(job)
        elif options["wait"]:
            job = watch(job, lambda one: f"{one}: {one.get_status_display().lower()}")
        self._print(job, as_json=options["json"])

    def _print(self, job: GroupJob, *, as_json: bool) -> None:
        if job.result is None:
            self.stdout.write(json.dumps({"id": job.pk, "status": job.status}) if as_json else f"A worker does {job}.")
            return
        found = found_groups(job.campaign, job.result)
        if as_json:
            names = [one.names for one in found]
            values = {"id": job.pk, "status": job.status, "groups": job.result["groups"], "found": names}
            self.stdout.write(json.dumps(values))
            return
        self.stdout.write(str(finding_of(job.result)))
        for number, one in enumerate(found, start=1):
            self.stdout.write(f"  group {number}: {one.size} people {' '.join(one.names)}".rstrip())
