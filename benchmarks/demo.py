"""Can the demo's training be told from chance? Its candidates, simulated judgments and default run, seed by seed.

Each seed draws other candidates, errs in other judgments and starts the adapter otherwise; the rest is the demo of
`make run`. Prints one JSON line for each seed. Times are of this machine, with whatever else it does.

    python -m benchmarks.demo --seeds 1 2 3            about 10 minutes for each seed on two cores
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from typing import Any

from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import PROJECT_DIR

ONE = "--one"


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(ONE, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(train_demo(options.one)), flush=True)
        return 0
    return with_services(lambda: measure_all(options.seeds), ephemeral=True)


def measure_all(seeds: list[int]) -> None:
    """A demo of its own for each seed: database, folder and process."""
    for seed in seeds:
        url = new_database(os.environ["DATABASE_URL"], f"demo_{seed}")
        with tempfile.TemporaryDirectory() as folder:
            own = environment({"DATABASE_URL": url, "CHOSEN_VAR": folder})
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=PROJECT_DIR, env=own, check=True)
            command = [sys.executable, "-m", "benchmarks.demo", ONE, str(seed)]
            subprocess.run(command, cwd=PROJECT_DIR, env=own, check=True)


def train_demo(seed: int) -> dict[str, Any]:
    """Candidates, simulated judgments and a run of the demo; the figures of its version."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from django.utils import timezone

    from training.actions.demo import CANDIDATES, bootstrap_demo
    from training.actions.runs import RunSpec, start_run
    from training.jobs.generation import run_generation_job
    from training.jobs.run import run_training_job
    from training.models import ModelVersion
    from training.rehearsal.demo import simulate_judgments

    started = timezone.now()
    campaign = bootstrap_demo(
        now=started, say=lambda line: print(line, file=sys.stderr), candidates=replace(CANDIDATES, seed=seed)
    )
    run_generation_job(campaign.generation_jobs.get().pk)
    written = timezone.now()
    judgments = simulate_judgments(campaign=campaign, acting_user=None, now=written)
    judged = timezone.now()
    spec = RunSpec(config={"seed": seed})
    run = start_run(campaign=campaign, acting_user=None, now=judged, spec=spec, hand_to_worker=False)
    run_training_job(run.pk)
    version = ModelVersion.objects.get(run=run)
    names = ("reward_accuracy", "reward_accuracy_low", "reward_accuracy_high", "margin")
    return {
        "seed": seed,
        "comparisons": campaign.comparisons.count(),
        "judgments": judgments,
        "train_pairs": run.snapshot.train_pairs,
        "test_pairs": run.snapshot.test_pairs,
        **{name: version.metrics[name] for name in names},
        "over_chance": version.metrics["reward_accuracy_low"] > 0.5,
        "seconds": {
            "writing": round((written - started).total_seconds()),
            "judging": round((judged - written).total_seconds()),
            "training": round((timezone.now() - judged).total_seconds()),
        },
    }


if __name__ == "__main__":
    sys.exit(main())
