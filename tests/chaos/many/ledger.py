"""Compares the acknowledgements of all clients (a file) with the database. Prints the differences as JSON."""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def main(acknowledged: dict[str, str]) -> dict[str, Any]:
    """The campaign that people judged, and what the loop wrote. acknowledged: the choice of each, by its key."""
    from benchmarks.concurrency import differences
    from labeling.models import Completion, Judgment
    from training.models import GenerationJob, JobStatus, Run

    report = differences("judged", acknowledged)
    choices = dict(Judgment.objects.filter(key__in=acknowledged).values_list("key", "choice"))
    shown = {"left", "right"}
    report["other_choice"] = sum(
        (choices.get(key) in ("a", "b")) != (choice in shown) for key, choice in acknowledged.items() if key in choices
    )
    texts = Completion.objects.filter(prompt__campaign__slug="written").values_list("prompt", "seed", "text_hash")
    seeds = Counter((prompt, seed) for prompt, seed, _hash in texts if seed is not None)
    report["written_twice"] = sum(times > 1 for times in seeds.values())
    ended = {JobStatus.FINISHED, JobStatus.CANCELLED}
    report["jobs_failed"] = [
        f"{job}: {job.status} {job.error}"
        for model in (Run, GenerationJob)
        for job in model.objects.all()
        if job.status not in ended
    ]
    return report


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
