"""Generates candidate pairs: `manage.py generate CAMPAIGN --version V --wait`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.jobs.generation import run_generation_job
from training.management.base import add_job_arguments, require_finished, version_named, watch
from training.models import CandidateStrategy, GenerationJob
from training.queries.jobs import diversity

SAMPLING = ("max_tokens", "temperature", "system_prompt")


class Command(BaseCommand):
    help = "Generate candidate pairs for the prompts of a campaign, by the serving version or others."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Lets `--version` name a model version here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument(
            "--version",
            dest="versions",
            action="append",
            metavar="VERSION",
            help="a version that writes; give it twice for two_versions",
        )
        parser.add_argument(
            "--strategy", choices=CandidateStrategy.values, default="two_seeds", help="how pairs are made"
        )
        parser.add_argument("--pairs-per-prompt", type=int, default=1, help="pairs of each prompt")
        parser.add_argument("--seed", type=int, help="the same seed makes the same texts")
        parser.add_argument("--max-tokens", type=int, help="longest completion, in tokens")
        parser.add_argument("--temperature", type=float, help="0 takes the likeliest token each time; default: 0.7")
        parser.add_argument("--system-prompt", help="put before each prompt")
        parser.add_argument("--second-temperature", type=float, help="two_temperatures: temperature of the second text")
        parser.add_argument("--second-system-prompt", help="two_prompts: system prompt of the second text")
        parser.add_argument("--candidates", type=int, help="best_worst: texts drawn for each pair")
        parser.add_argument("--reward-version", help="best_worst: the version whose implicit reward ranks them")
        parser.add_argument(
            "--reward-model", default="", help="best_worst: a folder in var/reward_models that ranks them"
        )
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            job = start_generation(
                campaign=campaign_named(options["campaign"]),
                acting_user=acting_user(options["acting_user"]),
                now=timezone.now(),
                spec=_spec(options),
                hand_to_worker=not options["here"],
            )
        if options["here"]:
            run_generation_job(job.pk)
            require_finished(job)
        elif options["wait"]:
            watch(job, _progress_line)
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(job)))
        else:
            self.stdout.write(_progress_line(job))


def _spec(options: dict[str, Any]) -> GenerationSpec:
    names, judge = options["versions"], options["reward_version"]
    second = {name: options[f"second_{name}"] for name in ("temperature", "system_prompt")}
    return GenerationSpec(
        versions=[version_named(name) for name in names] if names else None,
        strategy=options["strategy"],
        settings={name: options[name] for name in SAMPLING if options[name] is not None},
        second_settings={name: value for name, value in second.items() if value is not None},
        candidates=options["candidates"],
        reward_version=version_named(judge) if judge else None,
        reward_model=options["reward_model"],
        pairs_per_prompt=options["pairs_per_prompt"],
        seed=options["seed"],
    )


def _progress_line(job: GenerationJob) -> str:
    rate = f", {job.rate:.1f} completions/s" if job.rate else ""
    lost = f", {job.failed} failed, {job.dropped} dropped" if job.failed or job.dropped else ""
    tokens = f", {job.tokens_written} tokens written" if job.tokens_written else ""
    return f"{job}: {job.status}, {job.done} of {job.total}{rate}{tokens}{lost}"


def _as_dict(job: GenerationJob) -> dict[str, Any]:
    fields = ("status", "done", "total", "failed", "dropped", "redrawn", "strategy", "seed", "error")
    figures = {name: getattr(job, name) for name in (*fields, "tokens_read", "tokens_written")}
    return {"id": job.pk, **figures, "diversity": diversity(job)}
