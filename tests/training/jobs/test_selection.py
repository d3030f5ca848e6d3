"""A choice of what comes next, by the worker: by texts, by the implicit rewards of a tiny model, and a measured arm."""

from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from labeling.exchange import is_held_out
from labeling.models import Campaign, Comparison, Event
from labeling.queries.splits import split_of
from labeling.stats.arm_worth import PARTS
from tests.people import NOON
from tests.training.conftest import NOW, add_written_pairs
from tests.training.selection import labeled_by, trial_scene
from training import claims
from training.actions.selection import cancel_selection, set_selection, start_selection
from training.jobs import selection
from training.jobs.selection import SIDES, run_selection_job
from training.models import Deployment, JobStatus, ModelVersion, SelectionJob, Snapshot, TrialArm
from training.versions import files

pytestmark = pytest.mark.django_db


def test_the_chosen_come_first_each_with_its_arm_and_no_arm_takes_a_held_out_prompt() -> None:
    scene, _trial = trial_scene(160)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    done = run_selection_job(job.pk)
    assert done is not None
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "")
    first = list(scene.campaign.comparisons.exclude(arm="").order_by("position"))
    assert done.chosen == {arm: sum(one.arm == arm for one in first) for arm in ("random", "novelty")}
    assert min(done.chosen.values()) > 20
    others = scene.campaign.comparisons.filter(arm="").order_by("position").values_list("position", flat=True)
    assert first[-1].position < others[0]
    split = split_of(scene.campaign)
    held = [one for one in first if is_held_out(one.prompt.messages, seed=split.seed, test_share=split.test_share)]
    assert held
    assert {one.arm for one in held} == {"random"}
    assert scene.given(scene.alice).arm == first[0].arm
    assert Event.objects.get(verb="selection.chosen").after["chosen_by"] == done.chosen


def test_before_the_first_snapshot_everything_is_chance() -> None:
    scene, _trial = trial_scene(60)
    Snapshot.objects.all().delete()
    done = run_selection_job(start_selection(campaign=scene.campaign, acting_user=None, now=NOON).pk)
    assert done is not None
    assert set(done.chosen) == {"random"}


def test_an_arm_by_implicit_reward_takes_the_pairs_that_the_version_is_unsure_of(
    campaign: Campaign, base: ModelVersion, var_dir: Path
) -> None:
    from tests.training.generation.test_loading import write_adapter

    folder = write_adapter(Path(base.base_dir), var_dir / "adapter")
    version = ModelVersion.objects.create(
        name="v1",
        base_dir=base.base_dir,
        adapter_dir=str(folder),
        content_hash=files.content_hash(folder),
        parent=base,
        lineage={"base_hash": base.content_hash},
        created_at=NOW,
    )
    Deployment.objects.filter(version=base).update(is_current=False)
    Deployment.objects.create(version=version, kind="promotion", at=NOW)
    add_written_pairs(campaign, per_prompt=3)
    Snapshot.objects.create(
        campaign=campaign,
        content_hash="5a" * 32,
        directory="/nowhere",
        manifest={"split": {"by": "prompt", "seed": 0, "test_share": 0.2}},
        train_pairs=8,
        test_pairs=2,
        created_at=NOW,
    )
    set_selection(campaign=campaign, shares={"uncertainty": 0.3, "gap": 0.3}, acting_user=None, now=NOW)
    job = start_selection(campaign=campaign, acting_user=None, now=NOW)
    done = run_selection_job(job.pk)
    assert done is not None
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "")
    assert {"uncertainty", "gap", "random"} <= set(done.chosen)


def finished(job: SelectionJob, better: str) -> None:
    """All short runs of a measurement, as a worker that died has left them; one side is right more often."""
    trainings = [
        {"side": side, "part": part, "right": ("1" * 18 + "h0") if side == better else "1" * 6 + "0" * 14}
        for side in SIDES
        for part in range(PARTS)
    ]
    SelectionJob.objects.filter(pk=job.pk).update(trainings=trainings)


@pytest.mark.parametrize(("better", "standing"), [("arm", "pays"), ("chance", "loses")])
def test_a_measured_arm_stays_or_goes_before_the_next_choice(better: str, standing: str, var_dir: Path) -> None:
    scene, trial = trial_scene(190)
    labeled_by(scene, novelty=42, random=42)
    take_all_for_training(scene.campaign)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    assert job.arm == "novelty"
    finished(job, better)
    done = run_selection_job(job.pk)
    assert done is not None
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "")
    arm = TrialArm.objects.get(trial=trial)
    assert (arm.standing, arm.labels) == (standing, 42)
    assert ("novelty" in done.chosen) is (standing == "pays")


def test_held_out_pairs_of_two_prompts_prove_nothing(var_dir: Path) -> None:
    """The same figures as above, but they rest on two prompts, of which the arm is better on one."""
    scene, trial = trial_scene(190)
    labeled_by(scene, novelty=42, random=42)
    take_all_for_training(scene.campaign)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    finished(job, "arm")
    SelectionJob.objects.filter(pk=job.pk).update(prompts=[0] * 8 + [1] * 12)
    done = run_selection_job(job.pk)
    assert done is not None
    arm = TrialArm.objects.get(trial=trial)
    assert arm.gain is not None
    assert (arm.standing, arm.gain["value"]) == ("open", pytest.approx(0.625))
    assert arm.gain["low"] < 0


def take_all_for_training(campaign: Campaign) -> None:
    """The campaign has a snapshot already, which held out hardly any prompt: the split stays."""
    from training.actions.snapshots import take_snapshot

    take_snapshot(campaign=campaign, acting_user=None, now=NOON, test_share=0.02)


def test_with_too_few_labels_of_chance_nothing_is_measured(var_dir: Path) -> None:
    scene, trial = trial_scene(100)
    labeled_by(scene, novelty=42)
    take_all_for_training(scene.campaign)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    done = run_selection_job(job.pk)
    assert done is not None
    assert (done.status, done.trainings) == (JobStatus.FINISHED, [])
    arm = TrialArm.objects.get(trial=trial)
    assert (arm.standing, arm.labels, arm.gain) == ("open", 42, None)
    assert (arm.tries, arm.obstacle) == (1, "chance")


def test_a_cancelled_choice_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, _trial = trial_scene(60, gap=0.3)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    keep = selection.SelectionWork.work

    def work(self: selection.SelectionWork) -> None:
        cancel_selection(campaign=scene.campaign, acting_user=None, now=timezone.now())
        self._should_stop()
        if self.stopping:
            raise claims.Stopped
        keep(self)

    monkeypatch.setattr(selection.SelectionWork, "work", work)
    done = run_selection_job(job.pk)
    assert done is not None
    assert done.status == JobStatus.CANCELLED
    assert not Comparison.objects.exclude(arm="").exists()


def test_a_cancelled_measurement_freezes_no_labels(var_dir: Path) -> None:
    scene, trial = trial_scene(90)
    labeled_by(scene, novelty=42)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    looks: list[datetime] = []

    def clock() -> datetime:
        looks.append(NOON)
        if len(looks) == 2:  # the claim was the first
            cancel_selection(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
        return NOON

    done = run_selection_job(job.pk, clock=clock)
    assert done is not None
    assert done.status == JobStatus.CANCELLED
    assert Snapshot.objects.count() == 1
    assert TrialArm.objects.get(trial=trial).labels == 0


def test_a_measurement_that_fails_keeps_nobody_from_the_next_comparisons(var_dir: Path) -> None:
    scene, trial = trial_scene(150)
    labeled_by(scene, novelty=42)
    job = start_selection(campaign=scene.campaign, acting_user=None, now=NOON)
    SelectionJob.objects.filter(pk=job.pk).update(snapshot=Snapshot.objects.get())  # its files are not there
    done = run_selection_job(job.pk)
    assert done is not None
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "")
    assert {"novelty", "random"} == set(done.chosen)
    assert TrialArm.objects.get(trial=trial).obstacle == "failed"
    arm = TrialArm.objects.get(trial=trial)
    assert (arm.standing, arm.labels, arm.gain) == ("open", 42, None)
