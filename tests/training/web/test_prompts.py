"""Generating for chosen prompts: what stands in the way is said before the form is filled in."""

from labeling.models import Comparison
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import stage
from tests.training.web.pages import quiet

ADDRESS = "/campaigns/sums/prompts/generate/"


def test_while_a_job_writes_no_form_is_shown_and_the_list_stays_as_it_was(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    sent = {"scope": "all", "filter": "text=plus", "view": "text=plus&order=oldest"}
    answer = visiting(on_stage.maya).post(ADDRESS, sent, follow=True)
    assert answer.redirect_chain[-1][0] == "/campaigns/sums/prompts/?text=plus&order=oldest"
    assert "Candidate pairs are already being written" in answer.content.decode()


def test_prompts_with_a_known_answer_only_are_not_among_those_asked_about(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    Comparison.objects.filter(pk=Comparison.objects.order_by("pk")[0].pk).update(status="gold")
    page = visiting(on_stage.maya).post(ADDRESS, {"scope": "all"}).content.decode()
    assert "2 prompts" in " ".join(page.split())
    assert "only for gold, practice or qualification" in page
