"""The statistics page: its figures, and slices by its form."""

from typing import Any

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.queries.statistics import statistics
from tests.clients import Visiting
from tests.people import Stage, asks, stage

PATH = "/campaigns/sums/statistics/"


def judged() -> Stage:
    scene = stage(overlap=2)
    drafts = [
        ComparisonDraft(
            prompt=asks(f"Question {number}?"),
            first=CompletionDraft(f"A long answer to question {number}.", model_version="v1", seed=1),
            second=CompletionDraft(f"Short {number}.", model_version="base", seed=2),
        )
        for number in range(20)
    ]
    scene.add(drafts)
    for user in (scene.alice, scene.bob):
        for number in range(20):
            scene.wait(30)
            winner = "b" if user == scene.bob and number % 4 == 0 else "ab"[number % 2]
            scene.vote(scene.given(user), winner, seconds=float(number))
    return scene


def rows(context: Any) -> dict[str, Any]:
    return {row.key: row for name in ("agreement", "noise", "bias", "speed") for row in context[name].rows}


def test_a_lead_sees_every_figure_with_its_interval_beside_the_published_ones(visiting: Visiting) -> None:
    scene = judged()
    page = visiting(scene.maya).get(PATH)
    figure_rows, html = rows(page.context), page.content.decode()
    expected = statistics(scene.campaign, now=scene.now)
    assert figure_rows["with-ties"].estimate == expected.agreement.percent_with_ties
    assert figure_rows["with-ties"].interval in html
    assert figure_rows["median"].estimate == expected.speed.median
    assert "AlpacaEval&#x27;s annotators" in html
    assert "InstructGPT" in html
    links = html.count('<a href="/campaigns/sums/people/alice/"><bdi>alice</bdi></a>')
    assert links == 6  # the table, three rows of the confusion, and both sides of the matrix
    assert [figure.name for _, _, figure in page.context["models"]] == [
        row.model for row in page.context["ranking"].models
    ]


def test_the_form_slices_and_keeps_what_was_asked(visiting: Visiting) -> None:
    scene = judged()
    maya = visiting(scene.maya)
    page = maya.get(PATH, {"annotator": scene.alice.pseudonym, "length_controlled": "on"})
    assert [row.annotator for _name, row, *_ in page.context["annotators"]] == [scene.alice.pseudonym]
    assert "at equal length" in page.content.decode()
    assert f'<option value="{scene.alice.pseudonym}" selected>' in page.content.decode()
    assert maya.get(PATH, {"last_day": "2026-03-01"}).context["annotators"] == []
    assert len(maya.get(PATH, {"since": "2026-03-02", "last_day": "2026-03-02"}).context["annotators"]) == 2


def test_a_form_that_makes_no_sense_shows_everything_and_says_so(visiting: Visiting) -> None:
    page = visiting(judged().maya).get(PATH, {"annotator": "nobody", "since": "soon"})
    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {"annotator", "since"}
    assert len(page.context["annotators"]) == 2


def test_a_campaign_without_judgments_says_so_once(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    maya = visiting(scene.maya)
    html = maya.get(PATH).content.decode()
    assert "Nothing of this selection has been judged." in html
    assert "yet" not in html.partition('data-testid="no-figures"')[2].replace("No figures yet", "")
    scene.vote(scene.given(scene.crowd(1, is_simulated=True)[0]), "a")
    html = maya.get(f"{PATH}?recount").content.decode()
    assert "Nobody but simulated annotators has judged here." in html
    assert 'href="?include_simulated=on"' in html
    assert 'data-testid="agreement"' in maya.get(f"{PATH}?include_simulated=on").content.decode()


def test_names_of_models_are_shown_as_text(visiting: Visiting) -> None:
    scene = stage(overlap=1)
    hostile = "<script>alert(1)</script>"
    scene.add(
        [
            ComparisonDraft(
                prompt=asks("Hm?"),
                first=CompletionDraft("One.", model_version=hostile),
                second=CompletionDraft("Two.", model_version="base"),
            )
        ]
    )
    scene.vote(scene.given(scene.alice), "a")
    html = visiting(scene.maya).get(PATH).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
