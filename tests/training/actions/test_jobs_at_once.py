"""Two identical requests at the same moment, and files that are removed just before their use."""

import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from labeling.models import User
from tests.concurrency.threads import all_at_once
from tests.training.conftest import NOW, make_version
from training.actions.lab import Experiment, start_lab
from training.actions.lens import start_lens_job
from training.actions.retention import remove_version_files
from training.errors import VersionInUse
from training.lens.pairs import LensSubject, pair_of_texts
from training.models import JobStatus, LabSession, LensJob, ModelVersion
from training.versions import retention

SUBJECT = LensSubject(pair_of_texts([{"role": "user", "content": "Why?"}], "Because.", "Why not?"))


def ask(version: ModelVersion, user: User) -> LensJob:
    return start_lens_job(version=version, subject=SUBJECT, acting_user=user, now=NOW, hand_to_worker=False)


def experiment(user: User) -> LabSession:
    lesson = Experiment("Why?", "Because.", "Why not?")
    return start_lab(experiment=lesson, acting_user=user, now=NOW, hand_to_worker=False)


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_many_times_at_once_is_done_once(base: ModelVersion, maya: User, alice: User) -> None:
    assert len({one.pk for one in all_at_once([lambda: ask(base, maya)] * 6)}) == 1
    started = all_at_once([lambda: experiment(alice)] * 6)
    states = [LabSession.objects.get(pk=one.pk).status for one in started]
    assert sorted(states) == [JobStatus.CANCELLED] * 5 + [JobStatus.QUEUED]


@pytest.mark.django_db(transaction=True)
def test_files_are_not_removed_before_the_row_that_needs_them_is_there(
    base: ModelVersion, var_dir: Path, maya: User
) -> None:
    version, refused = make_version(base, var_dir, "v1"), []

    def remove() -> None:
        try:
            remove_version_files(version=version, acting_user=None, now=NOW)
        except VersionInUse as error:
            refused.append(error.message)
        finally:
            connection.close()

    removing = threading.Thread(target=remove)
    with transaction.atomic():
        retention.hold(version)
        removing.start()
        removing.join(0.3)
        assert removing.is_alive(), "it waits"
        lens_job = ask(version, maya)
    removing.join()
    assert refused == [f"The files of v1 must stay: lens job {lens_job.pk} uses it."]
    assert Path(version.adapter_dir).exists()
