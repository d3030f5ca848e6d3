"""Exports a version as a folder for PEFT and vLLM, and uploads it: `manage.py export_version VERSION --out DIR`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.management.base import domain_errors
from labeling.management.hub import hub_token, push
from training.jobs.engine import EngineFailed, engine_command, run_engine
from training.management.base import version_named
from training.versions import files
from training.versions.hub import complete_merged, write_hub_folder


class Command(BaseCommand):
    help = (
        "Write a version's files in the layout of a model hub, with a card: its adapter, or (--merged) a whole model. "
        "With --push the folder is also uploaded to a hub; the token is HF_TOKEN, or that of `hf auth login`."
    )

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
        parser.add_argument("--push", metavar="OWNER/NAME", help="upload it to this model of the hub")
        parser.add_argument("--public", action="store_true", help="with --push: everybody may see it")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version, out = version_named(options["version_name"]), options["out"].resolve()  # the engine has another folder
        if options["merged"] and not version.adapter_dir:
            raise CommandError(f"{version.name} is a whole model already: leave --merged out.")
        token = hub_token() if options["push"] else ""
        try:
            with domain_errors():
                if options["merged"]:
                    files.check_version(version)
                    run_engine([*engine_command("merge", version), "--out", str(out), "--dtype", options["dtype"]])
                    complete_merged(version, out)
                else:
                    write_hub_folder(version, out)
        except (EngineFailed, FileExistsError) as error:
            raise CommandError(str(error)) from error
        address = push(out, options["push"], token, kind="model", is_public=options["public"]) if token else None
        answer = {"version": version.name, "out": str(out)}
        if options["json"]:
            self.stdout.write(json.dumps(answer | ({"address": address} if address else {})))
        else:
            self.stdout.write(f"{version.name} is in {out}." + (f" Uploaded: {address}" if address else ""))
