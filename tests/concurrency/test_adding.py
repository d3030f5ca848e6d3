"""The same things brought in by several at once."""

import io
import json

import pytest

from labeling.actions.imports import import_comparisons, import_prompts
from labeling.models import Comparison, Completion, Prompt
from labeling.tally import count_tally, read_tally
from tests.concurrency.threads import all_at_once
from tests.people import stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]


def test_one_file_imported_by_four_at_once_is_there_once() -> None:
    scene = stage()
    lines = [
        json.dumps({"prompt": f"What is {number}?", "chosen": f"{number}.", "rejected": f"Not {number}."})
        for number in range(1200)
    ]
    content = "\n".join(lines).encode()

    def bring_in() -> tuple[int, int]:
        report = import_comparisons(
            campaign=scene.campaign, stream=io.BytesIO(content), acting_user=scene.maya, now=scene.now
        )
        return report.created, report.duplicates

    results = all_at_once([bring_in] * 4)
    assert sum(created for created, _ in results) == 1200
    assert all(created + duplicates == 1200 for created, duplicates in results)
    assert (Comparison.objects.count(), Prompt.objects.count(), Completion.objects.count()) == (1200, 1200, 2400)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_prompts_imported_by_four_at_once_are_there_once() -> None:
    scene = stage()
    content = "\n".join(f"What is {number}?" for number in range(700)).encode()

    def bring_in() -> int:
        return import_prompts(
            campaign=scene.campaign, stream=io.BytesIO(content), acting_user=scene.maya, now=scene.now
        ).created

    assert sum(all_at_once([bring_in] * 4)) == 700
    assert Prompt.objects.count() == 700
