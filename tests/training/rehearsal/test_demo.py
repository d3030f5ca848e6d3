"""Simulated annotators in the demo: marked, wrong now and then, and named wherever their labels lead."""

import json
from pathlib import Path

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.actions.exports import export_campaign
from labeling.models import Campaign, Judgment, User
from labeling.queries.agreement import agreement
from labeling.queries.progress import campaign_progress
from tests.training.commands import output_of
from tests.training.conftest import NOW, add_written_pairs
from training.actions.runs import start_run
from training.actions.versions import register_version
from training.models import JobStatus
from training.rehearsal.demo import NotADemo, is_being_written, simulate_judgments

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(demo: list[str]) -> Campaign:
    """The demo with a written pair for each prompt, in place of those that its generation would write."""
    campaign = Campaign.objects.get(slug="demo")
    campaign.generation_jobs.update(status=JobStatus.FINISHED)
    add_written_pairs(campaign)
    return campaign


def test_simulated_annotators_judge_every_open_pair_and_are_marked(campaign: Campaign) -> None:
    judged = simulate_judgments(campaign=campaign, acting_user=None, now=NOW)

    progress = campaign_progress(campaign, now=NOW)
    assert progress.open == 0
    assert judged >= progress.judgments_wanted
    assert not Judgment.objects.filter(annotator__is_simulated=False).exists()
    assert simulate_judgments(campaign=campaign, acting_user=None, now=NOW) == 0


def test_practice_pairs_are_neither_judged_nor_exported(campaign: Campaign) -> None:
    practice = campaign.comparisons.filter(status="practice")
    texts = {text for one in practice for text in (one.completion_a.text, one.completion_b.text)}
    assert len(texts) == 6
    candidates = [
        ComparisonDraft(one.prompt, CompletionDraft("a cat"), CompletionDraft("a dog"), preference="first")
        for one in practice
    ]
    add_comparisons(campaign=campaign, drafts=candidates, source="test", acting_user=None, now=NOW)
    simulate_judgments(campaign=campaign, acting_user=None, now=NOW)
    assert not Judgment.objects.filter(comparison__in=practice).exists()
    lines = b"".join(export_campaign(campaign=campaign, dialect="trl", acting_user=None, now=NOW).pieces).splitlines()
    exported = {json.loads(line)[side][0]["content"] for line in lines for side in ("chosen", "rejected")}
    assert exported >= {"a cat", "a dog"}
    assert not exported & texts


def test_part_of_the_pairs_is_judged_twice_so_that_agreement_is_known(campaign: Campaign) -> None:
    pairs = campaign.comparisons.exclude(status__in=("gold", "practice"))
    twice = pairs.filter(overlap=2).count()
    assert 0.15 * pairs.count() < twice < 0.45 * pairs.count()
    simulate_judgments(campaign=campaign, acting_user=None, now=NOW)
    assert agreement(campaign, include_simulated=True).percent_with_ties.comparisons == twice
    assert agreement(campaign).percent_with_ties.comparisons == 0  # no person has judged


def test_a_version_that_was_trained_on_them_says_so(campaign: Campaign) -> None:
    simulate_judgments(campaign=campaign, acting_user=None, now=NOW)
    drafts = [
        ComparisonDraft(prompt, CompletionDraft("a cat"), CompletionDraft("a cat, a dog, and more"), preference="first")
        for prompt in campaign.prompts.order_by("pk")[:20]
    ]
    add_comparisons(campaign=campaign, drafts=drafts, source="test", acting_user=None, now=NOW)
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    adapter = Path(run.directory) / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text("{}")

    version = register_version(run=run, adapter=adapter, metrics={}, now=NOW)

    assert (run.snapshot.simulated, version.simulated, run.parent.simulated) == (True, True, False)


def test_only_the_demo_can_be_judged_by_them(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(status="paused")
    campaign.refresh_from_db()
    with pytest.raises(NotADemo):
        simulate_judgments(campaign=campaign, acting_user=None, now=NOW)
    Campaign.objects.filter(pk=campaign.pk).update(status="active", slug="another")
    campaign.refresh_from_db()
    with pytest.raises(NotADemo):
        simulate_judgments(campaign=campaign, acting_user=User.objects.get(username="lead"), now=NOW)


def test_the_command_fills_the_demo(campaign: Campaign) -> None:
    assert not is_being_written(campaign)
    assert output_of("demo", "--simulate").endswith("judgments by simulated annotators.")
    assert campaign_progress(campaign).open == 0
