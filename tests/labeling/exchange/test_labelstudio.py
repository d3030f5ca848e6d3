"""Label Studio's tasks, as its import takes them."""

import json
import xml.etree.ElementTree as ET

from labeling.exchange import LABEL_CONFIG, Vote
from tests.labeling.exchange.votes import PROMPT, record, written


def test_a_task_is_a_comparison_with_its_annotations() -> None:
    (task,) = json.loads(written("labelstudio", record()))
    assert task["data"] == {
        "prompt": "user: What color is the sky?",
        "answer1": "It is blue.",
        "answer2": "It is green.",
    }
    first, second, third = task["annotations"]
    assert first["result"] == [
        {"from_name": "comparison", "to_name": "comparison", "type": "pairwise", "value": {"selected": "left"}},
        {"from_name": "strength", "to_name": "prompt", "type": "rating", "value": {"rating": 2}},
    ]
    assert first["lead_time"] == 4.5
    assert [one["result"][0]["value"] for one in (second, third)] == [{"choices": ["tie"]}, {"choices": ["both_bad"]}]


def test_annotations_name_nobody_because_label_studio_refuses_strangers() -> None:
    (task,) = json.loads(written("labelstudio", record()))
    assert all("completed_by" not in one for one in task["annotations"])
    assert [vote["annotator"] for vote in task["meta"]["chosen"]["votes"]] == [f"annotator-{n}" for n in (1, 2, 3)]


def test_a_skip_is_a_cancelled_annotation() -> None:
    skipped = record(None, status="open", votes=(Vote("annotator-1", "skip", skip_reason="Too long"),))
    (task,) = json.loads(written("labelstudio", skipped))
    assert [(one["was_cancelled"], one["result"]) for one in task["annotations"]] == [(True, [])]


def test_every_result_names_a_control_of_the_interface_and_every_text_has_its_field() -> None:
    view = ET.fromstring(LABEL_CONFIG)
    controls = {tag.get("name"): tag for tag in view.iter() if tag.get("name")}
    (task,) = json.loads(
        written("labelstudio", record(votes=(Vote("annotator-1", "tie", strength=1, comment="Equal"),)))
    )
    assert {tag.get("value") for tag in view.iter("Text")} == {f"${name}" for name in task["data"]}
    for result in task["annotations"][0]["result"]:
        control = controls[result["from_name"]]
        assert (control.tag.lower(), control.get("toName")) == (result["type"], result["to_name"])
    assert task["meta"]["chosen"]["messages"] == PROMPT
