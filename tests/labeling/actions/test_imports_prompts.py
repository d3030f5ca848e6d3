"""Files of prompts."""

import io
import json
from typing import Any

from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_prompts
from labeling.actions.previews import preview_import
from labeling.models import Prompt
from tests.people import Stage, stage


def bring_in(scene: Stage, content: bytes, **options: Any) -> ImportReport:
    return import_prompts(
        campaign=scene.campaign,
        stream=io.BytesIO(content),
        settings=ImportSettings(**options),
        acting_user=scene.maya,
        now=scene.now,
    )


def test_prompts_come_in_once_in_several_forms() -> None:
    scene = stage()
    content = "\n".join(
        json.dumps(one)
        for one in (
            {"prompt": "Why?", "id": "q1", "tags": ["short"]},
            {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}]},
            {"prompt": "Why?"},
        )
    ).encode()
    report = bring_in(scene, content)
    assert (report.created, report.duplicates) == (2, 1)
    assert Prompt.objects.get(external_id="q1").tags == ["short"]
    assert bring_in(scene, content).as_dict()["duplicates"] == 3


def test_text_has_a_prompt_on_every_line() -> None:
    scene = stage()
    assert bring_in(scene, b"Why?\n\nHow?\n").created == 2


def test_a_bad_prompt_is_named_and_the_rest_kept_or_all_refused() -> None:
    scene = stage()
    content = b'{"prompt": "Why?"}\n{"prompt": ""}\n{"prompt": "How?"}\n'
    refused = bring_in(scene, content, refuse_all=True)
    assert (refused.refused, Prompt.objects.count()) == (True, 0)
    report = bring_in(scene, content)
    assert (report.created, [one.line for one in report.rejected]) == (2, [2])


MAPPED = {"prompt": "frage", "id": "nr"}


def test_a_mapping_is_remembered_for_files_without_a_known_prompt() -> None:
    scene = stage()
    assert bring_in(scene, b'{"frage": "Warum?", "nr": 7}\n', mapping=MAPPED).created == 1
    preview = preview_import(
        campaign=scene.campaign,
        kind="prompts",
        stream=io.BytesIO(b"nr;frage\n8;Wann?\n"),
        settings=ImportSettings(),
        acting_user=scene.maya,
    )
    assert (preview.report.created, preview.report.rejected_count) == (1, 0)
    for content in (
        b'{"broken\n{"nr": 8, "frage": "Wann?"}\n',
        b"nr;frage\n9;Wo?\n",
        b'{"data": [{"frage": "Wie?", "nr": 1}]}',
    ):
        assert bring_in(scene, content).created == 1
    ids = Prompt.objects.order_by("pk").values_list("external_id", flat=True)
    assert list(ids) == ["7", "8", "9", "1"]


def test_a_known_prompt_comes_before_a_remembered_mapping() -> None:
    scene = stage()
    bring_in(scene, b'{"frage": "Warum?", "nr": 7}\n', mapping=MAPPED)
    both = b'{"prompt": "Why?", "frage": "Warum nicht?", "nr": 8}\n{"frage": "Wann?", "nr": 9}\n'
    report = bring_in(scene, both)
    assert (report.created, report.rejected[0].code) == (1, "missing_field")
    assert Prompt.objects.last().messages == [{"role": "user", "content": "Why?"}]  # type: ignore[union-attr]
    assert bring_in(scene, b"frage\nnr\n", form="text").created == 2


def test_the_report_counts_known_prompts_whose_other_fields_are_left_out() -> None:
    scene = stage()
    first = {"prompt": "Why?", "id": "q1", "tags": ["short"], "licence": "MIT"}
    others = [
        {"prompt": "Why?"},
        first,
        {**first, "id": "q2"},
        {**first, "tags": ["long"]},
        {**first, "licence": "GPL"},
    ]
    content = "\n".join(json.dumps(one) for one in (first, *others)).encode()
    report = bring_in(scene, content)
    assert (report.created, report.duplicates, report.notes.counts["prompt_fields_left_out"]) == (1, 5, 3)
    assert bring_in(scene, json.dumps(first).encode()).notes.counts == {}
