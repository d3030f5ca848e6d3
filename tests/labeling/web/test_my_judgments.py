"""The pages on which annotators read and change what they said."""

from typing import Any

import pytest
from django.utils import timezone

from labeling.models import Assignment, Judgment
from tests.clients import Visiting
from tests.people import Stage, stage

PATH = "/campaigns/sums/judgments/"


@pytest.fixture
def scene() -> Stage:
    """Alice has just judged one of three pairs; the campaign asks for strengths, criteria and improved texts."""
    criteria = [{"name": "helpful", "description": "Which one helps?", "required": True}]
    scene = stage(comparisons=3, scale="strength", criteria=criteria, allow_edit=True)
    scene.now = timezone.now()
    scene.judge(
        scene.given(scene.alice), "left", strength=2, criteria={"helpful": "right"}, comment="<b>True.</b>", seconds=0
    )
    return scene


def of(scene: Stage) -> Judgment:
    return Judgment.objects.get(annotator=scene.alice, superseded_at=None)


def changed(judgment: Judgment, **values: str) -> dict[str, str]:
    """The form's fields for a change."""
    return {"choice": "right", "criterion-helpful": "tie", "comment": "", "key": "k-2"} | values


def test_a_judgment_is_listed_with_what_was_said_and_opened(scene: Stage, visiting: Visiting) -> None:
    alice = visiting(scene.alice)
    page = alice.get(PATH).content.decode()
    for words in ("plus one?", "Left is better", "clearly", "helpful", "&lt;b&gt;True.&lt;/b&gt;", "until "):
        assert words in page, words
    page = alice.get(f"{PATH}{of(scene).assignment_id}/").content.decode()
    assert "Change my judgment" in page
    assert "Nobody knows" in page
    assert "No matching judgment" in alice.get(f"{PATH}?choice=skip").content.decode()
    assert "plus one?" in alice.get(f"{PATH}?text=true.&commented=on&choice=left").content.decode()
    assert "Enter a valid date" in alice.get(f"{PATH}?since=yesterday").content.decode()


def test_older_judgments_are_a_page_away(visiting: Visiting) -> None:
    scene = stage(comparisons=35)
    for _ in range(35):
        scene.judge(scene.given(scene.alice), "left")
    alice = visiting(scene.alice)
    first = alice.get(f"{PATH}?choice=left")
    second = alice.get(f"{PATH}?{first.context['older']}")
    ids = [[own.judgment.pk for own in one.context["judgments"]] for one in (first, second)]
    assert [len(each) for each in ids] == [30, 5]
    assert ids[0] + ids[1] == sorted(ids[0] + ids[1], reverse=True)
    assert second.context["older"] == ""
    assert 'href="?choice=left" data-testid="first-page"' in second.content.decode()
    assert "first-page" not in first.content.decode()
    assert len(alice.get(f"{PATH}?before=999999999").context["judgments"]) == 30


def test_a_judgment_is_changed_once_and_leases_nothing(scene: Stage, visiting: Visiting) -> None:
    alice, judgment = visiting(scene.alice), of(scene)
    path = f"{PATH}{judgment.assignment_id}/"
    for _ in range(2):
        answer = alice.post(path, changed(judgment, strength="3", comment="No.", edit="It is what it is."))
        assert (answer.status_code, answer["Location"]) == (302, path)
    new = of(scene)
    side = {new.left: "left"}.get(new.choice, "right")
    assert (side, new.strength, new.comment, new.edit, new.seconds) == ("right", 3, "No.", "It is what it is.", 0)
    assert new.criteria == {"helpful": "tie"}
    assert "It is what it is." in alice.get(PATH).content.decode()
    assert Judgment.objects.filter(annotator=scene.alice).count() == 2
    assert not Assignment.objects.filter(annotator=scene.alice, status="leased").exists()
    assert "Earlier versions" in alice.get(path).content.decode()


def test_earlier_versions_show_the_improved_text_too(scene: Stage, visiting: Visiting) -> None:
    alice, path = visiting(scene.alice), f"{PATH}{of(scene).assignment_id}/"
    alice.post(path, changed(of(scene), choice="left", edit="It is <4>."))
    page = alice.post(path, changed(of(scene), choice="tie", edit="", key="k-3"), follow=True).content.decode()
    assert "It is &lt;4&gt;." in page.split('data-testid="earlier"')[1]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"choice": "tie", "edit": "Better."}, "goes with left or right only"),
        ({"choice": "tie", "strength": "3"}, "only. Choose one of them, or leave this empty."),
        ({"flag": "harm"}, "This goes with “Skip or flag” only. Choose that"),
        ({"skip_reason": "It is upsetting"}, "This goes with “Skip or flag” only. Choose that"),
        ({"criterion-helpful": ""}, "for helpful as well"),
        ({"choice": "up"}, "up is not one of the available choices"),
        ({"comment": "a\x00b"}, "Null characters"),
    ],
)
def test_a_refused_change_says_why_and_keeps_what_was_typed(
    scene: Stage, visiting: Visiting, values: dict[str, str], words: str
) -> None:
    judgment = of(scene)
    typed = {"comment": "Long thoughts."} | values
    page = visiting(scene.alice).post(f"{PATH}{judgment.assignment_id}/", changed(judgment, **typed)).content.decode()
    assert words in page
    assert values.get("edit", "Long thoughts.") in page or "comment" in values
    assert of(scene).pk == judgment.pk


def test_an_optional_answer_is_marked_and_can_be_taken_back(visiting: Visiting) -> None:
    scene = stage(comparisons=1, criteria=[{"name": "wit", "description": "Which is funnier?", "required": False}])
    scene.now = timezone.now()
    scene.judge(scene.given(scene.alice), "left", criteria={"wit": "right"})
    alice, path = visiting(scene.alice), f"{PATH}{of(scene).assignment_id}/"
    page = alice.get(path).content.decode()
    assert "(optional)" in page
    assert "No answer" in page
    alice.post(path, {"choice": "left", "criterion-wit": "", "comment": "", "key": "k-3"})
    assert of(scene).criteria == {}


def test_a_required_answer_is_not_offered_as_open(scene: Stage, visiting: Visiting) -> None:
    page = visiting(scene.alice).get(f"{PATH}{of(scene).assignment_id}/").content.decode()
    assert "No answer" not in page


def test_a_skip_takes_nothing_along_that_goes_with_a_choice(scene: Stage, visiting: Visiting) -> None:
    judgment = of(scene)
    reason = "It is upsetting"
    visiting(scene.alice).post(
        f"{PATH}{judgment.assignment_id}/", changed(judgment, choice="skip", strength="2", skip_reason=reason)
    )
    new = of(scene)
    assert (new.choice, new.strength, new.criteria, new.skip_reason) == ("skip", None, {}, reason)


def test_a_flag_is_kept_where_it_is_chosen_with_skip(scene: Stage, visiting: Visiting) -> None:
    judgment, alice = of(scene), visiting(scene.alice)
    path = f"{PATH}{judgment.assignment_id}/"
    said = alice.post(path, changed(judgment, choice="skip", flag="harm"), follow=True).content.decode()
    assert "Judgment changed. A skip keeps no answers to the criteria." in said
    assert (of(scene).choice, of(scene).flag) == ("skip", "harm")


def test_after_its_time_a_judgment_is_only_read(scene: Stage, visiting: Visiting) -> None:
    judgment = of(scene)
    scene.campaign.undo_seconds = 0
    scene.campaign.save()
    alice = visiting(scene.alice)
    path = f"{PATH}{judgment.assignment_id}/"
    page = alice.get(path).content.decode()
    assert "does not allow changing" in page
    assert "save-change" not in page
    assert of(scene).pk == judgment.pk
    answer: Any = alice.post(path, changed(judgment))
    assert "does not allow changing" in answer.content.decode()


def test_one_that_is_taken_back_is_on_the_judging_page(scene: Stage, visiting: Visiting) -> None:
    judgment = of(scene)
    alice = visiting(scene.alice)
    alice.post("/campaigns/sums/annotate/undo/", {"assignment": judgment.assignment_id})
    answer = alice.get(f"{PATH}{judgment.assignment_id}/")
    assert (answer.status_code, answer["Location"]) == (302, "/campaigns/sums/annotate/")


def test_nobody_reads_what_others_said(scene: Stage, visiting: Visiting) -> None:
    path = f"{PATH}{of(scene).assignment_id}/"
    for user in (scene.bob, scene.maya, scene.root):
        assert visiting(user).get(path).status_code == 404
        assert "No judgment yet" in visiting(user).get(PATH).content.decode()
    assert visiting(scene.charlie).get(PATH).status_code == 404


def test_a_wrong_filter_shows_no_judgment(scene: Stage, visiting: Visiting) -> None:
    page = visiting(scene.alice).get(f"{PATH}?since=2026-13-45").content.decode()
    assert "Enter a valid date." in page
    assert 'data-testid="no-judgments"' in page


def test_a_german_annotator_reads_the_reasons_to_skip_in_german(visiting: Visiting) -> None:
    scene = stage(comparisons=2, skip_reasons=["It is upsetting", "Too long"])
    scene.now = timezone.now()
    scene.judge(scene.given(scene.alice), "skip", skip_reason="It is upsetting")
    alice = visiting(scene.alice)
    alice.post("/language/", {"language": "de"})
    for path in (PATH, f"{PATH}{of(scene).assignment_id}/", "/campaigns/sums/annotate/"):
        page = alice.get(path).content.decode()
        assert "Es ist verstörend" in page, path
    assert ">Too long</option>" in page
    assert 'value="It is upsetting"' in page
