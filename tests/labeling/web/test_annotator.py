"""The page about one annotator of a campaign."""

import csv
from io import StringIO

import pytest

from labeling.actions.campaigns import change_campaign
from labeling.actions.members import remove_member
from labeling.actions.questions import ask_question
from labeling.web.annotator_tables import ANNOTATOR_TABLES
from tests.clients import Visiting, text_of
from tests.people import Stage, stage

PATH = "/campaigns/sums/people/"


@pytest.fixture
def scene() -> Stage:
    """Alice and Bob have judged four pairs, on one of which they differ; Alice has commented, flagged, and asked."""
    scene = stage(comparisons=6, overlap=2)
    for turn in range(4):
        for user in (scene.alice, scene.bob):
            letter = "b" if user == scene.bob and turn == 3 else "a"
            held = scene.given(user)
            scene.vote(held, letter, comment="<b>True.</b>" if turn == 0 else "", seconds=0)
    scene.judge(scene.given(scene.alice), "skip", flag="harm")
    ask_question(assignment=scene.given(scene.alice), text="Units?", acting_user=scene.alice, now=scene.now)
    return scene


def test_a_lead_sees_what_somebody_did_and_how_well(scene: Stage, visiting: Visiting) -> None:
    maya = visiting(scene.maya)
    assert f'href="{PATH}alice/"' in text_of(maya, PATH)
    page = text_of(maya, f"{PATH}alice/")
    for words in (
        "&lt;b&gt;True.&lt;/b&gt;",
        "Harmful",
        "Units?",
        "Agreement with others",
        "Judgments by day",
        "75.0 %",
    ):
        assert words in page, words
    assert f'href="{PATH}alice/"' in text_of(maya, "/campaigns/sums/statistics/")


def test_a_pseudonymous_campaign_names_nobody(scene: Stage, visiting: Visiting) -> None:
    change_campaign(campaign=scene.campaign, pseudonymous=True, acting_user=scene.maya, now=scene.now)
    maya = visiting(scene.maya)
    page = text_of(maya, PATH)
    assert f'href="{PATH}{scene.alice.pseudonym}/"' in page
    assert f'href="{PATH}alice/"' not in page
    assert maya.get(f"{PATH}alice/").status_code == 404
    assert "alice" not in text_of(maya, f"{PATH}{scene.alice.pseudonym}/")


def test_people_who_left_keep_their_page_and_strangers_have_none(scene: Stage, visiting: Visiting) -> None:
    remove_member(campaign=scene.campaign, user=scene.bob, acting_user=scene.maya, now=scene.now)
    maya = visiting(scene.maya)
    assert "Former members" in text_of(maya, PATH)
    assert "No longer a member" in text_of(maya, f"{PATH}bob/")
    for name in ("charlie", "nobody"):
        assert maya.get(f"{PATH}{name}/").status_code == 404
    assert visiting(scene.alice).get(f"{PATH}alice/").status_code == 403


def test_a_member_who_has_not_judged_has_a_page_without_figures(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    page = text_of(visiting(scene.maya), f"{PATH}alice/")
    assert "None of their comparisons is settled yet." in page
    assert "Agreement with others" not in page
    assert "csv-" not in page, "There is no table."


def test_every_table_of_the_page_is_a_file(scene: Stage, visiting: Visiting) -> None:
    maya = visiting(scene.maya)
    page = text_of(maya, f"{PATH}alice/")
    files = {}
    for table in ANNOTATOR_TABLES:
        path = f"{PATH}{scene.alice.pseudonym}/{table}.csv"
        assert f'href="{path}"' in page
        response = maya.get(path)
        assert f'"sums-{scene.alice.pseudonym}-{table}.csv"' in response["Content-Disposition"]
        files[table] = list(csv.DictReader(StringIO(response.getvalue().decode())))
    assert {row["figure"]: row["value"] for row in files["figures"]}["agreement"] == "0.75"
    assert files["verdicts"][0] == {"verdict": "a", "chose_a": "3", "chose_tie": "0", "chose_b": "0"}
    assert [row["judgments"] for row in files["days"]] == ["4"]
    assert [row["comment"] for row in files["comments"]] == ["<b>True.</b>"]
    assert [row["flag"] for row in files["flags"]] == ["harm"]
    assert maya.get(f"{PATH}alice/nothing.csv").status_code == 404
