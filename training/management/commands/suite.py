"""Suites on the command line: `manage.py suite list CAMPAIGN`, and `import`, `export`, `run`, `judge` and `compare`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.suite_runs import Choosing, ask_judge, start_suite_run
from training.actions.suites import add_shipped_suite, create_suite, save_suite, scenarios_from
from training.evaluation.pair_judges import choices_between
from training.evaluation.suite_results import (
    checked_comparison,
    figures_of_run,
    judge_figures_of,
    results_of,
    suites_of,
)
from training.evaluation.suites import SHIPPED, parse_scenario, write_suite
from training.jobs.suites import run_suite_job
from training.management.base import add_job_arguments, require_finished, version_named, watch
from training.models import Suite, SuiteRun

YAML = (".yaml", ".yml")


class Command(BaseCommand):
    help = "Keep scenario suites of a campaign, run model versions on them, and compare two runs."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Lets `version` name a model version here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        listing = acts.add_parser("list", help="the suites of a campaign")
        listing.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        listing.add_argument("--json", action="store_true", help="print one JSON object")
        importing = acts.add_parser("import", help="make a suite of a file, or its next version")
        importing.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        importing.add_argument("file", metavar="FILE", help=f"JSONL or YAML; or a shipped suite: {', '.join(SHIPPED)}")
        importing.add_argument("--name", help="of the suite; default: the file's name")
        add_acting_user(importing)
        exporting = acts.add_parser("export", help="print a suite as JSONL")
        exporting.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        exporting.add_argument("suite", metavar="SUITE", help="name of the suite")
        running = acts.add_parser("run", help="run a version on a suite")
        running.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        running.add_argument("suite", metavar="SUITE", help="name of the suite")
        running.add_argument("model", metavar="VERSION", help="name of the version")
        running.add_argument("--max-tokens", type=int, help="longest answer, in tokens")
        add_job_arguments(running)
        add_acting_user(running)
        judging = acts.add_parser("judge", help="have the model judge asked about a finished run, in this process")
        judging.add_argument("number", type=int, metavar="RUN", help="number of the run")
        judging.add_argument("--against", type=int, metavar="EARLIER_RUN", help="ask which run's answers are better")
        judging.add_argument("--reward", metavar="VERSION", help="its implicit reward chooses, not a server")
        judging.add_argument("--reward-model", default="", metavar="NAME", help="this reward model chooses")
        add_acting_user(judging)
        comparing = acts.add_parser("compare", help="name what changed from one run to another")
        comparing.add_argument("before", type=int, metavar="RUN", help="number of the run")
        comparing.add_argument("after", type=int, metavar="LATER_RUN", help="number of the other run")
        comparing.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            getattr(self, f"_{options['act']}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = [(suite, suite.versions.all()[0]) for suite in suites_of(campaign_named(options["campaign"]))]
        if options["json"]:
            values = [
                {"slug": suite.slug, "name": suite.name, "number": newest.number, "scenarios": newest.size}
                for suite, newest in rows
            ]
            self.stdout.write(json.dumps({"suites": values}))
            return
        for suite, newest in rows:
            self.stdout.write(f"{suite.slug}: {suite.name}, version {newest.number}, {newest.size} scenarios")

    def _import(self, options: dict[str, Any]) -> None:
        campaign, name = campaign_named(options["campaign"]), options["file"]
        by: dict[str, Any] = {"acting_user": acting_user(options["acting_user"]), "now": timezone.now()}
        if name in SHIPPED:
            suite = add_shipped_suite(campaign=campaign, shipped=name, **by)
        else:
            file = Path(name)
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise CommandError(f"{file} cannot be read: {error}") from error
            scenarios = scenarios_from(text, "yaml" if file.suffix.lower() in YAML else "jsonl")
            title = options["name"] or file.stem
            existing = Suite.objects.filter(campaign=campaign, name=title).first()
            if existing is None:
                suite = create_suite(campaign=campaign, name=title, scenarios=scenarios, **by)
            else:
                suite = existing
                save_suite(suite=suite, scenarios=scenarios, **by)
        current = suite.current
        self.stdout.write(f"{suite.slug}: version {current.number}, {current.size} scenarios")

    def _export(self, options: dict[str, Any]) -> None:
        current = _suite_named(options).current
        self.stdout.write(write_suite([parse_scenario(one) for one in current.scenarios]), ending="")

    def _run(self, options: dict[str, Any]) -> None:
        settings = {} if options["max_tokens"] is None else {"max_tokens": options["max_tokens"]}
        run = start_suite_run(
            suite_version=_suite_named(options).current,
            version=version_named(options["model"]),
            settings=settings,
            acting_user=acting_user(options["acting_user"]),
            now=timezone.now(),
            hand_to_worker=not options["here"],
        )
        if options["here"]:
            run_suite_job(run.pk)
            require_finished(run)
        elif options["wait"]:
            watch(run, _progress_line)
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(run)))
            return
        self.stdout.write(_progress_line(run))
        if options["here"] or options["wait"]:
            total, tags = figures_of_run(results_of(run))
            for one in (*tags, total):
                low, high = one.interval
                self.stdout.write(
                    f"{one.tag or 'all'}: {one.passed} of {one.decided} passed ({low:.3f} to {high:.3f}), "
                    f"{one.unknown} not known"
                )

    def _judge(self, options: dict[str, Any]) -> None:
        run = _run_numbered(options["number"])
        choosing = None
        if options["against"] is not None:
            version = version_named(options["reward"]) if options["reward"] else None
            choosing = Choosing(_run_numbered(options["against"]), version, options["reward_model"])
        by = acting_user(options["acting_user"])
        ask_judge(run=run, acting_user=by, now=timezone.now(), choosing=choosing, hand_to_worker=False)
        run_suite_job(run.pk)
        if choosing is not None:
            self._print_choices(choosing.before, require_finished(run))
            return
        judge = judge_figures_of(require_finished(run).campaign)
        self.stdout.write(
            f"asked about {judge.judged}, changed its mind on {judge.flips}; agrees with people on {judge.agreeing} of "
            f"{judge.compared}, found {judge.found} of {judge.faults} that people failed; "
            f"{'counts' if judge.counts else 'does not count'}"
        )
        if run.error:
            self.stdout.write(str(run.error))

    def _print_choices(self, before: SuiteRun, after: SuiteRun) -> None:
        for one in choices_between(checked_comparison(before, after)):
            low, high = one.interval
            trust = one.trust
            self.stdout.write(
                f"{one.judge} chose {after.version} {one.later} times, {before.version} {one.earlier} times "
                f"({low:.3f} to {high:.3f}), neither {one.none} times; agrees with people on {trust.agreeing} of "
                f"{trust.compared}; {'counts' if trust.counts else 'does not count'}"
            )
        if after.error:
            self.stdout.write(str(after.error))

    def _compare(self, options: dict[str, Any]) -> None:
        before, after = _run_numbered(options["before"]), _run_numbered(options["after"])
        comparison = checked_comparison(before, after)
        kinds = {name: getattr(comparison.changes, name) for name in ("lost", "won", "same", "open")}
        if options["json"]:
            self.stdout.write(json.dumps({"before": before.pk, "after": after.pk, **kinds}))
            return
        if not comparison.is_like:
            self.stderr.write("the two runs have different sampling settings or seeds")
        self.stdout.write(f"From {before.version} to {after.version}:")
        for name in ("lost", "won", "open"):
            self.stdout.write(f"{name}: {', '.join(kinds[name]) or 'none'}")
        self.stdout.write(f"the same: {len(kinds['same'])}")


def _suite_named(options: dict[str, Any]) -> Suite:
    campaign = campaign_named(options["campaign"])
    suite = Suite.objects.filter(campaign=campaign, slug=options["suite"]).first()
    if suite is None:
        known = ", ".join(suites_of(campaign).values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"{campaign.slug} has no suite {options['suite']}. There are: {known}.")
    return suite


def _run_numbered(number: int) -> SuiteRun:
    run = SuiteRun.objects.select_related("version", "suite_version__suite").filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no suite run {number}.")
    return run


def _progress_line(run: SuiteRun) -> str:
    return f"{run}: {run.status}, {run.done} of {run.total}"


def _as_dict(run: SuiteRun) -> dict[str, Any]:
    total, tags = figures_of_run(results_of(run))
    figures = {
        one.tag or "all": {"passed": one.passed, "failed": one.failed, "unknown": one.unknown} for one in (*tags, total)
    }
    fields = {name: getattr(run, name) for name in ("status", "done", "total", "error")}
    return {"id": run.pk, "version": run.version.name, **fields, "figures": figures}
