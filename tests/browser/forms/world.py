"""The campaign in which all forms are submitted: everything has happened in it once, and paths can name its things."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from labeling.models import Assignment, Campaign, Comparison, User
from tests.browser.busy import occupy
from tests.browser.evaluations import evaluation_of
from tests.browser.furnished import Furnished, furnish
from tests.browser.lens_and_lab import experiment_of, lens_job_of
from tests.people import Stage, pair, person
from training.models import ACTIVE_STATUSES, GenerationJob, Run


@dataclass
class World:
    """names: what `{braces}` in paths, values and sentences of an entry stand for. folder: for files of a test.

    settings: Django's, as long as the test runs. open_parts: servers that an entry needs; they close with the test.
    """

    stage: Stage
    furnished: Furnished
    folder: Path
    settings: Any
    names: dict[str, Any]
    open_parts: ExitStack
    numbers: "count[int]" = field(default_factory=lambda: count(1000))

    def change(self, **rules: Any) -> None:
        """Changes the campaign's rules."""
        Campaign.objects.filter(pk=self.stage.campaign.pk).update(**rules)

    def newcomer(self) -> User:
        """An annotator of the campaign who holds nothing yet."""
        user = person(f"newcomer-{next(self.numbers)}")
        self.stage.join(user)
        return user

    def given(self, user: User) -> Assignment:
        """The newest comparison, leased to that user."""
        newest = Comparison.objects.filter(campaign=self.stage.campaign, status="open").order_by("-pk")[0]
        Comparison.objects.filter(pk=newest.pk).update(priority=next(self.numbers))
        return self.stage.given(user)

    def add_pair(self) -> None:
        """A new comparison."""
        self.stage.add([pair(next(self.numbers))])

    def settled(self) -> Comparison:
        """A settled comparison."""
        return Comparison.objects.filter(campaign=self.stage.campaign, status="settled").order_by("pk")[0]

    def idle(self) -> None:
        """No run and no generation of the campaign is active."""
        Run.objects.filter(status__in=ACTIVE_STATUSES).update(status="finished")
        GenerationJob.objects.update(status="finished")

    def model_folder(self, name: str) -> Path:
        """A folder that looks like a base model's."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(f'{{"name": "{name}"}}')
        return folder

    def write_margins(self, snapshot: Path) -> None:
        """Margins of a finished run for the pairs of a snapshot, some of them negative."""
        pairs = [json.loads(line) for line in (snapshot / "train.jsonl").read_text().splitlines()]
        figures = {"split": "train", "chosen_logratio": -1.0, "rejected_logratio": 2.0, "confidence": 0.9}
        lines = [{"id": one["id"], "margin": -3.0 + number, **figures} for number, one in enumerate(pairs)]
        (self.folder / "margins.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def build_world(stage: Stage, folder: Path, settings: Any, open_parts: ExitStack) -> World:
    """Fills the stage's campaign: verdicts, conflicts, flags, tokens, webhooks, runs, versions and jobs."""
    settings.VAR_DIR = folder
    stage.settle(["a", "b", "a"])
    furnished = furnish(stage)
    lens_job_of(stage, furnished)
    evaluation_of(stage, furnished, wrong=30)
    report = evaluation_of(stage, furnished)
    session = experiment_of(stage.maya, furnished)
    occupy(stage)
    names = {"finished": furnished.finished.pk, "running": furnished.running.pk, "session": session.pk}
    names["report"] = report.pk
    return World(stage, furnished, folder, settings, names, open_parts)
