"""Import and export of files through the API, streamed whatever their size."""

import gzip
import json
import tracemalloc
from typing import Any

import pytest
from django.http import StreamingHttpResponse

from labeling.models import Comparison, Prompt, Verdict
from tests.clients import Calling
from tests.people import pair, stage

IMPORT = "/api/v1/campaigns/sums/comparisons/import/"


def lines(count: int) -> bytes:
    records = [{"prompt": f"What is {number}?", "chosen": "Yes.", "rejected": "No."} for number in range(count)]
    return "\n".join(map(json.dumps, records)).encode()


def test_an_import_answers_with_counts_and_the_rejected_records_by_line(calling: Calling) -> None:
    scene = stage()
    content = lines(2) + b'\n{"prompt": "?", "chosen": "", "rejected": "No."}\n'
    answer = calling(scene.maya).post(IMPORT, data=content, content_type="application/jsonl")
    assert answer.status_code == 200
    report = answer.json()
    assert (report["created"], report["duplicates"], report["rejected_count"], report["refused"]) == (2, 0, 1, False)
    (rejected,) = report["rejected"]
    assert (rejected["line"], rejected["record"]) == (3, 3)
    assert "empty" in rejected["reason"]


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/jsonl", "application/octet-stream", "text/plain"]
)
def test_the_body_is_read_as_a_file_whatever_it_is_called(calling: Calling, media_type: str) -> None:
    scene = stage()
    array = json.dumps([json.loads(line) for line in lines(3).splitlines()]).encode()
    answer = calling(scene.maya).post(IMPORT, data=array, content_type=media_type)
    assert (answer.status_code, answer.json()["created"]) == (200, 3)


def test_a_gzipped_body_is_read_too(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).post(IMPORT, data=gzip.compress(lines(3)), content_type="application/gzip")
    assert answer.json()["created"] == 3


def test_options_stand_behind_the_question_mark(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    address = f"{IMPORT}?dialect=trl&keep_preferences=true&refuse_all=true"
    refused = maya.post(address, data=lines(2) + b"\n{", content_type="application/jsonl")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/import-refused")
    assert refused.json()["report"]["rejected"][0]["line"] == 3
    assert not Comparison.objects.exists()
    assert maya.post(address, data=lines(2), content_type="application/jsonl").json()["settled"] == 2
    assert Verdict.objects.count() == 2


@pytest.mark.parametrize(("query", "field"), [("dialect=xml", "dialect"), ("refuse_all=maybe", "refuse_all")])
def test_an_option_that_is_none_is_named(calling: Calling, query: str, field: str) -> None:
    scene = stage()
    answer = calling(scene.maya).post(f"{IMPORT}?{query}", data=lines(1), content_type="application/jsonl")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_file_that_cannot_be_read_at_all_is_a_problem(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).post(IMPORT, data=b'{"question": "?"}', content_type="application/jsonl")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unreadable-file")


def test_a_form_is_told_to_send_the_file_itself(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).post(IMPORT, {"file": "x"}, format="multipart")
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/file-not-sent")


def test_a_body_of_unknown_length_is_refused_instead_of_read_as_empty(calling: Calling) -> None:
    scene = stage()
    maya: Any = calling(scene.maya)
    answer = maya.generic("POST", IMPORT, lines(2), content_type="application/jsonl", CONTENT_LENGTH="")
    assert (answer.status_code, answer.json()["type"]) == (411, "/problems/length-required")


def test_prompts_come_in_the_same_way(calling: Calling) -> None:
    scene = stage()
    address = "/api/v1/campaigns/sums/prompts/import/"
    answer = calling(scene.maya).post(address, data=b"Why?\nHow?\n", content_type="text/plain")
    assert (answer.json()["created"], Prompt.objects.count()) == (2, 2)


def test_an_export_is_streamed_as_a_file_and_the_report_says_what_is_not_in_it(calling: Calling) -> None:
    scene = stage(comparisons=5)
    scene.settle(["a", "b", "tie"])
    maya = calling(scene.maya)
    answer: Any = maya.get("/api/v1/campaigns/sums/export/?dialect=trl")
    assert isinstance(answer, StreamingHttpResponse)
    assert answer["Content-Type"] == "application/jsonl"
    assert answer["Content-Disposition"] == 'attachment; filename="sums-trl.jsonl"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[arg-type]
    assert len(rows) == 2
    report = maya.get("/api/v1/campaigns/sums/export/report/").json()
    assert (report["total"], report["kept"], report["dropped"]["tie"], report["dropped"]["unsettled"]) == (5, 2, 1, 2)


def test_an_unknown_dialect_is_named(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).get("/api/v1/campaigns/sums/export/?dialect=xml")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "dialect")


def test_the_choices_of_an_export_are_parameters_and_a_wrong_one_is_named(calling: Calling) -> None:
    scene = stage(comparisons=3)
    scene.settle(["a"])
    maya = calling(scene.maya)
    address = "/api/v1/campaigns/sums/export/"
    answer: Any = maya.get(f"{address}?dialect=csv&include=all&spreadsheet=true")
    assert 'filename="sums-csv-for-spreadsheets.csv"' in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content).count(b"apostrophe") == 3
    for query, field in (("dialect=trl&include=judged", "include"), ("dialect=openai&extras=true", "extras")):
        refused = maya.get(f"{address}?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_a_whole_campaign_goes_out_and_in(calling: Calling) -> None:
    scene = stage(comparisons=3)
    scene.settle(["a"])
    maya = calling(scene.maya)
    answer: Any = maya.get("/api/v1/campaigns/sums/export/?dialect=full")
    data = b"".join(answer.streaming_content)
    address = "/api/v1/campaign-imports/?slug=copy"
    made = maya.post(address, data=data, content_type="application/jsonl")
    assert (made.status_code, made.json()["slug"]) == (201, "copy")
    counts = made.json()["counts"]
    assert counts.pop("event") == scene.campaign.events.count()
    assert counts == {"annotator": scene.campaign.memberships.count(), "prompt": 3, "comparison": 3, "judgment": 1}
    again = maya.post(address, data=data, content_type="application/jsonl")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/slug-taken")
    wrong = maya.post(address, data=data.replace(b'"overlap":1', b'"overlap":"x"'), content_type="application/jsonl")
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/unreadable-file")


def test_the_memory_of_an_export_does_not_grow_with_the_campaign(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    peaks = []
    for numbers in (range(1000), range(1000, 5000)):
        scene.add([pair(number, preference="first") for number in numbers])
        answer: Any = maya.get("/api/v1/campaigns/sums/export/")
        tracemalloc.start()
        size = sum(len(piece) for piece in answer.streaming_content)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert size > 500_000
    assert peaks[1] < peaks[0] * 1.5, peaks
