"""Find the doubtful pairs of a snapshot, and those that made a comparison worse."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.exchange import Message, PreferencePair
from labeling.management.base import domain_errors
from training.access import SHORTEST_HASH
from training.actions.blame import start_blame
from training.jobs.blame import run_blame_job
from training.lens.pairs import pair_of_texts
from training.management.base import add_job_arguments, require_finished, watch
from training.management.commands.snapshot import snapshot_named
from training.models import BlameJob
from training.queries.blame import groups_found, pairs_found


class Command(BaseCommand):
    help = "Find the doubtful pairs of a snapshot, and those that made a comparison worse."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("hash", help=f"the beginning of the snapshot's hash, at least {SHORTEST_HASH} digits")
        parser.add_argument("--campaign", metavar="SLUG", help="look for the hash in this campaign only")
        parser.add_argument(
            "--query",
            type=Path,
            metavar="FILE",
            help="JSON file of a comparison to explain: prompt (text or messages), better, worse",
        )
        parser.add_argument("--limit", type=int, default=10, help="pairs to print")
        add_job_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            job = start_blame(
                snapshot=snapshot_named(options["hash"], options["campaign"]),
                query=_query(options["query"]) if options["query"] else None,
                acting_user=None,
                now=timezone.now(),
                hand_to_worker=not options["here"],
            )
        if options["here"]:
            run_blame_job(job.pk)
            job = require_finished(job)
        elif options["wait"]:
            job = watch(job, _progress_line)
        self._print(job, options)

    def _print(self, job: BlameJob, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"id": job.pk, "status": job.status, "result": job.result}))
        elif job.result is None:
            self.stdout.write(f"A worker runs the search {job.pk}.")
        else:
            for found in pairs_found(job, "blamed" if job.query else "doubtful", limit=options["limit"]):
                number = found.comparison.pk if found.comparison else "-"
                question = found.pair.prompt[-1]["content"][:60]
                blame = "" if found.blame is None else f"  blame {found.blame:.0%}"
                self.stdout.write(f"{found.doubt:.2f}{blame}  comparison {number}  {question}")
            for kind, groups in groups_found(job, job.snapshot.campaign).items():
                for group in (one for one in groups if one.stands_out):
                    self.stdout.write(f"{kind} {group.name}: {group.worst} of {group.pairs} pairs in the worst tenth")


def _query(path: Path) -> PreferencePair:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        prompt = values["prompt"]
        messages = [Message(role="user", content=prompt)] if isinstance(prompt, str) else prompt
        return pair_of_texts(messages, values["better"], values["worse"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} is not a JSON object with prompt, better and worse: {error}") from error


def _progress_line(job: BlameJob) -> str:
    return f"{job}: {job.get_status_display().lower()}, {job.done} of {job.total} gradients"
