"""The pages of a blind test offer no act that it refuses, and say why."""

import pytest

from labeling.actions.blind_tests import end_blind_test
from labeling.models import Comparison
from tests.clients import Visiting, text_of
from tests.labeling.actions.test_blind_tests import blind_test_of
from tests.people import NOON, Stage, stage

pytestmark = pytest.mark.django_db

WHY = "The pairs of a blind test stay as they are: a change could bend its result."
ACTS = (
    'value="retire"',
    'value="restore"',
    'value="relabel"',
    'value="ask_again"',
    'value="prioritise"',
    'value="normal"',
    'data-testid="to-mark"',
    'data-testid="mark"',
    'data-testid="practice-import"',
    'data-testid="import-form"',
    'data-testid="decision"',
    "Import a file",
    "Generate pairs",
    "Review flag",
)
"""What a page has of each act."""


@pytest.fixture
def scene() -> Stage:
    """Three pairs in three states, so that their pages offer all acts."""
    scene = stage(comparisons=3)
    _three_states(scene)
    return scene


def _three_states(scene: Stage) -> None:
    pairs = scene.campaign.comparisons.order_by("pk")
    for one, status in zip(pairs, ("conflict", "retired", "flagged"), strict=True):
        Comparison.objects.filter(pk=one.pk).update(status=status)


def all_pages(visiting: Visiting, scene: Stage) -> dict[str, str]:
    """The pages with acts on pairs, each with its text, by their addresses."""
    pairs = [f"comparisons/{one.pk}/" for one in scene.campaign.comparisons.all()]
    prompts = [f"prompts/{one.pk}/" for one in scene.campaign.prompts.all()]
    marks = [f"practice/{one.pk}/" for one in scene.campaign.comparisons.all()[:1]]
    lists = ["comparisons/", "prompts/", "practice/", "flags/", "data/", "comparisons/?text=none", "prompts/?text=none"]
    maya = visiting(scene.maya)
    return {one: text_of(maya, f"/campaigns/{scene.campaign.slug}/{one}") for one in [*lists, *pairs, *prompts, *marks]}


def test_pages_of_a_blind_test_offer_no_refused_act_and_say_why(visiting: Visiting, scene: Stage) -> None:
    blind_test_of(scene)
    _three_states(scene)
    for address, text in all_pages(visiting, scene).items():
        assert not [act for act in ACTS if act in text], address
        assert WHY in text, address


def test_a_blind_test_still_exports_its_pairs(visiting: Visiting, scene: Stage) -> None:
    blind_test_of(scene)
    pages = all_pages(visiting, scene)
    assert 'value="export"' in pages["comparisons/"]
    assert 'name="pk"' in pages["comparisons/"]
    assert 'name="pk"' not in pages["prompts/"], "Nothing can be done with the ticks."


def test_flags_of_a_blind_test_can_be_reviewed_once_it_is_over(visiting: Visiting, scene: Stage) -> None:
    blind_test_of(scene)
    _three_states(scene)
    assert "Flags of a blind test are reviewed once it is over." in all_pages(visiting, scene)["flags/"]
    end_blind_test(campaign=scene.campaign, acting_user=None, now=NOON)
    pages = all_pages(visiting, scene)
    assert 'data-testid="decision"' in pages["flags/"]
    assert any("Review flag" in text for text in pages.values())


def test_other_campaigns_offer_all_of_them(visiting: Visiting, scene: Stage) -> None:
    pages = all_pages(visiting, scene)
    offered = {act for act in ACTS if any(act in text for text in pages.values())}
    assert set(ACTS) - offered <= {"Import a file"}, "Only an empty list has that one."
    assert not any(WHY in text for text in pages.values())
