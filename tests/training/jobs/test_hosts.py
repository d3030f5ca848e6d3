"""Runs of several processes and hosts: the real engine on a tiny model, started by the platform."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection

from common import processes
from labeling.models import Campaign
from tests.training.conftest import NOW, add_written_pairs
from tests.training.jobs.test_run import QUICK, when_step
from training import memory
from training.actions.runs import RunSpec, start_run
from training.jobs import hosts
from training.jobs import run as run_job
from training.jobs.run import run_training_job
from training.memory import GIB
from training.models import JobStatus, ModelVersion, Run


def a_run(campaign: Campaign, **config: object) -> Run:
    add_written_pairs(campaign, preference="first")
    return start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config={**QUICK, **config}))


@pytest.mark.django_db
def test_a_run_of_two_processes_of_which_one_is_killed_goes_on_by_itself(
    campaign: Campaign, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(campaign, processes=2)
    killed: list[int] = []

    def kill(child: processes.LineChild) -> None:
        one = psutil.Process(child.process.pid).children()[-1]
        killed.append(one.pid)
        os.kill(one.pid, signal.SIGKILL)

    monkeypatch.setattr(run_job, "RunWork", when_step(2, kill))
    done = run_training_job(run.pk)

    assert len(killed) == 1
    assert done is not None
    assert (done.status, done.attempts, done.error) == (JobStatus.FINISHED, 1, "")
    assert "resuming after step" in Path(f"{run.directory}.log").read_text()
    steps = run.metrics.filter(event="progress").order_by("step").values_list("step", flat=True)
    assert list(steps) == list(range(1, done.total + 1))


@pytest.mark.django_db(transaction=True)
def test_the_worker_of_another_host_joins_and_the_run_ends_on_both(
    campaign: Campaign, base: ModelVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRAINING_HOSTS = 2
    settings.TRAINING_ADDRESS = "localhost"
    codes: list[int | None] = []
    workers: list[threading.Thread] = []

    def work(run_id: int) -> None:
        codes.append(hosts.join_run(run_id))
        connection.close()

    def another_host(task: str, *run_ids: int, queue: str) -> int:
        assert (task, queue) == ("training.tasks.join_run", "train")
        workers.extend(threading.Thread(target=work, args=[each]) for each in run_ids)
        for each in workers:
            each.start()
        return len(run_ids)

    run = a_run(campaign)
    monkeypatch.setattr(hosts, "send", another_host)
    done = run_training_job(run.pk)
    for each in workers:
        each.join(60)

    assert done is not None
    assert (done.status, done.error, done.rendezvous, done.hosts_joined) == (JobStatus.FINISHED, "", "", 2)
    assert codes == [0]
    assert '"processes": 2' in (Path(run.directory) / "meta.json").read_text()
    assert hosts.join_run(run.pk) is None  # a message that comes late does nothing


@pytest.mark.django_db
def test_a_runs_own_number_of_processes_comes_before_that_of_the_environment(
    campaign: Campaign, base: ModelVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(campaign)
    assert "processes=4" not in hosts.run_command(run)
    settings.TRAINING_GPUS = 4
    assert "processes=4" in hosts.run_command(run)
    needed = memory.bytes_needed(run)
    run.config["processes"] = 1
    assert "processes=4" not in hosts.run_command(run)
    if not memory.GPU_DRIVER.exists():
        assert needed == 4 * memory.bytes_needed(run)


@pytest.mark.django_db
def test_a_run_waits_for_another_one_that_has_all_hosts(
    campaign: Campaign, base: ModelVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(campaign)
    first = memory.claim(Run, run.pk, now=NOW, free=lambda job: 1000 * GIB)
    assert first is not None
    other = Run.objects.get(pk=run.pk)
    other.pk = run.pk + 1000
    assert memory.reason_to_wait(other, now=NOW, free=lambda job: 1000 * GIB) is None
    settings.TRAINING_HOSTS = 2
    reason = memory.reason_to_wait(other, now=NOW, free=lambda job: 1000 * GIB)
    assert str(reason) == f"After Run {run.pk}: a run uses all machines for training."


@pytest.mark.django_db
def test_each_host_gets_a_number_of_its_own(
    campaign: Campaign, base: ModelVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRAINING_HOSTS = 3
    run = a_run(campaign)
    claim = memory.claim(Run, run.pk, now=NOW, free=lambda job: 1000 * GIB)
    assert claim is not None
    sent: list[int] = []
    monkeypatch.setattr(hosts, "send", lambda task, *ids, queue: sent.extend(ids))
    options = hosts.call_the_others(claim)
    assert options[:4] == ["--hosts", "3", "--host-rank", "0"]
    assert sent == [run.pk, run.pk]
    early = Run.objects.get(pk=run.pk)
    places = [hosts._next_place(early) for _ in range(3)]  # all three saw that nobody had joined
    assert [each.rank if each else None for each in places] == [1, 2, None]
