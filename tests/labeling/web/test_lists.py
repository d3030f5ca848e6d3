"""The lists of prompts and comparisons, and the page of a prompt."""

import pytest

from labeling.actions.curation import make_gold
from labeling.models import Comparison, Verdict
from tests.clients import Visiting, text_of
from tests.markup import tight
from tests.people import Stage, asks, pair, stage


def test_prompts_can_be_searched_and_opened(visiting: Visiting) -> None:
    scene = stage(comparisons=3)
    maya = visiting(scene.maya)
    page = text_of(maya, "/campaigns/sums/prompts/?text=is+1+plus")
    assert "What is 1 plus one?" in page
    assert "What is 2 plus one?" not in page
    assert "1 matches." in page
    one = Comparison.objects.earliest("pk")
    page = text_of(maya, f"/campaigns/sums/prompts/{one.prompt_id}/")
    assert "It is 1." in page
    assert f"/campaigns/sums/comparisons/{one.pk}/" in page


def test_the_next_page_keeps_the_filter_and_the_order(visiting: Visiting) -> None:
    scene = stage(comparisons=51)
    maya = visiting(scene.maya)
    page = text_of(maya, "/campaigns/sums/comparisons/?status=open&order=oldest")
    assert page.count('name="pk"') == 50
    older = page.split('data-testid="older"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "status=open" in older
    assert "order=oldest" in older
    last = text_of(maya, f"/campaigns/sums/comparisons/{older}")
    assert last.count('name="pk"') == 1
    assert f'value="{Comparison.objects.latest("pk").pk}"' in last
    assert 'href="?status=open&amp;order=newest#rows"' in last, "Another order starts at its first page."


@pytest.mark.parametrize(
    ("target", "up", "down"),
    [
        ("comparisons", "least_judged", "most_judged"),
        ("comparisons", "least_certain", "most_certain"),
        ("comparisons", "oldest", "newest"),
        ("prompts", "least_compared", "most_compared"),
        ("prompts", "oldest", "newest"),
    ],
)
def test_a_heading_sorts_the_list_both_ways_and_keeps_the_filter(
    visiting: Visiting, target: str, up: str, down: str
) -> None:
    scene = stage(comparisons=3)
    scene.settle(["a", "b"])
    maya, path = visiting(scene.maya), f"/campaigns/sums/{target}/"
    for order, other, direction in ((down, up, "descending"), (up, down, "ascending")):
        page = tight(text_of(maya, f"{path}?text=plus&order={order}"))
        assert page.count("aria-sort=") == page.count(f'aria-sort="{direction}"') == 1
        link = page.split(f'data-testid="sort-{other}"')[0].rsplit('href="', 1)[1].split('"')[0]
        assert link == f"?text=plus&amp;order={other}#rows"
        assert page.count('name="pk"') == 3
    assert 'aria-sort="descending"' in text_of(maya, path), "Newest first, unless something else is asked for."


def test_prompts_have_the_filters_of_their_comparisons(visiting: Visiting) -> None:
    scene = stage(comparisons=3)
    sure, _ = scene.settle(["a", "b"])
    Verdict.objects.filter(comparison=sure).update(confidence=0.95)
    page = text_of(
        visiting(scene.maya), "/campaigns/sums/prompts/?confidence_at_least=90&annotator=" + scene.alice.pseudonym
    )
    assert "1 matches." in page
    assert f'name="pk" value="{sure.prompt_id}"' in page
    assert "Only flagged ones" in page


def test_a_wrong_filter_says_so_and_keeps_what_was_typed(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    page = text_of(visiting(scene.maya), "/campaigns/sums/comparisons/?text=plus&confidence_at_most=107")
    assert "less than or equal to 100" in page
    assert 'value="plus"' in page


def test_confidence_is_asked_for_in_percent_as_it_is_shown(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    sure, unsure = scene.settle(["a", "b"])
    Verdict.objects.filter(comparison=sure).update(confidence=0.95)
    page = text_of(visiting(scene.maya), "/campaigns/sums/comparisons/?confidence_at_least=90")
    assert "95.0 %" in page
    assert f'name="pk" value="{sure.pk}"' in page
    assert f'name="pk" value="{unsure.pk}"' not in page


@pytest.mark.parametrize("target", ["prompts", "comparisons"])
@pytest.mark.parametrize("query", ["since=2026-13-45", "act=abc", "order=zzz"])
def test_a_wrong_filter_shows_no_rows_and_offers_no_acts(visiting: Visiting, target: str, query: str) -> None:
    scene = stage(comparisons=2)
    response = visiting(scene.maya).get(f"/campaigns/sums/{target}/?{query}")
    page = response.content.decode()
    assert response.context["form"].errors
    assert "errorlist" in page
    for name in ("rows-form", "row-count", "no-rows"):
        assert f'data-testid="{name}"' not in page


def test_a_wrong_hidden_field_is_named_and_not_sent_again(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    page = text_of(visiting(scene.maya), "/campaigns/sums/comparisons/?act=abc&prompt=x&text=plus")
    assert "Bulk action: Enter a whole number." in page
    assert "Prompt: Enter a whole number." in page
    assert 'type="hidden" name="act"' not in page


def test_hostile_texts_are_shown_as_text(visiting: Visiting) -> None:
    scene: Stage = stage()
    hostile = "<script>alert(1)</script>"
    scene.add([type(pair())(prompt=asks(hostile), first=pair(1).first, second=pair(2).second)])
    maya = visiting(scene.maya)
    for address in ("prompts/", "comparisons/", f"prompts/{Comparison.objects.get().prompt_id}/"):
        assert hostile not in text_of(maya, f"/campaigns/sums/{address}")


def test_an_empty_campaign_leads_to_the_import(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    assert "No prompts yet" in text_of(maya, "/campaigns/sums/prompts/")
    assert "No comparisons yet" in text_of(maya, "/campaigns/sums/comparisons/")
    assert "Nothing matches" in text_of(maya, "/campaigns/sums/comparisons/?text=x")


def test_the_list_says_how_many_of_its_comparisons_count(visiting: Visiting) -> None:
    scene = stage(comparisons=4)
    maya = visiting(scene.maya)
    assert 'data-testid="counted"' not in text_of(maya, "/campaigns/sums/comparisons/")
    make_gold(comparison=scene.campaign.comparisons.earliest("pk"), winner="a", acting_user=scene.maya, now=scene.now)
    assert "3 of them count for verdicts." in text_of(maya, "/campaigns/sums/comparisons/")
    assert 'data-testid="counted"' not in text_of(maya, "/campaigns/sums/comparisons/?status=gold")
