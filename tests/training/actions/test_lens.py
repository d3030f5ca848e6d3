"""Asking the lens: one job for one question, and not too many at once."""

from dataclasses import replace

import pytest

from labeling.models import User
from tests.people import asks
from tests.training.conftest import NOW
from training.actions.lens import start_lens_job
from training.errors import JobActive, WrongSettings
from training.lens.pairs import LensSubject, pair_of_texts
from training.models import LensJob, ModelVersion

pytestmark = pytest.mark.django_db

PROMPT = asks("what does the red cat see ?")


PAIR = pair_of_texts(PROMPT, "the cat sees tea", "no tea")


SUBJECT = LensSubject(PAIR)


def test_what_the_engine_would_refuse_is_refused_at_once(base: ModelVersion, maya: User) -> None:
    long = LensSubject(replace(PAIR, chosen="x" * 30_000))
    with pytest.raises(WrongSettings, match="longer than"):
        start_lens_job(version=base, subject=long, acting_user=maya, now=NOW)
    assert not LensJob.objects.exists()


def test_one_person_cannot_fill_the_queue(base: ModelVersion, maya: User) -> None:
    for number in range(5):
        subject = LensSubject(replace(PAIR, chosen=f"tea {number}"))
        start_lens_job(version=base, subject=subject, acting_user=maya, now=NOW)
    with pytest.raises(JobActive):
        start_lens_job(version=base, subject=SUBJECT, acting_user=maya, now=NOW)
