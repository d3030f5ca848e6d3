"""Which files may go: never what serves, what a roll-back returns to, what is used, or what these were trained from."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, TINY_SETTINGS, add_written_pairs
from tests.training.gates_by_people import voting_gate
from training.actions.gate import decide_by_rule
from training.actions.generation import start_generation
from training.actions.lens import start_lens_job
from training.actions.people_gates import cancel_people_gate
from training.actions.planning import GenerationSpec
from training.actions.retention import remove_version_files
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, start_run
from training.errors import VersionInUse
from training.lens.pairs import LensSubject, pair_of_texts
from training.models import JobStatus, LensJob, ModelVersion, Run
from training.versions import retention

pytestmark = pytest.mark.django_db


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
    assert retention.why_needed(line[1]) == f"the gate of run {run.pk} has not decided about it yet"
    line[1].refresh_from_db()
    decide_by_rule(run=run, version=line[1], now=NOW)
    assert retention.why_needed(line[1]) == ""


def test_the_parent_of_a_version_that_stays_stays(line: list[ModelVersion]) -> None:
    ModelVersion.objects.filter(name="v6").update(parent=ModelVersion.objects.get(name="v1"))
    assert names() == set()  # v6 is the newest: whoever evaluates it needs v1


def test_both_versions_of_an_open_gate_by_people_stay(line: list[ModelVersion], campaign: Campaign) -> None:
    gate = voting_gate(campaign, line[6], line[1])
    assert names() == set()
    cancel_people_gate(gate=gate, acting_user=None, now=NOW)
    assert names() == {"v1"}
