"""Practice pairs on the lead's pages."""

from django.core.files.uploadedfile import SimpleUploadedFile

from labeling.actions.curation import make_gold
from labeling.models import Event, PracticePair
from tests.clients import Visiting, text_of
from tests.labeling.practising import QUALIFICATION, mark
from tests.people import stage

PRACTICE_PAGE = "/campaigns/sums/practice/"


def test_gold_offers_its_answer_and_reason_for_practice(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    gold = scene.campaign.comparisons.get()
    make_gold(comparison=gold, winner="b", reason="It is shorter.", acting_user=scene.maya, now=scene.now)
    maya = visiting(scene.maya)
    assert f"{PRACTICE_PAGE}{gold.pk}/" in text_of(maya, PRACTICE_PAGE)
    page = text_of(maya, f"{PRACTICE_PAGE}{gold.pk}/")
    assert "It is shorter." in page
    assert '<option value="b" selected>' in page


def test_a_refused_mark_loses_nothing_that_was_typed(visiting: Visiting) -> None:
    scene = stage(comparisons=1, allow_tie=False)
    path = f"{PRACTICE_PAGE}{scene.campaign.comparisons.get().pk}/"
    form = {"winner": "tie", "use": QUALIFICATION, "explanation": "Both are so."}
    page = visiting(scene.maya).post(path, form).content.decode()
    assert "cannot give this answer" in page
    assert "Both are so." in page
    assert not PracticePair.objects.exists()


def test_a_pair_is_taken_out_and_its_answer_stays_in_the_log(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    one = mark(scene, 1)[0]
    visiting(scene.maya).post(f"{PRACTICE_PAGE}{one.pk}/remove/")
    assert not PracticePair.objects.exists()
    assert Event.objects.get(verb="comparison.unmade_practice").before["practice"] == "a"


def test_a_file_that_cannot_be_read_is_explained(visiting: Visiting) -> None:
    scene = stage()
    upload = SimpleUploadedFile("pairs.jsonl", b'{"question": "?"}')
    page = visiting(scene.maya).post(PRACTICE_PAGE, {"file": upload, "use": "practice"}).content.decode()
    assert "dialect" in page
