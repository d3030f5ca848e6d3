"""How far jobs are, and what came of them."""

import pytest
from django.utils import translation

from common.sentences import Sentence
from training.models import GenerationJob
from training.queries.jobs import LeftOut, diversity, left_out

pytestmark = pytest.mark.django_db


def test_diversity_is_the_mean_over_the_pairs_added(job: GenerationJob) -> None:
    assert diversity(job) is None
    job.diversity = {"pairs": 4.0, "similarity": 1.0, "distinct": 3.0, "ended": 2.0}
    means = diversity(job)
    assert means == {"pairs": 4, "similarity": 0.25, "distinct": 0.75, "ended": 0.5}
    assert isinstance(means["pairs"], int)  # pages write it as a count


def test_reasons_are_counted_and_translated(job: GenerationJob) -> None:
    items = list(job.items.order_by("pk").values_list("pk", flat=True))
    job.items.filter(pk__in=items[:3]).update(status="dropped", reason=Sentence("A text was empty."))
    job.items.filter(pk=items[3]).update(reason="Too busy (429).")
    assert left_out(job) == [
        LeftOut("dropped", Sentence("A text was empty."), 3),
        LeftOut("waiting", Sentence("Too busy (429)."), 1),
    ]
    with translation.override("de"):
        assert left_out(job, most=1)[0].reason == "Ein Text war leer."
