"""The page of an evaluation, its file, two reports side by side, and who may see them."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError

from labeling.models import Event
from tests.browser.evaluations import evaluation_of, unfinished_evaluation
from tests.browser.furnished import Furnished, furnish
from tests.clients import Visiting
from tests.people import Stage, stage
from tests.training.commands import output_of
from training.models import EvaluationJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_stage() -> Stage:
    return stage(comparisons=3)


@pytest.fixture
def furnished(on_stage: Stage) -> Furnished:
    return furnish(on_stage)


def test_the_sentence_stands_on_top_and_every_section_has_its_figures(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    job = evaluation_of(on_stage, furnished)
    page = visiting(on_stage.maya).get(f"/evaluations/{job.pk}/").content.decode()
    assert str(job.reason).replace("'", "&#x27;") in page
    assert "Against it: one bias was exchanged for another." in page
    for name in ("held_out", "displacement", "drift", "samples", "reward", "labels"):
        assert f'data-testid="section-{name}"' in page
    assert "83.3 %" in page  # 60 of 72 pairs
    assert "Over the budget of 0.030" in page
    assert "One bias may have been exchanged for another. Less: Hedging." in page
    assert "Answer" not in page.partition("Show the texts")[0]
    assert "It is certainly 0." in page


def test_a_report_with_settings_of_its_own_says_that_gates_do_not_read_it(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    maya, note = visiting(on_stage.maya), "For information: gates do not read this evaluation."
    read = evaluation_of(on_stage, furnished)
    assert note not in maya.get(f"/evaluations/{read.pk}/").content.decode()
    asked = {"prompts": 0, "max_tokens": 64, "seed": 17, "for_gates": False}
    informs = evaluation_of(on_stage, furnished, settings=asked)
    assert note in maya.get(f"/evaluations/{informs.pk}/").content.decode()
    going = unfinished_evaluation(on_stage, furnished, "running", settings=asked)
    assert note in maya.get(f"/evaluations/{going.pk}/").content.decode()


def test_a_report_is_downloaded_verified_and_a_changed_one_is_found(
    on_stage: Stage, furnished: Furnished, visiting: Visiting, tmp_path: Path
) -> None:
    job = evaluation_of(on_stage, furnished)
    answer = visiting(on_stage.maya).get(f"/evaluations/{job.pk}/file/")
    assert answer["Content-Disposition"] == f'attachment; filename="evaluation-{job.pk}-sums-v2.json"'
    file = tmp_path / "report.json"
    file.write_bytes(answer.content)
    said = output_of("evaluate", "--verify", str(file))
    assert said.splitlines() == [str(job.reason), f"Evaluation {job.pk} of sums-v2 is as it was made."]

    whole = json.loads(answer.content)
    whole["report"]["finding"] = "better"
    file.write_text(json.dumps(whole))
    with pytest.raises(CommandError, match="was changed"):
        output_of("evaluate", "--verify", str(file))
    for wrong in ("{}", '{"report": {"reason": 5}, "sha256": ""}'):
        file.write_text(wrong)
        with pytest.raises(CommandError, match="is no report"):
            output_of("evaluate", "--verify", str(file))
    file.write_text(answer.content.decode().replace('"report": {', '"report": {}, "report": {', 1))
    with pytest.raises(CommandError, match="twice in one place"):
        output_of("evaluate", "--verify", str(file))
    file.write_bytes(answer.content)
    EvaluationJob.objects.filter(pk=job.pk).delete()
    with pytest.raises(CommandError, match="has no such evaluation"):
        output_of("evaluate", "--verify", str(file))


def test_two_reports_stand_side_by_side(on_stage: Stage, furnished: Furnished, visiting: Visiting) -> None:
    one, other = evaluation_of(on_stage, furnished, wrong=30), evaluation_of(on_stage, furnished)
    maya = visiting(on_stage.maya)
    page = maya.get(f"/evaluations/compare/?one={one.pk}&other={other.pk}").content.decode()
    assert page.index("58.3 %") < page.index("83.3 %")
    assert str(one.reason) in page
    assert str(other.reason) in page
    assert "different held-out pairs" not in page
    assert maya.get("/evaluations/compare/?one=999&other=1").status_code == 404


def test_without_reports_the_comparison_says_where_they_come_from(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    assert "No reports yet" in visiting(on_stage.maya).get("/evaluations/compare/").content.decode()


def test_one_under_way_is_cancelled_and_resumed_on_its_page(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    job, maya = unfinished_evaluation(on_stage, furnished, "running"), visiting(on_stage.maya)
    page = maya.post(f"/evaluations/{job.pk}/cancel/", follow=True).content.decode()
    assert "It stops after its current step." in page
    assert EvaluationJob.objects.get(pk=job.pk).status == "cancelling"
    EvaluationJob.objects.update(status="cancelled")
    page = maya.post(f"/evaluations/{job.pk}/resume/", follow=True).content.decode()
    assert "It continues with the missing parts." in page
    assert EvaluationJob.objects.get(pk=job.pk).status == "queued"
    verbs = Event.objects.filter(subject_type="evaluationjob").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["evaluation.cancel_requested", "evaluation.resumed"]


def test_a_failed_one_says_why(on_stage: Stage, furnished: Furnished, visiting: Visiting) -> None:
    job = unfinished_evaluation(on_stage, furnished, "failed", error="The disk is full: make room.")
    page = visiting(on_stage.maya).get(f"/evaluations/{job.pk}/").content.decode()
    assert "The disk is full: make room." in page


def test_the_versions_page_lists_reports_and_asks_for_another(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    job, maya = evaluation_of(on_stage, furnished), visiting(on_stage.maya)
    assert f"/evaluations/{job.pk}/" in maya.get("/versions/sums-v2/").content.decode()
    page = maya.post("/versions/sums-v2/measure/", {"back": "/versions/sums-v2/"}, follow=True).content.decode()
    assert "sums-v2 is being evaluated." in page
    newest = EvaluationJob.objects.latest("pk")
    assert (newest.status, newest.compared, newest.created_by) == ("queued", furnished.one, on_stage.maya)
    assert newest.settings == {"prompts": 24, "max_tokens": 64, "seed": 17, "for_gates": True}


def test_a_lead_of_another_campaign_sees_neither_page_nor_file(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    from labeling.actions.campaigns import create_campaign

    job, lead = evaluation_of(on_stage, furnished), on_stage.charlie
    lead.role = "lead"
    lead.save(update_fields=["role"])
    create_campaign(name="Charlie's", acting_user=lead, now=on_stage.now)
    charlie = visiting(lead)
    for path in (f"/evaluations/{job.pk}/", f"/evaluations/{job.pk}/file/", f"/api/v1/evaluations/{job.pk}/"):
        assert charlie.get(path).status_code == 404
    assert "No reports yet" in charlie.get("/evaluations/compare/").content.decode()
