"""Exports a version as a folder that PEFT and vLLM load: `manage.py export_version VERSION --out DIR`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.management.base import domain_errors
from training.jobs.engine import EngineFailed, engine_command, run_engine
from training.management.base import version_named
from training.versions import files
from training.versions.hub import write_hub_folder


class Command(BaseCommand):
    help = "Write a version's files in the layout of a model hub: its adapter with a card, or (--merged) a whole model."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version_name", metavar="VERSION", help="name of the version")
        parser.add_argument("--out", type=Path, required=True, help="the folder to write; it must not exist")
        parser.add_argument("--merged", action="store_true", help="merge the adapter into its base")
        parser.add_argument(
            "--dtype",
            choices=["float32", "bfloat16", "float16"],
            default="float32",
            help="number format of the merged model",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version, out = version_named(options["version_name"]), options["out"]
        if options["merged"] and not version.adapter_dir:
            raise CommandError(f"{version.name} is a whole model already: leave --merged out.")
        try:
            with domain_errors():
                if options["merged"]:
                    files.check_version(version)
                    run_engine([*engine_command("merge", version), "--out", str(out), "--dtype", options["dtype"]])
                else:
                    write_hub_folder(version, out)
        except (EngineFailed, FileExistsError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"version": version.name, "out": str(out)}))
        else:
            self.stdout.write(f"{version.name} is in {out}.")
