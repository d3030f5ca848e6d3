"""The loop without people, on the tiny model: what it does, not how well it learns."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign
from training.models import Deployment, GateDecision, ModelVersion, RehearsalCampaign
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db

QUICK = ("--set", "epochs=1", "--set", "dtype=float32", "--set", "lora_rank=2", "--set", "threads=1")
SMALL = ("--prompts", "36", "--pairs-per-prompt", "1", "--max-tokens", "8", "--samples", "2")


def test_a_round_runs_through_and_what_serves_is_not_touched(base: ModelVersion, settings: Any) -> None:
    settings.EVALUATION_PROMPTS = 0
    out = StringIO()

    call_command("rehearse", "--json", "--base", base.name, *SMALL, *QUICK, stdout=out)

    report = json.loads(out.getvalue())
    assert report["parent"] == base.name
    labels = report["labels"]
    assert labels["judgments"] == 3 * labels["comparisons"] > 0
    assert report["verdict_accuracy"]["value"] > 0.8
    assert report["evaluation"]["held_out"]["pairs"] == labels["test_pairs"] > 0
    assert report["evaluation"]["held_out"]["reference"] == base.name
    for side in ("base", "parent"):
        wins = report["win_rate"][side]
        assert wins["low"] <= wins["value"] <= wins["high"]
        assert wins["wins"] + wins["ties"] + wins["losses"] == wins["pairs"]
    assert report["reward"]["gold"]["value"] < 0  # hundreds of characters, negative
    reward = report["reward"]
    assert reward["proxy"]["value"] is not None
    assert reward["gold"]["pairs"] / 2 < reward["proxy"]["pairs"] <= reward["gold"]["pairs"]  # all but empty samples
    decision = GateDecision.objects.get(pk=report["gate"]["decision"])
    assert (decision.is_automatic, decision.version.name) == (True, report["version"])
    assert not report["gate"]["promoted"]  # a tiny model learns nothing in one epoch
    assert report["gate"]["reason"].startswith("Held back: ")
    assert {"generate", "label", "train", "evaluate", "measure", "total"} == set(report["seconds"])
    verbs = [event["verb"] for event in report["events"]]
    assert verbs.index("round.opened") < verbs.index("gate.held_back")
    assert report["agreement"]["alpha_nominal"]["value"] is not None
    assert serving_version() == base
    channel = RehearsalCampaign.objects.get(campaign__slug=report["campaign"]).channel
    assert [one.version for one in Deployment.objects.filter(channel=channel)] == [base]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_second_round_goes_on_from_the_first_and_its_poison_is_its_own(base: ModelVersion, settings: Any) -> None:
    settings.EVALUATION_PROMPTS = 0
    out = StringIO()

    call_command(
        *("rehearse", "--json", "--base", base.name, "--rounds", "2", "--poison", "2", "--poisoned-labels", "5"),
        *(*SMALL, *QUICK),
        stdout=out,
    )

    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["round"], second["round"]) == (1, 2)
    assert first["campaign"] == second["campaign"]
    assert (first["labels"]["poisoned"], second["labels"]["poisoned"]) == (0, 5)
    assert second["labels"]["comparisons"] > first["labels"]["comparisons"]
    learned = [report["labels"]["train_pairs"] + report["labels"]["test_pairs"] for report in (first, second)]
    assert learned[1] > learned[0]
    assert second["version"] != first["version"]
    opened = [[event["verb"] for event in report["events"]].count("round.opened") for report in (first, second)]
    assert opened == [1, 1]
    numbers = [event["event"] for report in (first, second) for event in report["events"]]
    assert len(set(numbers)) == len(numbers)
    assert "training.left_out" in {event["verb"] for event in second["events"]}  # held back: the crowd's labels go
    run = ModelVersion.objects.get(name=second["version"]).run
    assert run is not None
    assert run.round is not None
    assert (run.round.number, run.campaign.slug) == (2, second["campaign"])


def test_a_phase_that_fails_is_named(base: ModelVersion, db: None) -> None:
    ModelVersion.objects.filter(pk=base.pk).update(content_hash="0" * 64)

    with pytest.raises(CommandError, match="not those that were registered"):
        call_command("rehearse", "--base", base.name, *SMALL, stdout=StringIO())


def test_too_few_prompts_for_the_gates_are_refused_and_leave_no_campaign(base: ModelVersion) -> None:
    with pytest.raises(CommandError, match="Use more prompts"):
        call_command("rehearse", "--base", base.name, "--prompts", "6", stdout=StringIO())
    assert not Campaign.objects.exists()


def test_a_round_that_will_not_come_is_refused(base: ModelVersion) -> None:
    for name in ("--poison", "--regret"):
        with pytest.raises(CommandError, match="names round 5 of 3"):
            call_command("rehearse", "--base", base.name, "--rounds", "3", name, "5", stdout=StringIO())
