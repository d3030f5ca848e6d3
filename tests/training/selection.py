"""A trial of what to label next, as rows."""

from typing import Any

from labeling.judging.dealing import deal, front_of_queue
from tests.people import NOON, Stage, pair, stage
from training.actions.selection import set_selection
from training.models import Deployment, ModelVersion, SelectionTrial, Snapshot


def serving_base(**values: Any) -> ModelVersion:
    """A base model that serves; nobody reads its files."""
    base = ModelVersion.objects.create(
        name="base", base_dir="/nowhere", content_hash="9f2c" * 16, lineage={}, created_at=NOON, **values
    )
    Deployment.objects.create(version=base, kind="promotion", at=NOON)
    return base


def trial_scene(comparisons: int = 120, **shares: float) -> tuple[Stage, SelectionTrial]:
    """Maya's campaign with comparisons, the base model serving, and a trial; by default of novelty."""
    scene = stage()
    scene.add([pair(number) for number in range(comparisons)])
    serving_base()
    Snapshot.objects.create(
        campaign=scene.campaign,
        content_hash="5a" * 32,
        directory="/nowhere",
        manifest={"split": {"by": "prompt", "seed": 0, "test_share": 0.2}},
        train_pairs=8,
        test_pairs=2,
        created_at=NOON,
    )
    trial = set_selection(
        campaign=scene.campaign, shares=shares or {"novelty": 0.5}, enough=80, acting_user=scene.maya, now=NOON
    )
    return scene, trial


def labeled_by(scene: Stage, **labels: int) -> None:
    """Alice judges so many comparisons of each arm."""
    for arm, count in labels.items():
        front = front_of_queue(scene.campaign, 2 * count)
        deal(scene.campaign, [(pk, arm) for pk in front.free[:count]], front=front.free)
        scene.settle("a" * count)
