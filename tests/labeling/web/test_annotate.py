"""The annotator's page as a form, without JavaScript."""

import pytest

from labeling.actions.members import pause_member
from labeling.judging.drafts import MAX_COMMENT
from labeling.models import Judgment
from tests.clients import Visiting
from tests.people import stage


def test_the_form_judges_and_comes_back(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    alice, path = visiting(on_stage.alice), f"/campaigns/{on_stage.campaign.slug}/annotate/"
    assignment = alice.get(path).context["assignment"]
    form = {"assignment": assignment["id"], "key": "one", "choice": "left"}
    assert alice.post(path, form).headers["Location"] == path
    alice.post(path, form)  # the browser's "send again"
    assert Judgment.objects.count() == 1
    assert alice.get(path).context["assignment"]["id"] != assignment["id"]


def test_nonsense_in_the_form_is_explained(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    alice, path = visiting(on_stage.alice), f"/campaigns/{on_stage.campaign.slug}/annotate/"
    assignment = alice.get(path).context["assignment"]["id"]
    answer = alice.post(path, {"assignment": assignment, "key": "one", "choice": "middle"}, follow=True)
    assert "There is no choice" in answer.content.decode()
    assert alice.post(path, {"assignment": "x", "key": "one", "choice": "left"}).status_code == 404
    assert Judgment.objects.count() == 0


def test_a_paused_campaign_says_so_and_gives_nothing(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2, status="paused")
    answer = visiting(on_stage.alice).get(f"/campaigns/{on_stage.campaign.slug}/annotate/")
    assert "This campaign is paused" in answer.content.decode()
    assert answer.context["assignment"] is None


def test_somebody_who_is_paused_reads_why_and_is_promised_nothing(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    pause_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    page = visiting(scene.alice).get("/campaigns/sums/annotate/").content.decode()
    done = page.partition('data-testid="done"')[2].partition("</div>")[0]
    assert "Nothing is assigned to you" in done
    assert "You are paused in this campaign." in done
    assert "No comparison needs your judgment" not in done
    assert "<span hidden>" in done


def test_the_annotators_form_asks_for_criteria_and_takes_them(visiting: Visiting) -> None:
    scene = stage(comparisons=1, criteria=[{"name": "helpful", "required": True}], blind=False)
    given = scene.given(scene.alice)
    client = visiting(scene.alice)
    page = client.get("/campaigns/sums/annotate/").content.decode()
    assert 'name="criterion-helpful"' in page
    assert "data-model" in page
    judgment = {"assignment": given.pk, "key": "k", "choice": "left"}
    refused = client.post("/campaigns/sums/annotate/", judgment, follow=True).content.decode()
    assert "Choose left, right or tie for helpful as well." in refused
    client.post("/campaigns/sums/annotate/", judgment | {"criterion-helpful": "right"})
    assert given.judgments.get().criteria == {"helpful": given.right}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"flag": "harm"}, "A flag goes with Skip only."),
        ({"skip_reason": "It is upsetting"}, "A reason to skip goes with Skip only."),
    ],
)
def test_a_flag_or_a_reason_beside_a_choice_is_refused_and_kept(
    visiting: Visiting, typed: dict[str, str], words: str
) -> None:
    scene = stage(comparisons=1, skip_reasons=["It is upsetting"])
    given = scene.given(scene.alice)
    judgment = {"assignment": given.pk, "key": "k", "choice": "left", "comment": "So it is."} | typed
    page = visiting(scene.alice).post("/campaigns/sums/annotate/", judgment).content.decode()
    assert words in page
    assert "So it is." in page
    assert " selected>" in page
    assert Judgment.objects.count() == 0


def test_a_campaign_with_flags_and_no_skips_takes_a_flag_without_scripts(visiting: Visiting) -> None:
    scene = stage(comparisons=1, allow_skip=False)
    given, alice = scene.given(scene.alice), visiting(scene.alice)
    assert 'value="skip" formnovalidate>Flag</button>' in alice.get("/campaigns/sums/annotate/").content.decode()
    alice.post("/campaigns/sums/annotate/", {"assignment": given.pk, "key": "k", "choice": "skip", "flag": "harm"})
    assert given.judgments.get().flag == "harm"


def test_a_line_break_of_a_form_counts_once_in_a_comment(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    comment = "\r\n".join("x" * 9 for _ in range(MAX_COMMENT // 10))  # as a browser sends it
    judgment = {"assignment": scene.given(scene.alice).pk, "key": "k", "choice": "left", "comment": comment}
    visiting(scene.alice).post("/campaigns/sums/annotate/", judgment)
    assert Judgment.objects.get().comment == comment.replace("\r\n", "\n")
