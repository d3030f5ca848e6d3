"""Bodies are read within limits, and no body breaks the server."""

from io import BytesIO

import pytest
from rest_framework.exceptions import ParseError

from labeling.api.parsers import MAX_BODY, BodyTooLarge, BoundedJSONParser
from tests.clients import Calling
from tests.people import stage


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"choice": NaN}', b"[]", b'"left"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused_and_breaks_nothing(calling: Calling, body: bytes) -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    answer = calling(scene.alice).post(
        f"/api/v1/assignments/{held.pk}/judgment/", data=body, content_type="application/json"
    )
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_body_beyond_all_measure_is_refused_before_it_is_parsed(calling: Calling) -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    answer = calling(scene.alice).post(
        f"/api/v1/assignments/{held.pk}/judgment/",
        {"choice": "left", "key": "k", "comment": "c" * 3_000_000},
        format="json",
    )
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")


def test_the_largest_body_is_read_and_one_byte_more_is_not() -> None:
    body = b'"' + b"x" * (MAX_BODY - 2) + b'"'
    assert len(BoundedJSONParser().parse(BytesIO(body))) == MAX_BODY - 2
    with pytest.raises(BodyTooLarge):
        BoundedJSONParser().parse(BytesIO(body + b" "))


def test_json_nested_too_deeply_is_the_senders_fault() -> None:
    with pytest.raises(ParseError):
        BoundedJSONParser().parse(BytesIO(b"[" * 100_000))
