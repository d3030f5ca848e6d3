"""Whatever a file says, nobody's name is kept where no erasure would find it."""

import io
import json
from typing import Any

import pytest

from labeling.actions.coded_names import with_codes
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.outside_annotators import opinion_author
from labeling.models import Comparison, Completion, Judgment, Prompt
from tests.people import stage

NAME = "grace.hopper@example.org"
PAIR: dict[str, Any] = {"prompt": "Why?", "chosen": "So.", "rejected": "No."}
SIDES: dict[str, Any] = {"prompt": "Why?", "response_a": "So.", "response_b": "No."}
TASK = {
    "data": {"prompt": "Why?", "answer1": "So.", "answer2": "No."},
    "annotations": [
        {
            "completed_by": {"email": "ann@example.org"},
            "updated_by": {"id": 7, "email": NAME},
            "result": [{"from_name": "preference", "type": "pairwise", "value": {"selected": "left"}}],
        }
    ],
    "updated_by": [{"email": NAME}],
}

FILES: dict[str, list[dict[str, Any]]] = {
    "labels": [
        {"prompt": "Why?", "completion": text, "label": label, "Annotator": NAME, "rater_id": NAME}
        for text, label in (("So.", True), ("No.", False))
    ],
    "ratings": [
        {"prompt": "Why?", "response": text, "helpfulness": number, "worker": NAME}
        for text, number in (("So.", 4), ("No.", 1))
    ],
    "no preference": [SIDES | {"annotator": NAME}],
    "a second person": [PAIR | {"annotator": "ann", "worker_id": NAME, "Labeler ID": NAME}],
    "a list of people": [PAIR | {"annotator": [NAME, "ben"], "reviewers": [{"email": NAME}, NAME]}],
    "deep": [PAIR | {"info": {"review": [{"reviewed_by": {"username": NAME}}]}}],
    "a task": [TASK],
    "scored": [
        {
            "instruction": "Why?",
            "completions": [
                {"response": "So.", "score": 3, "annotator": NAME},
                {"response": "No.", "score": 1, "annotator": NAME},
            ],
        }
    ],
}


def kept() -> str:
    """All that the database holds of the file besides people, as text."""
    rows = [*Comparison.objects.values(), *Completion.objects.values(), *Prompt.objects.values()]
    return json.dumps([*rows, *Judgment.objects.values()], default=str)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("file", FILES)
def test_a_name_becomes_a_code_wherever_the_record_has_it(file: str, keep: bool) -> None:
    scene = stage()
    content = "\n".join(map(json.dumps, FILES[file])).encode()
    settings = ImportSettings(keep_preferences=keep)
    shared: Any = {"settings": settings, "acting_user": scene.maya, "now": scene.now}
    report = import_comparisons(campaign=scene.campaign, stream=io.BytesIO(content), **shared)
    assert (report.created, report.rejected_count) == (1, 0)
    assert NAME not in kept()
    assert opinion_author(NAME) in kept()


def test_prompts_name_nobody_either() -> None:
    scene = stage()
    content = json.dumps({"prompt": "Why?", "created_by": NAME, "topic": "sums"}).encode()
    import_prompts(campaign=scene.campaign, stream=io.BytesIO(content), acting_user=scene.maya, now=scene.now)
    assert Prompt.objects.get().metadata == {"created_by": opinion_author(NAME), "topic": "sums"}


def test_codes_words_and_what_is_no_name_stay() -> None:
    code = opinion_author("ann")
    metadata = {"annotator": code, "worker": "", "judge": None, "user": NAME, "topic": {"email_count": 3}}
    assert with_codes(metadata) == metadata
    assert with_codes({"annotator": "unknown"}) == {"annotator": "unknown"}
    counts = {"annotators": 3, "Reviewers": 5.0}
    assert with_codes(counts) == counts  # how many they were
    assert with_codes({"rater": 7.0}) == with_codes({"rater": "7"}) == {"rater": opinion_author("7")}
