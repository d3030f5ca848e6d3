"""Runs the whole loop without people: `manage.py rehearse --rounds 3 --json`."""

import argparse
import json
import sys
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import domain_errors
from training.actions.base_model import ensure_base_version
from training.actions.demo import demo_prompts
from training.jobs.engine import EngineFailed
from training.management.base import assignment, version_named
from training.rehearsal import PREFERENCE_RULES, Rehearsal, RehearsalFailed, RehearsalPlan
from training.rehearsal.words import in_words, means, means_in_words, table


class Command(BaseCommand):
    help = (
        "Rehearse the loop with simulated annotators who judge by a rule with error rates, and vote in the gates. The "
        "schedule starts every run, and every version has to pass its gate. Prints a report of each round. A rehearsal "
        "has its own campaign and serving channel; the version that really serves is not affected. Rules: "
        + " ".join(f"{rule.name}: {rule.sentence}" for rule in PREFERENCE_RULES.values())
    )

    def add_arguments(self, parser: CommandParser) -> None:
        plan = RehearsalPlan(PREFERENCE_RULES["shorter"])
        add = parser.add_argument
        add("--rounds", type=_whole, default=plan.rounds, help="turns of the loop")
        add("--rule", choices=PREFERENCE_RULES, default=plan.rule.name, help="which text the annotators prefer")
        add(
            "--error-rate",
            type=_share,
            nargs="+",
            default=list(plan.error_rates),
            help="error rate of the simulated annotators; of several, one for each annotator in turn",
        )
        add("--overlap", type=_whole, default=plan.overlap, help="annotators, and judgments of each comparison")
        add("--prompts", type=_whole, default=120, help="how many of the demo's prompts to use")
        add("--held", type=_half, default=plan.held, help="share of the prompts that is held for gates by people")
        add("--pairs-per-prompt", type=_whole, default=plan.pairs_per_prompt, help="of each round")
        add(
            "--held-out-pairs",
            dest="least_pairs",
            type=_whole,
            help="held-out pairs that the gate demands (default: 50, or fewer if a round brings too few)",
        )
        add("--max-tokens", type=_whole, default=plan.max_tokens, help="longest completion, in tokens")
        add("--samples", type=_whole, default=plan.samples, help="samples of each held prompt, for win rates")
        add("--new-labels", dest="only_new_labels", action="store_true", help="learn only what is new to the start")
        add("--poison", type=_whole, metavar="ROUND", help="a crowd that always errs judges first in this round")
        add("--poisoned-labels", type=_whole, default=plan.poisoned_labels, help="how many pairs it decides")
        add("--regret", type=_whole, metavar="ROUND", help="the lead rolls back after this round's promotion")
        add("--seeds", type=int, nargs="+", default=[plan.seed], help="of several: one rehearsal each, and their means")
        add("--seed", type=int, dest="one_seed", help="the same as --seeds with one seed")
        add("--base", metavar="VERSION", help="the version to start from (default: the base model)")
        add("--set", dest="config", action="append", default=[], metavar="FIELD=VALUE", help="a setting of the engine")
        add("--json", action="store_true", help="print one JSON object for each round, and one of the means of seeds")

    def handle(self, *args: Any, **options: Any) -> None:
        same = ("rounds", "overlap", "pairs_per_prompt", "held", "least_pairs", "max_tokens", "samples")
        plan = RehearsalPlan(
            rule=PREFERENCE_RULES[options["rule"]],
            error_rates=tuple(options["error_rate"]),
            config=dict(assignment(text) for text in options["config"]),
            **{name: options[name] for name in (*same, "only_new_labels", "poison", "poisoned_labels", "regret")},
        )
        for name in ("poison", "regret"):
            if (options[name] or 0) > plan.rounds:
                raise CommandError(f"--{name} names round {options[name]} of {plan.rounds}.")
        seeds = options["seeds"] if options["one_seed"] is None else [options["one_seed"]]
        reports: list[dict[str, Any]] = []
        for seed in seeds:
            reports += self._rehearse(replace(plan, seed=seed), options)
        if len(seeds) > 1:
            found = means(reports)
            self.stdout.write(
                json.dumps({"seeds": seeds, "means": found}) if options["json"] else means_in_words(found)
            )

    def _rehearse(self, plan: RehearsalPlan, options: dict[str, Any]) -> list[dict[str, Any]]:
        """One rehearsal; prints each round, and for people all of them as a table."""
        prompts, reports = list(demo_prompts())[: options["prompts"]], []
        now = timezone.now()
        try:
            with domain_errors():
                base = version_named(options["base"]) if options["base"] else ensure_base_version(now=now, say=_say)
                for report in Rehearsal(plan, base=base, prompts=prompts, say=_say).rounds():
                    reports.append(report)
                    self.stdout.write(json.dumps(report) if options["json"] else in_words(report))
                    self.stdout.flush()
        except (RehearsalFailed, EngineFailed) as error:
            raise CommandError(str(error)) from error
        if not options["json"]:
            self.stdout.write(f"\n{table(reports)}\n")
        return reports


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _whole(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _half(text: str) -> float:
    """A share above 0 that may be held for gates by people."""
    share = _share(text)
    if not 0 < share <= 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 0.5")
    return share


def _share(text: str) -> float:
    """A number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number
