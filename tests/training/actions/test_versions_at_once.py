"""Many promotions at the same moment, on real transactions."""

import threading

import pytest
from django.db import connection

from tests.training.conftest import NOW
from training.actions.versions import promote
from training.models import Deployment, ModelVersion
from training.queries.serving import serving_version

THREADS = 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("channel", ["default", "where nothing has served yet"])
def test_promotions_at_the_same_moment_come_one_after_the_other(base: ModelVersion, channel: str) -> None:
    versions = [
        ModelVersion.objects.create(
            name=f"v{number}", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
        )
        for number in range(THREADS)
    ]
    errors: list[Exception] = []
    together = threading.Barrier(THREADS)

    def act(version: ModelVersion) -> None:
        together.wait()
        try:
            promote(version=version, acting_user=None, now=NOW, channel=channel)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    made = list(Deployment.objects.filter(channel=channel).order_by("pk"))
    assert [one.is_current for one in made] == [False] * (len(made) - 1) + [True]
    assert {one.version for one in made} >= set(versions)
    assert serving_version(channel) == made[-1].version
    # Each knows what it replaced: a chain without a fork, all the way back.
    assert [one.previous_id for one in made] == [None, *(one.pk for one in made[:-1])]
