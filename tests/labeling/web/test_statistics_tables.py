"""Every table of the statistics as CSV."""

import csv
from io import StringIO

import pytest

from labeling.web.statistics_tables import TABLES
from tests.clients import Visiting
from tests.people import Stage, stage


@pytest.fixture
def judged() -> Stage:
    """Alice and Bob judge the same four comparisons, and disagree about one."""
    scene = stage(comparisons=4, overlap=2)
    for number in range(4):
        scene.vote(scene.given(scene.alice), "a")
        scene.vote(scene.given(scene.bob), "b" if number == 3 else "a")
    return scene


def rows_of(visiting: Visiting, scene: Stage, table: str, query: str = "") -> list[dict[str, str]]:
    response = visiting(scene.maya).get(f"/campaigns/{scene.campaign.slug}/statistics/{table}.csv{query}")
    assert response.status_code == 200
    assert f"{scene.campaign.slug}-{table}.csv" in response["Content-Disposition"]
    return list(csv.DictReader(StringIO(response.getvalue().decode())))


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_downloaded(table: str, judged: Stage, visiting: Visiting) -> None:
    assert bool(rows_of(visiting, judged, table)) == (table not in ("ranking", "win-rates")), "One version has no rank."


@pytest.mark.django_db
def test_figures_are_in_full_and_say_why_they_are_missing(judged: Stage, visiting: Visiting) -> None:
    figures = {row["figure"]: row for row in rows_of(visiting, judged, "figures")}
    assert float(figures["with-ties"]["value"]) == 0.75
    assert (figures["gold"]["value"], figures["gold"]["reason"]) == ("", "No gold has been judged yet.")
    (pair,) = rows_of(visiting, judged, "pairs")
    assert {pair["annotator"], pair["other"]} == {judged.alice.pseudonym, judged.bob.pseudonym}
    assert {pair["name"], pair["other_name"]} == {"alice", "bob"}
    assert float(pair["value"]) == 0.75
    names = {row["annotator"]: row["name"] for row in rows_of(visiting, judged, "annotators")}
    assert names == {judged.alice.pseudonym: "alice", judged.bob.pseudonym: "bob"}
    judged.campaign.pseudonymous = True
    judged.campaign.save(update_fields=["pseudonymous"])
    assert all(row["name"] == row["annotator"] for row in rows_of(visiting, judged, "confusion"))


@pytest.mark.django_db
def test_the_page_of_the_members_has_its_figures_as_a_file(judged: Stage, visiting: Visiting) -> None:
    page = visiting(judged.maya).get(f"/campaigns/{judged.campaign.slug}/people/").content.decode()
    assert f'href="/campaigns/{judged.campaign.slug}/statistics/members.csv"' in page
    rows = {row["name"]: row for row in rows_of(visiting, judged, "members")}
    assert {name: row["judged"] for name, row in rows.items()} == {"alice": "4", "bob": "4"}


@pytest.mark.django_db
def test_a_table_follows_the_selection_of_the_page(judged: Stage, visiting: Visiting) -> None:
    rows = rows_of(visiting, judged, "annotators", f"?annotator={judged.alice.pseudonym}")
    assert [row["annotator"] for row in rows] == [judged.alice.pseudonym]
    assert visiting(judged.maya).get(f"/campaigns/{judged.campaign.slug}/statistics/nothing.csv").status_code == 404
