"""Trains on a campaign's labels: `manage.py train CAMPAIGN --wait`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.runs import RunSpec, start_run
from training.jobs.run import run_training_job
from training.management.base import add_job_arguments, assignment, require_finished, version_named, watch
from training.models import ModelVersion, Run


class Command(BaseCommand):
    help = "Freeze a campaign's labels and start a run on them, from the serving version or another one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument(
            "--parent", metavar="VERSION", help="the version to start from (default: the serving version)"
        )
        parser.add_argument(
            "--set", dest="config", action="append", default=[], metavar="FIELD=VALUE", help="a setting of the engine"
        )
        add_job_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            run = start_run(
                campaign=campaign_named(options["campaign"]),
                acting_user=acting_user(options["acting_user"]),
                now=timezone.now(),
                spec=RunSpec(
                    parent=version_named(options["parent"]) if options["parent"] else None,
                    config=dict(assignment(text) for text in options["config"]),
                ),
                hand_to_worker=not options["here"],
            )
        if options["here"]:
            run_training_job(run.pk)
            require_finished(run)
        elif options["wait"]:
            watch(run, _progress_line)
        version = ModelVersion.objects.filter(run=run).first()
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(run, version)))
        else:
            self.stdout.write(_progress_line(run) + (f": {version.name}" if version else ""))
            if version and version.held_out:
                self.stdout.write(version.held_out.sentence)


def _progress_line(run: Run) -> str:
    loss = run.latest.get("loss")
    figures = "" if loss is None else f", loss {loss:.3f}, accuracy {run.latest['reward_accuracy']:.2f} in the batch"
    return f"{run}: {run.status}, step {run.done} of {run.total or '?'}{figures}"


def _as_dict(run: Run, version: ModelVersion | None) -> dict[str, Any]:
    return {
        "id": run.pk,
        "status": run.status,
        "done": run.done,
        "total": run.total,
        "snapshot": run.snapshot.content_hash,
        "parent": run.parent.name,
        "version": version.name if version else None,
        "metrics": version.metrics if version else None,
    }
