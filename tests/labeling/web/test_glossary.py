"""The glossary page: for anybody, in their language, linked from the foot of every page."""

from tests.clients import Visiting
from tests.people import stage


def test_anybody_reads_every_term_at_an_address_of_its_own(visiting: Visiting) -> None:
    page = visiting(None).get("/glossary/")
    assert page.status_code == 200
    html = page.content.decode()
    assert '<div id="reward_accuracy">' in html
    assert "Held-out accuracy" in html
    german = visiting(None).get("/glossary/", headers={"Accept-Language": "de"}).content.decode()
    assert "Verdrängte Wahrscheinlichkeit" in german


def test_every_page_leads_there(visiting: Visiting, db: None) -> None:
    scene = stage(comparisons=1)
    for user, path in ((None, "/login/"), (scene.maya, "/"), (scene.alice, "/campaigns/sums/annotate/")):
        assert 'href="/glossary/"' in visiting(user).get(path).content.decode()
    assert 'href="/glossary/"' not in visiting(scene.maya).get("/campaigns/sums/preview/").content.decode()
