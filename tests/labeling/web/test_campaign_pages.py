"""The links at the head of a campaign's pages."""

import pytest
from django.urls import reverse

from labeling.web.campaign_pages import GROUPS
from tests.clients import Visiting, text_of
from tests.labeling.practising import mark
from tests.people import stage

PAGES = [name for _, pages in GROUPS for name, _ in pages if len(pages) > 1]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_the_current_one_in_its_group(visiting: Visiting, name: str) -> None:
    scene = stage(comparisons=1)
    address = reverse(name, args=[scene.campaign.slug])
    page = text_of(visiting(scene.maya), address)
    assert f'<a href="{address}" aria-current="page" data-testid="tab-{name}">' in page
    assert page.count('data-testid="tab-') == next(len(pages) for _, pages in GROUPS if name in dict(pages))


def test_the_mark_of_a_practice_pair_belongs_to_practice(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    one = mark(scene, 1)[0]
    page = text_of(visiting(scene.maya), reverse("practice_pair", args=[scene.campaign.slug, one.pk]))
    assert 'aria-current="page" data-testid="tab-practice">' in page
