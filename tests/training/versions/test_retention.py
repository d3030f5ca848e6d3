"""Which files may go: never what serves, what a roll-back returns to, what is used, or what these were trained from."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from common.errors import NotAllowed
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, TINY_SETTINGS, add_written_pairs, make_version
from training.actions.generation import start_generation
from training.actions.lens import start_lens_job
from training.actions.planning import GenerationSpec
from training.actions.retention import remove_version_files, tidy
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, start_run
from training.actions.versions import promote, roll_back
from training.errors import NothingToRollBack, VersionDamaged, VersionInUse, WrongSettings
from training.lens.pairs import LensSubject, pair_of_texts
from training.models import JobStatus, LensJob, ModelVersion, Run
from training.queries.serving import serving_version
from training.versions import retention, servers

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(base: ModelVersion, var_dir: Path) -> list[ModelVersion]:
    """v1 to v6, each trained from the one before it; v3 served, v5 serves."""
    made = [base]
    for number in range(1, 7):
        made.append(make_version(base, var_dir, f"v{number}", made[-1]))
    for number in (3, 5):
        promote(version=made[number], acting_user=None, now=NOW)
    return made


def names() -> set[str]:
    return {one.of.name for one in retention.removable(keep_newest=1) if isinstance(one.of, ModelVersion)}


def test_what_serves_what_comes_back_and_their_parents_stay(line: list[ModelVersion]) -> None:
    # v5 serves (parent v4), v3 would come back (parent v2), v6 is the newest.
    assert names() == {"v1"}
    for kept in ("v2", "v3", "v4", "v5"):
        with pytest.raises(VersionInUse, match=f"The files of {kept} must stay: "):
            remove_version_files(version=ModelVersion.objects.get(name=kept), acting_user=None, now=NOW)
    with pytest.raises(VersionInUse, match="it is a base model"):
        remove_version_files(version=line[0], acting_user=None, now=NOW)


def test_what_a_job_or_a_run_uses_stays(line: list[ModelVersion], campaign: Campaign) -> None:
    job = start_generation(
        campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(versions=[line[1]], settings=TINY_SETTINGS)
    )
    assert names() == set()
    type(job).objects.update(status=JobStatus.FINISHED)
    assert names() == {"v1"}
    add_written_pairs(campaign, preference="first")
    start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(parent=line[1]))
    assert names() == set()


def test_what_is_looked_at_or_waits_for_its_gate_stays(line: list[ModelVersion], campaign: Campaign) -> None:
    pair = pair_of_texts([{"role": "user", "content": "Why?"}], "Because.", "Why not?")
    start_lens_job(version=line[1], subject=LensSubject(pair), acting_user=None, now=NOW)
    assert names() == set()
    LensJob.objects.update(status=JobStatus.FINISHED)
    assert names() == {"v1"}

    add_written_pairs(campaign, preference="first")
    save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, auto_promote=True)
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(trigger=Run.Trigger.SCHEDULE))
    Run.objects.update(status=JobStatus.FINISHED)
    ModelVersion.objects.filter(name="v1").update(run=run)
    assert retention.why_needed(line[1]) == f"the gate of run {run.pk} has not decided about it"
    Run.objects.update(gate={"promoted": False})
    assert retention.why_needed(line[1]) == ""


def test_files_that_go_while_a_version_is_loaded_keep_it_from_serving(
    line: list[ModelVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    def preparing(version: ModelVersion) -> list[servers.Prepared]:
        remove_version_files(version=version, acting_user=None, now=NOW)
        return []

    monkeypatch.setattr(servers, "prepare", preparing)
    with pytest.raises(VersionDamaged, match="were removed on 2026-03-02"):
        promote(version=line[1], acting_user=None, now=NOW)
    assert serving_version().name == "v5"


def test_tidying_is_for_admins_and_what_cannot_be_removed_keeps_nothing_else(
    line: list[ModelVersion], maya: User, tmp_path_factory: Any, django_capture_on_commit_callbacks: Any
) -> None:
    ModelVersion.objects.filter(name="v1").update(adapter_dir=str(tmp_path_factory.mktemp("elsewhere")))
    ModelVersion.objects.filter(name="v2").update(files_removed_at=NOW)
    roll_back(acting_user=None, now=NOW)
    with pytest.raises(NotAllowed):
        tidy(keep_newest=0, acting_user=maya, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        gone = tidy(keep_newest=0, acting_user=None, now=NOW)
    assert [one.what for one in gone] == ["version v6", "version v5", "version v4"]


def test_removing_takes_the_folder_and_leaves_the_row(
    line: list[ModelVersion], campaign: Campaign, django_capture_on_commit_callbacks: Any
) -> None:
    first = line[1]
    with django_capture_on_commit_callbacks(execute=True):
        removed = remove_version_files(version=first, acting_user=None, now=NOW)
    assert not Path(first.adapter_dir).exists()
    assert removed.files_removed_at == NOW
    assert Event.objects.filter(verb="version.files_removed").count() == 1
    remove_version_files(version=first, acting_user=None, now=NOW)
    assert Event.objects.filter(verb="version.files_removed").count() == 1
    with pytest.raises(VersionDamaged, match="were removed on 2026-03-02"):
        promote(version=removed, acting_user=None, now=NOW)
    with pytest.raises(WrongSettings, match="writes nothing any more"):
        start_generation(campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(versions=[removed]))


def test_a_roll_back_to_what_has_no_files_is_refused(line: list[ModelVersion]) -> None:
    ModelVersion.objects.filter(name="v3").update(files_removed_at=NOW)
    with pytest.raises((NothingToRollBack, VersionDamaged)):
        roll_back(acting_user=None, now=NOW)


def test_files_outside_of_var_are_never_removed(line: list[ModelVersion], tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    ModelVersion.objects.filter(name="v1").update(adapter_dir=str(elsewhere))
    with pytest.raises(VersionInUse, match="outside of var/"):
        remove_version_files(version=ModelVersion.objects.get(name="v1"), acting_user=None, now=NOW)
    assert elsewhere.exists()


def test_the_command_shows_and_then_removes_versions_and_checkpoints(
    line: list[ModelVersion],
    campaign: Campaign,
    var_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    checkpoint = Path(run.directory) / "checkpoints" / "step-1"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer").write_bytes(b"x" * 500)

    def asked(*options: str) -> dict[str, Any]:
        out = StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command("retention", "--keep-newest", "1", "--json", *options, stdout=out)
        return dict(json.loads(out.getvalue()))

    assert [one["what"] for one in asked()["folders"]] == ["version v1"], "the run is not over"
    Run.objects.update(status=JobStatus.FINISHED)
    shown = asked()
    assert [one["what"] for one in shown["folders"]] == ["version v1", f"checkpoints of run {run.pk}"]
    assert (shown["removed"], checkpoint.exists()) == (False, True)
    assert asked("--apply")["bytes"] == shown["bytes"] > 500
    assert not checkpoint.exists()
    assert Event.objects.filter(verb="run.checkpoints_removed", campaign=campaign).count() == 1
    assert not Path(line[1].adapter_dir).exists()
    assert asked()["folders"] == []
