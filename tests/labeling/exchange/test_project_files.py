"""Projects of other tools as ZIP archives, and guidelines in files."""

import io
import json
import zipfile
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, UnreadableInput, read_comparisons
from labeling.exchange.project_files import guidelines_in, with_guidelines

ITEMS = [{"id": f"i{number}", "prompt": f"Q{number}", "responses": ["Yes.", "No."]} for number in range(2)]
FIELDS = {"prompt": "Q", "response1": "Yes.", "response2": "No."}
ARGILLA = {"id": "1", "fields": FIELDS, "responses": {"preference": [{"value": "response1", "user_id": "u1"}]}}


def archive(**files: Any) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            writer.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    packed.seek(0)
    return packed


def comparisons(stream: io.BytesIO) -> list[ImportedComparison]:
    records = list(read_comparisons(stream))
    assert all(isinstance(one, ImportedComparison) for one in records), records
    return [one for one in records if isinstance(one, ImportedComparison)]


def test_potatos_answers_are_joined_with_their_items() -> None:
    ann = {"user_id": "ann", "instance_id_to_label_to_value": {"i0": {"preference": {"selection": "A"}}}}
    pairs = [[{"schema": "preference", "name": "selection"}, "B"]]
    ben = {"user_id": "ben", "instance_id_to_label_to_value": {"i0": pairs, "i1": pairs}}
    config = "task: x\nannotation_instructions: |\n  Choose the better one.\n  Be fair.\nport: 8000\n"
    packed = archive(
        data__items_dot_jsonl="\n".join(json.dumps(one) for one in ITEMS),
        annotation_output__ann__user_state_dot_json=ann,
        annotation_output__ben__user_state_dot_json=ben,
        config_dot_yaml=config,
    )
    first, second = comparisons(packed)
    assert [(vote.annotator, vote.choice) for vote in first.votes] == [("ann", "first"), ("ben", "second")]
    assert [(vote.annotator, vote.choice) for vote in second.votes] == [("ben", "second")]
    assert first.metadata == {"guidelines": "Choose the better one.\nBe fair."}
    assert second.metadata == {}


def answered(item: str, answers: dict[str, Any], **others: Any) -> str:
    values = {"displayed_text": "<b>A.</b> Yes.", "label_annotations": answers, "span_annotations": []}
    return json.dumps({"id": item, **values, "behavioral_data": {"time_string": "5s"}, **others}) + "\n"


def test_the_answers_of_older_potatoes_are_joined_once_by_the_names_in_the_configuration() -> None:
    items = [{"key": f"i{at}", "prompt": f"Q{at}", "summaries": ["Yes.", "No."]} for at in range(2)]
    config = 'item_properties:\n  id_key: key\nannotation_schemes:\n  - items_key: "summaries"\n'
    ann = answered("i0", {"best": {"A": "true"}}) + answered("i1", {"best": {"scale_value": "2"}})
    ben = answered("i0", {"best": {"selection": "tie"}, "why": {"text_box": "Same."}})
    packed = archive(
        p__data__items_dot_jsonl="\n".join(map(json.dumps, items)),
        p__annotation_output__ann__annotated_instances_dot_jsonl=ann,
        p__annotation_output__ben__annotated_instances_dot_jsonl=ben,
        p__annotation_output__annotated_instances_dot_jsonl=ann + ben,
        p__annotation_output__task_assignment_dot_json={"assigned": {}},
        p__config_dot_yaml=config,
    )
    first, second = comparisons(packed)
    assert [(vote.annotator, vote.choice) for vote in first.votes] == [("ann", "first"), ("ben", "tie")]
    assert [(vote.annotator, vote.choice, vote.strength) for vote in second.votes] == [("ann", "second", 2)]
    assert (first.first.text, second.second.text) == ("Yes.", "No.")


def test_answers_of_nobody_are_several_and_answers_without_items_are_refused() -> None:
    lines = answered("i0", {"preference": {"selection": "A"}}) + answered("i0", {"preference": {"selection": "B"}})
    packed = archive(items_dot_jsonl="\n".join(map(json.dumps, ITEMS)), annotated_instances_dot_jsonl=lines)
    first, _ = comparisons(packed)
    assert [(vote.annotator, vote.choice) for vote in first.votes] == [("", "first"), ("", "second")]
    with pytest.raises(UnreadableInput, match="without the items"):
        list(
            read_comparisons(
                archive(
                    annotated_instances_dot_jsonl=lines,
                    ann__user_state_dot_json={
                        "user_id": "ann",
                        "instance_id_to_label_to_value": {"x": {"preference": {"selection": "A"}}},
                    },
                )
            )
        )


def test_argillas_folder_has_records_and_guidelines() -> None:
    settings = {"guidelines": "Prefer the true one.", "fields": []}
    packed = archive(
        set__records_dot_json=[ARGILLA, {**ARGILLA, "id": "2", "fields": {**FIELDS, "prompt": "R"}}],
        set___dot_argilla__settings_dot_json=settings,
        set___dot_argilla__dataset_dot_json={"name": "x"},
    )
    first, second = comparisons(packed)
    assert first.metadata["guidelines"] == "Prefer the true one."
    assert (second.annotator, "guidelines" in second.metadata) == ("u1", False)


def test_an_object_of_records_and_guidelines_gives_both() -> None:
    whole = {"expert_instruction": "Look twice.", "records": [ARGILLA, ARGILLA]}
    first, second = comparisons(io.BytesIO(json.dumps(whole).encode()))
    assert (first.metadata["guidelines"], "guidelines" in second.metadata) == ("Look twice.", False)


@pytest.mark.parametrize("state", [{}, {"instance_id_to_label_to_value": 1}, "nothing"])
def test_a_damaged_state_is_named(state: Any) -> None:
    packed = archive(items_dot_json=ITEMS, ann__user_state_dot_json=state)
    with pytest.raises(UnreadableInput, match=r"ann/user_state\.json"):
        list(read_comparisons(packed))


@pytest.mark.parametrize("other", ["guidelines.txt", "guidelines.html", "README.txt", "LICENSE.txt"])
def test_texts_about_the_data_are_no_data(other: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("records.json", json.dumps([ARGILLA]))
        packed.writestr(other, "Prefer the true one.")
    (one,) = comparisons(io.BytesIO(buffer.getvalue()))
    assert (one.metadata.get("guidelines") == "Prefer the true one.") == other.startswith("guidelines")


def test_an_item_that_is_no_object_does_not_vanish() -> None:
    state: dict[str, Any] = {"instance_id_to_label_to_value": {}}
    with pytest.raises(UnreadableInput, match=r"items\.json in the archive holds an item that is no object"):
        comparisons(archive(items_dot_json=[*ITEMS, ["Q", "Yes.", "No."]], ann__user_state_dot_json=state))


def test_several_files_of_no_project_are_still_refused() -> None:
    with pytest.raises(UnreadableInput, match="archive of 2 files"):
        list(read_comparisons(archive(a_dot_json=[ARGILLA], b_dot_json=[ARGILLA])))


def test_guidelines_are_found_and_put_into_the_first_record() -> None:
    assert guidelines_in('{"guidelines": 7, "annotation_guidelines": "So."}') == "So."
    assert guidelines_in('{"guidelines": "cut') == ""
    assert json.loads(with_guidelines(b'[{"a": 1}, {}]', "So.")) == [{"guidelines": "So.", "a": 1}, {}]
    assert json.loads(with_guidelines(b"{ }", "So.")) == {"guidelines": "So."}
    assert with_guidelines(b"text", "So.") == b"text"
