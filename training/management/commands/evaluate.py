"""Evaluates a version: `manage.py evaluate VERSION --wait`; `manage.py evaluate --verify FILE` reads a report."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.sentences import Sentence
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.evaluation import EvaluationSpec, start_evaluation
from training.jobs.gate import run_evaluation
from training.management.base import add_job_arguments, hashed_file, require_finished, version_named, watch
from training.models import EvaluationJob, report_hash


class Command(BaseCommand):
    help = "Evaluate a version on held-out pairs and by its own samples, or verify the file of a report."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version_name", metavar="VERSION", nargs="?", help="name of the version")
        parser.add_argument("--against", metavar="VERSION", help="the version compared with (default: the serving one)")
        parser.add_argument("--campaign", help="the campaign of the held-out pairs (default: that of its run)")
        parser.add_argument("--prompts", type=int, help="held-out prompts that it answers (0: none)")
        parser.add_argument("--max-tokens", type=int, help="the tokens of an answer, at most")
        parser.add_argument(
            "--verify", type=Path, metavar="FILE", help="compare the file of a report with the database"
        )
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verify"]:
            self._verify(options["verify"])
            return
        if not options["version_name"]:
            raise CommandError("Name a version, or a report's file with --verify.")
        spec = EvaluationSpec(
            campaign=campaign_named(options["campaign"]) if options["campaign"] else None,
            compared=version_named(options["against"]) if options["against"] else None,
            prompts=options["prompts"],
            max_tokens=options["max_tokens"],
        )
        with domain_errors():
            job = start_evaluation(
                version=version_named(options["version_name"]),
                acting_user=acting_user(options["acting_user"]),
                now=timezone.now(),
                spec=spec,
                hand_to_worker=not options["here"],
            )
        if options["here"]:
            run_evaluation(job.pk)
            require_finished(job)
        elif options["wait"]:
            watch(job, _progress_line)
        self._print(job, as_json=options["json"])

    def _print(self, job: EvaluationJob, *, as_json: bool) -> None:
        if as_json:
            values = {"id": job.pk, "status": job.status, "version": job.version.name, "finding": job.finding or None}
            self.stdout.write(json.dumps({**values, "sentence": job.reason, "report": job.report}))
            return
        self.stdout.write(_progress_line(job))
        if job.report is not None:
            self.stdout.write("\n".join([str(job.reason), *map(str, filter(None, (job.left_out, *job.concerns)))]))
        if not job.for_gates:
            self.stdout.write("For information: it has settings of its own, so gates do not read it.")

    def _verify(self, file: Path) -> None:
        """Reads a report's file, and says whether it is as it was made, and that of this database."""
        report, sha256 = _read(file)
        if report_hash(report) != sha256:
            raise CommandError(f"{file} was changed: its hash is not that of its content.")
        self.stdout.write(str(Sentence.from_json(report["reason"])))
        job = EvaluationJob.objects.filter(report_hash=sha256).first()
        if job is None:
            raise CommandError("Its hash is right, but this database has no such evaluation.")
        if job.report is None or report_hash(job.report) != sha256:
            raise CommandError(f"Evaluation {job.pk} was changed in the database: its row does not give its hash.")
        self.stdout.write(f"Evaluation {job.pk} of {job.version.name} is as it was made.")


def _read(file: Path) -> tuple[dict[str, Any], str]:
    given = hashed_file(file, ("report", "sha256"))
    try:
        report, sha256 = given["report"], given["sha256"]
        Sentence.from_json(report["reason"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CommandError(f"{file} is no report of an evaluation: it needs report and sha256.") from error
    return report, str(sha256)


def _progress_line(job: EvaluationJob) -> str:
    return f"{job} of {job.version.name}: {job.status}, {job.done} of {job.total or '?'} texts"
