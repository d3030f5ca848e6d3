"""Parameters of files: a misspelt one is refused, since the file would hold more than was asked for, or less."""

from dataclasses import fields

import pytest

from labeling.api.views.exports import ExportOptions
from labeling.models import Comparison
from labeling.queries.lists import ComparisonFilter
from tests.clients import Calling
from tests.people import stage


@pytest.mark.parametrize(
    "address", ["export/?redakt=email", "export/report/?confidence_atleast=0.9", "events/export/?dialekt=csv"]
)
def test_an_unknown_parameter_of_an_export_is_refused_by_name(calling: Calling, address: str) -> None:
    scene = stage(comparisons=1)
    answer = calling(scene.maya).get(f"/api/v1/campaigns/sums/{address}")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == address.partition("?")[2].partition("=")[0]
    assert error["detail"].startswith("There is no such parameter. Known are ")


def test_an_unknown_parameter_of_an_import_is_refused_before_anything_is_read(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).post(
        "/api/v1/campaigns/sums/comparisons/import/?keep_preference=true",
        data=b'{"prompt": "Q", "chosen": "a", "rejected": "b"}',
        content_type="application/jsonl",
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "keep_preference")
    assert not Comparison.objects.exists()


def test_the_api_knows_every_filter_of_the_page() -> None:
    assert {field.name for field in fields(ComparisonFilter)} <= ExportOptions().fields.keys()
