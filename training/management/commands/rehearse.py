"""Runs the whole loop without people: `manage.py rehearse --rounds 1 --json`."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import domain_errors
from training.actions.demo import demo_prompts, ensure_base_version
from training.jobs.engine import EngineFailed
from training.management.base import assignment, version_named
from training.rehearsal import PREFERENCE_RULES, Rehearsal, RehearsalFailed, RehearsalPlan


class Command(BaseCommand):
    help = (
        "Rehearse the loop with simulated annotators who judge by a rule with an error rate. Prints a report of each "
        "round. A rehearsal has its own campaign and serving channel; the version that really serves is not affected. "
        "Rules: " + " ".join(f"{rule.name}: {rule.sentence}" for rule in PREFERENCE_RULES.values())
    )

    def add_arguments(self, parser: CommandParser) -> None:
        plan = RehearsalPlan(PREFERENCE_RULES["shorter"])
        parser.add_argument("--rounds", type=int, default=plan.rounds, help="turns of the loop")
        parser.add_argument(
            "--rule", choices=PREFERENCE_RULES, default=plan.rule.name, help="which text the annotators prefer"
        )
        parser.add_argument(
            "--error-rate", type=float, default=plan.error_rate, help="error rate of each simulated annotator"
        )
        parser.add_argument("--overlap", type=int, default=plan.overlap, help="judgments of each comparison")
        parser.add_argument("--prompts", type=int, default=120, help="how many of the demo's prompts to use")
        parser.add_argument("--pairs-per-prompt", type=int, default=plan.pairs_per_prompt, help="of each round")
        parser.add_argument("--max-tokens", type=int, default=plan.max_tokens, help="longest completion, in tokens")
        parser.add_argument(
            "--samples", type=int, default=plan.samples, help="samples of each held-out prompt, for the win rate"
        )
        parser.add_argument("--seed", type=int, default=plan.seed, help="of everything that is drawn")
        parser.add_argument("--base", metavar="VERSION", help="the version to start from (default: the base model)")
        parser.add_argument(
            "--set", dest="config", action="append", default=[], metavar="FIELD=VALUE", help="a setting of the engine"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object for each round")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = RehearsalPlan(
            rule=PREFERENCE_RULES[options["rule"]],
            **{name: options[name] for name in ("rounds", "error_rate", "overlap", "pairs_per_prompt", "max_tokens")},
            samples=options["samples"],
            seed=options["seed"],
            config=dict(assignment(text) for text in options["config"]),
        )
        prompts = list(demo_prompts())[: options["prompts"]]
        now = timezone.now()
        try:
            with domain_errors():
                base = version_named(options["base"]) if options["base"] else ensure_base_version(now=now, say=_say)
                rehearsal = Rehearsal(plan, base=base, prompts=prompts, say=_say)
                for report in rehearsal.rounds():
                    self.stdout.write(json.dumps(report) if options["json"] else in_words(report))
                    self.stdout.flush()
        except (RehearsalFailed, EngineFailed) as error:
            raise CommandError(str(error)) from error


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def in_words(report: dict[str, Any]) -> str:
    """The report of a round, for people."""
    labels, held_out, wins = report["labels"], report["held_out"], report["win_rate"]
    lines = [
        f"Round {report['round']}: {report['parent']} -> {report['version']}  (rule: {report['rule_sentence']})",
        f"  labels           {labels['judgments']} judgments of {labels['comparisons']} comparisons, "
        f"{labels['settled']} settled; {labels['train_pairs']} pairs to train on, {labels['test_pairs']} held out",
        f"  verdict accuracy {report['verdict_accuracy']['value']:.3f}",
        f"  reward accuracy  {held_out['reward_accuracy']:.3f} "
        f"[{held_out['reward_accuracy_low']:.3f}, {held_out['reward_accuracy_high']:.3f}] on held-out pairs",
        f"  win rate         {wins['value']:.3f} [{wins['low']:.3f}, {wins['high']:.3f}] against {report['parent']} on "
        f"{wins['held_out_prompts']} held-out prompts (ties count half)",
        f"  KL               {report['kl']['k3']:.2f} nats per completion (k3)",
        f"  seconds          {report['seconds']}",
    ]
    return "\n".join(lines)
