"""Earlier addresses still lead somewhere."""

from tests.clients import Visiting
from tests.people import stage


def test_the_old_address_of_retraining_sends_its_form_on(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    answer = maya.post("/campaigns/sums/policy/", {"min_fresh_verdicts": 10})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/campaigns/sums/retraining/")
