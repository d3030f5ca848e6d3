"""Writes candidate pairs: `manage.py generate CAMPAIGN --version V --wait`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, told
from labeling.models import Campaign
from training.actions import start_generation
from training.jobs import run_generation_job
from training.management.base import add_job_arguments, over, version_named, watch
from training.models import GenerationJob


class Command(BaseCommand):
    help = "Have candidate pairs written for the prompts of a campaign, by the serving version or by others."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Lets `--version` name a model version here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument(
            "--version", dest="versions", action="append", metavar="VERSION", help="which writes; twice for two"
        )
        parser.add_argument("--strategy", choices=Campaign.CandidateStrategy.values, default="two_seeds")
        parser.add_argument("--pairs-per-prompt", type=int, default=1)
        parser.add_argument("--seed", type=int)
        parser.add_argument("--max-tokens", type=int, help="longest completion")
        parser.add_argument("--temperature", type=float)
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["versions"]
        settings = {name: options[name] for name in ("max_tokens", "temperature") if options[name] is not None}
        with told():
            job = start_generation(
                campaign=campaign_named(options["campaign"]),
                acting_user=acting_user(options["acting_user"]),
                now=timezone.now(),
                versions=[version_named(name) for name in names] if names else None,
                strategy=options["strategy"],
                settings=settings,
                pairs_per_prompt=options["pairs_per_prompt"],
                seed=options["seed"],
                hand_to_worker=not options["here"],
            )
        if options["here"]:
            run_generation_job(job.pk)
            over(job)
        elif options["wait"]:
            watch(job, _described)
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(job)))
        else:
            self.stdout.write(_described(job))


def _described(job: GenerationJob) -> str:
    rate = f", {job.rate:.1f} completions/s" if job.rate else ""
    lost = f", {job.failed} failed, {job.dropped} dropped" if job.failed or job.dropped else ""
    return f"{job}: {job.status}, {job.done} of {job.total}{rate}{lost}"


def _as_dict(job: GenerationJob) -> dict[str, Any]:
    fields = ("status", "done", "total", "failed", "dropped", "strategy", "seed", "error")
    return {"id": job.pk, **{name: getattr(job, name) for name in fields}}
