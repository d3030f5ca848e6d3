"""The pages of verdicts, of disagreements and of a single comparison."""

import csv
import re
from io import StringIO

from django.test import Client

from labeling.actions.campaigns import change_campaign
from labeling.actions.curation import retire_comparison
from labeling.actions.verdicts import adjudicate
from labeling.judging.acts import undo_judgment
from labeling.models import Comparison, Verdict
from tests.clients import Visiting
from tests.markup import tight
from tests.people import Stage, person, stage

PATH = "/campaigns/sums/"


def disagreed() -> Stage:
    """Two comparisons: Alice and Bob agree on the first, and disagree on the second, with comments."""
    scene = stage(comparisons=2, overlap=2)
    for second in ("a", "b"):
        for user, letter in ((scene.alice, "a"), (scene.bob, second)):
            held = scene.given(user)
            scene.vote(held, letter, comment=f"<b>{letter}</b> is true." if second == "b" else "")
    return scene


def test_a_flag_is_shown_as_a_flag_with_its_reason(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    scene.judge(held, "skip", flag="harm")
    page = " ".join(visiting(scene.maya).get(f"{PATH}comparisons/{held.comparison_id}/").content.decode().split())
    assert "<b> Flagged: harmful </b>" in page
    assert "Skipped" not in page


def test_verdicts_are_listed_and_narrowed(visiting: Visiting) -> None:
    scene = disagreed()
    maya = visiting(scene.maya)
    page = maya.get(f"{PATH}verdicts/").content.decode()
    assert page.count("plus one?") == 1
    assert "Majority of the judgments" in page
    assert "No matching verdict" in maya.get(f"{PATH}verdicts/?winner=b").content.decode()
    assert "plus one?" in maya.get(f"{PATH}verdicts/?winner=a&confidence_at_most=99").content.decode()
    page = maya.get(f"{PATH}verdicts/?confidence_at_most=many").content.decode()
    assert "Enter a number" in page
    assert "plus one?" not in page
    assert "No matching verdict" not in page
    page = maya.get(f"{PATH}disagreements/?status=zzz").content.decode()
    assert "Select a valid choice" in page
    assert "plus one?" not in page


def test_a_verdict_is_found_by_a_part_of_its_prompt(visiting: Visiting) -> None:
    scene = stage(comparisons=12)
    scene.settle(["a"] * 12)
    maya = visiting(scene.maya)
    assert len(maya.get(f"{PATH}verdicts/?text=IS 1").context["verdicts"]) == 3  # 1, 10 and 11
    assert len(maya.get(f"{PATH}verdicts/?text=%25").context["verdicts"]) == 0
    assert len(maya.get(f"{PATH}verdicts/?text=user").context["verdicts"]) == 0, "A role is no text."


def test_the_verdicts_that_were_found_are_a_file(visiting: Visiting) -> None:
    scene = stage(comparisons=12)
    scene.settle(["a"] * 11 + ["tie"])
    maya = visiting(scene.maya)
    link = re.search(
        r'href="([^"]+)" [^>]*data-testid="csv-verdicts"',
        tight(maya.get(f"{PATH}verdicts/?winner=tie").content.decode()),
    )
    assert link
    assert link[1] == f"{PATH}verdicts.csv?winner=tie"
    (row,) = _file(maya, link[1])
    assert (row["winner"], row["votes_tie"], row["votes_a"], row["settled_by"]) == ("tie", "1", "0", "majority")
    assert row["prompt"].endswith("plus one?")
    assert len(_file(maya, f"{PATH}verdicts.csv")) == 12
    assert _file(maya, f"{PATH}verdicts.csv?confidence_at_most=many") == []


def test_the_file_names_who_decided_as_the_page_does(visiting: Visiting) -> None:
    scene = disagreed()
    conflict = Comparison.objects.get(status="conflict")
    expert = person("eve")
    scene.join(expert, role="expert")
    adjudicate(comparison=conflict, winner="b", reason="It is.", acting_user=expert, now=scene.now)
    maya = visiting(scene.maya)
    assert [row["decided_by"] for row in _file(maya, f"{PATH}verdicts.csv")] == ["eve", ""]
    change_campaign(campaign=scene.campaign, pseudonymous=True, acting_user=scene.maya, now=scene.now)
    assert _file(maya, f"{PATH}verdicts.csv")[0]["decided_by"] == expert.pseudonym


def _file(client: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(client.get(path).getvalue().decode())))


def test_what_is_alike_in_all_rows_is_said_once_and_one_judgment_is_no_majority(visiting: Visiting) -> None:
    scene = stage(comparisons=3)
    scene.settle(["a", "b", "a"])
    response = visiting(scene.maya).get(f"{PATH}verdicts/")
    assert response.context["alike"] == {"confidence": "75.0 %", "settled_by": "A single judgment", "models": "base"}
    page = response.content.decode()
    assert page.count("A single judgment") == 1
    assert page.count("75.0 %") == 1


def test_older_verdicts_are_a_page_away(visiting: Visiting) -> None:
    scene = stage(comparisons=55)
    scene.settle(["a"] * 55)
    maya = visiting(scene.maya)
    first = maya.get(f"{PATH}verdicts/?winner=a")
    assert len(first.context["verdicts"]) == 50
    second = maya.get(f"{PATH}verdicts/?{first.context['older']}")
    assert len(second.context["verdicts"]) == 5
    assert second.context["older"] == ""


def test_disagreements_show_votes_and_words_as_text(visiting: Visiting) -> None:
    scene = disagreed()
    maya = visiting(scene.maya)
    page = maya.get(f"{PATH}disagreements/").content.decode()
    assert page.count('data-testid="disagreement"') == 1
    assert "&lt;b&gt;b&lt;/b&gt; is true." in page
    assert '<a href="/campaigns/sums/people/alice/"><bdi>alice</bdi></a>' in page
    assert "No matching disagreement" in maya.get(f"{PATH}disagreements/?status=settled").content.decode()
    assert maya.get(f"{PATH}disagreements/?status=conflict&commented=on").content.decode().count("is true.") == 2


def test_a_comparison_is_asked_about_again_or_taken_out(visiting: Visiting) -> None:
    scene = disagreed()
    settled = Comparison.objects.get(status="settled")
    maya = visiting(scene.maya)
    path = f"{PATH}comparisons/{settled.pk}/"
    page = maya.get(path).content.decode()
    assert "A is better" in page
    answer = maya.post(f"{path}change/", {"do": "relabel", "more": "2", "reason": "Is it?"}, follow=True)
    assert "2 more judgments are requested" in answer.content.decode()
    assert not Verdict.objects.filter(comparison=settled).exists()
    assert "Is it?" in answer.content.decode()  # in the comparison's history
    answer = maya.post(f"{path}change/", {"do": "relabel", "more": "1", "reason": "Again"}, follow=True)
    assert "only a settled one or a conflict" in answer.content.decode()
    maya.post(f"{path}change/", {"do": "retire", "reason": "It is broken off."})
    settled.refresh_from_db()
    assert settled.status == "retired"
    maya.post(f"{path}change/", {"do": "restore"})
    settled.refresh_from_db()
    assert settled.status == "open"


def test_a_comparison_of_another_campaign_is_not_there(visiting: Visiting) -> None:
    scene = disagreed()
    from labeling.actions.campaigns import create_campaign

    create_campaign(name="Elsewhere", acting_user=scene.maya, now=scene.now)
    number = Comparison.objects.all()[0].pk
    assert visiting(scene.maya).get(f"/campaigns/elsewhere/comparisons/{number}/").status_code == 404


def test_a_comparison_names_its_annotators_with_their_words_and_changes(visiting: Visiting) -> None:
    scene = stage(comparisons=1, overlap=2, allow_edit=True)
    held = scene.given(scene.alice)
    scene.vote(held, "a")
    undo_judgment(assignment=held, acting_user=scene.alice, now=scene.now)
    scene.vote(held, "b", edit="A better text.")
    row = Comparison.objects.get()
    page = visiting(scene.maya).get(f"{PATH}comparisons/{row.pk}/").content.decode()
    assert "Nobody has judged it yet." not in page
    assert '<a href="/campaigns/sums/people/alice/"><bdi>alice</bdi></a>' in page
    assert "A better text." in page
    assert page.count("(changed)") == 1


def test_a_comparison_without_judgments_says_so(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    page = visiting(scene.maya).get(f"{PATH}comparisons/{Comparison.objects.get().pk}/").content.decode()
    assert "Nobody has judged it yet." in page
    assert 'data-testid="statements"' not in page


def test_the_history_names_leads_and_hides_the_names_of_experts_in_a_pseudonymous_campaign(visiting: Visiting) -> None:
    scene = disagreed()
    scene.join(erin := person("erin"), role="expert")
    change_campaign(campaign=scene.campaign, pseudonymous=True, acting_user=scene.maya, now=scene.now)
    row = Comparison.objects.get(status="conflict")
    adjudicate(comparison=row, winner="a", reason="True.", acting_user=erin, now=scene.now)
    retire_comparison(comparison=row, reason="Old.", acting_user=scene.ada, now=scene.now)
    maya = visiting(scene.maya)
    page = tight(maya.get(f"{PATH}comparisons/{row.pk}/").content.decode())
    _, _, history = page.partition('data-testid="history"')
    assert f'Conflict adjudicated by<a href="/campaigns/sums/people/{erin.pseudonym}/">' in history
    assert "Comparison retired by<bdi>ada</bdi>" in history
    assert "erin" not in page
    assert "alice" not in page
    assert maya.get(f"/campaigns/sums/people/{erin.pseudonym}/").status_code == 200


def test_a_verdict_names_who_settled_it(visiting: Visiting) -> None:
    scene = disagreed()
    scene.join(erin := person("erin"), role="expert")
    adjudicate(
        comparison=Comparison.objects.get(status="conflict"),
        winner="a",
        reason="True.",
        acting_user=erin,
        now=scene.now,
    )
    page = visiting(scene.maya).get(f"{PATH}verdicts/").content.decode()
    assert '<a href="/campaigns/sums/people/erin/"><bdi>erin</bdi></a>' in page
