"""The turns of a rehearsal, from rows: the schedule and the gate decide, the rehearsal only plays the people."""

import pytest

from labeling.exchange import messages_hash
from labeling.models import Campaign, Event, User
from labeling.queries.verdicts import standing_verdicts
from tests.training.gates_by_people import voting_gate
from tests.training.jobs.scripted import Scripted
from tests.training.rehearsal.staged import LONG, SHORT, clock, judge_all, rehearsal, trained, write_pairs
from training.actions.generation import start_generation
from training.actions.round_plans import save_round_plan
from training.actions.runs import RunSpec, start_run
from training.actions.versions import promote
from training.errors import OnlyRehearsed
from training.models import Deployment, GateDecision, GenerationJob, ModelVersion, RehearsalCampaign, Round, RoundPlan
from training.queries.rehearsals import channel_of
from training.queries.retraining import rules_without_time
from training.queries.round_costs import plan_of
from training.queries.round_targets import serving_figure, target_figure
from training.queries.schedule import waits_for_agreement
from training.queries.serving import serving_version
from training.rehearsal.events import events_since
from training.rehearsal.figures import verdict_accuracy
from training.rehearsal.loop import Rehearsal, Turn
from training.rehearsal.voting import ask_people, awaits_people_only, gate_report, vote_in

pytestmark = pytest.mark.django_db


def before_people(made: Rehearsal, number: int = 1) -> tuple[Turn, GateDecision, ModelVersion]:
    """A turn whose version meets the gate but for its people."""
    write_pairs(made)
    turn = Turn(made, number)
    judge_all(made.annotators, made)
    run, version = trained(made, turn, f"rehearsed-v{number}")
    return turn, turn._ask_gate(run), version


def after_people(made: Rehearsal, turn: Turn, version: ModelVersion, *, is_brief: bool) -> GateDecision:
    gate = voting_gate(
        made.campaign, version, serving_version(made.channel), candidate_is_brief=is_brief, votes_per_prompt=3
    )
    vote_in(gate, made.annotators, clock=clock)
    assert version.run is not None
    return turn._ask_gate(version.run)


def test_the_schedule_trains_and_only_the_gate_by_people_promotes(base: ModelVersion) -> None:
    made = rehearsal(base)
    turn, held, version = before_people(made)

    assert awaits_people_only(held)
    assert serving_version(made.channel) == base

    decision = after_people(made, turn, version, is_brief=True)
    assert decision.outcome == "passed"
    assert decision.people_gate is not None
    assert gate_report(decision.people_gate)["simulated"] == decision.people_gate.figures["cast"] > 0
    assert serving_version(made.channel) == version
    assert serving_version() == base
    assert Round.objects.get(campaign=made.campaign).outcome == "promoted"
    promoted = Event.objects.get(campaign=made.campaign, verb="version.promoted")
    assert promoted.actor is None  # nobody did it by hand
    assert promoted.after["deployment"] == Deployment.objects.get(channel=made.channel, version=version).pk

    later = Turn(made, 2)
    assert later._consider() is None  # it has the new version write the pairs of the next round
    job = GenerationJob.objects.get(campaign=made.campaign)
    assert job.round is not None
    assert (job.round.number, list(job.versions.all()), job.channel) == (2, [version], made.channel)
    assert job.seed == later._seed()


def test_the_annotators_vote_on_what_both_versions_wrote_for_the_held_prompts(base: ModelVersion) -> None:
    made = rehearsal(base, held=0.5)
    _turn, _held, version = before_people(made)
    script = Scripted(
        lambda request, before: f"{SHORT if script.version == version.name else LONG} {request.seed % 97}"
    )

    gate = ask_people(made.rehearsed, version, made.annotators, clock=clock, source_of=script.source)

    assert (gate.status, gate.votes_per_prompt, gate.opened_by) == ("better", 3, made.lead)
    assert gate.figures["simulated"] == gate.figures["cast"] < 3 * len(made.yardstick.prompts)
    assert {pair.prompt.messages_hash for pair in gate.pairs.select_related("prompt")} <= {
        messages_hash(prompt) for prompt in made.yardstick.prompts
    }


def test_a_version_that_people_like_less_is_held_back_with_the_reason(base: ModelVersion) -> None:
    made = rehearsal(base)
    turn, _held, version = before_people(made)

    decision = after_people(made, turn, version, is_brief=False)

    assert not decision.is_promoted
    gate = made.campaign.people_gates.get()
    report = turn._gate(decision, gate, version)
    assert (report["promoted"], report["people"]["status"]) == (False, "not_worth")
    assert report["reason"].startswith("Held back: ")
    assert report["people"]["reason"] in report["reason"]
    assert serving_version(made.channel) == base
    verbs = [event["verb"] for event in events_since(made.campaign, 0)]
    assert {"gate.held_back", "gate.people_decided"} <= set(verbs)
    assert "version.promoted" not in verbs


def test_people_are_not_asked_about_a_version_that_its_figures_hold_back(base: ModelVersion) -> None:
    made = rehearsal(base)
    write_pairs(made)
    judge_all(made.annotators, made)
    turn = Turn(made, 1)
    run, _version = trained(made, turn, "rehearsed-v1", accuracy=0.4, accuracy_low=0.3)

    assert not awaits_people_only(turn._ask_gate(run))


def test_a_poisoned_crowd_decides_the_first_pairs_and_is_left_out_once_it_is_found(base: ModelVersion) -> None:
    made = rehearsal(base, poison=1, poisoned_labels=9)
    pairs = write_pairs(made)
    turn = Turn(made, 1)
    turn._poison()
    judge_all(made.annotators, made)

    assert turn.poisoned == 9
    assert turn.judgments == 3 * 9
    assert standing_verdicts(made.campaign).count() == len(pairs)
    figures = verdict_accuracy(made.campaign, made.plan.rule)
    assert figures["value"] == pytest.approx(1 - 9 / len(pairs))
    crowd = User.objects.filter(username__startswith="rehearsal-poisoned")
    assert all(person.is_simulated for person in crowd)
    assert not made.campaign.memberships.filter(user__in=crowd).exists()  # and so no vote in a gate is theirs

    turn._leave_out_crowd()
    run, _version = trained(made, turn, "rehearsed-v1")
    assert run.snapshot.train_pairs + run.snapshot.test_pairs == len(pairs) - 9


def test_the_lead_who_rolls_back_pauses_the_schedule_and_resumes_it(base: ModelVersion) -> None:
    made = rehearsal(base)
    said: list[str] = []
    made.say = said.append
    turn, _held, version = before_people(made)
    after_people(made, turn, version, is_brief=True)

    turn._regret()

    assert said == ["round 1: Paused until a lead resumes it: rehearsed-v1 was rolled back."]
    assert serving_version(made.channel) == base
    made.rule.refresh_from_db()
    assert made.rule.paused_at is None
    verbs = ["version.rolled_back", "retraining_rule.paused", "retraining_rule.resumed"]
    events = [event for event in events_since(made.campaign, 0) if event["verb"] in verbs]
    assert {event["verb"] for event in events} == set(verbs)
    assert {event["by"] for event in events} == {made.lead.username}


def test_annotators_of_several_error_rates_take_theirs_in_turn(base: ModelVersion) -> None:
    made = rehearsal(base, error_rates=(0.0, 1.0), overlap=3)

    assert [one.error_rate for one in made.annotators] == [0.0, 1.0, 0.0]
    assert RehearsalCampaign.objects.get(campaign=made.campaign).plan["error_rates"] == [0.0, 1.0]


# --- Exceptions that only a rehearsal has ---


def test_agreement_of_simulated_annotators_counts_in_a_rehearsal_only(base: ModelVersion) -> None:
    made = rehearsal(base)
    write_pairs(made)
    judge_all(made.annotators, made)
    save_round_plan(campaign=made.campaign, values={"min_agreement": 0.9}, acting_user=made.lead, now=clock())
    plan = plan_of(made.campaign)

    assert not waits_for_agreement(plan)
    made.rehearsed.delete()  # as in a campaign of people
    assert waits_for_agreement(plan)


def test_a_target_is_reached_by_simulated_votes_in_a_rehearsal_only(base: ModelVersion) -> None:
    made = rehearsal(base)
    turn, _held, version = before_people(made)
    after_people(made, turn, version, is_brief=True)

    figure = serving_figure(plan_of(made.campaign))
    assert figure is not None
    assert (figure.version, figure.base) == (version.name, base.name)
    made.rehearsed.delete()  # as in a campaign of people
    assert target_figure(version, RoundPlan.TargetBy.PEOPLE, made.campaign) is None


def test_a_version_of_a_rehearsal_serves_nobody_else(base: ModelVersion) -> None:
    made = rehearsal(base)
    _turn, _held, version = before_people(made)

    with pytest.raises(OnlyRehearsed, match="simulated annotators"):
        promote(version=version, acting_user=None, now=clock())
    assert serving_version() == base


def test_no_version_for_people_is_trained_from_one_of_a_rehearsal(base: ModelVersion, labeled: Campaign) -> None:
    made = rehearsal(base)
    _turn, _held, version = before_people(made)

    with pytest.raises(OnlyRehearsed, match="simulated annotators"):
        start_run(campaign=labeled, acting_user=None, now=clock(), spec=RunSpec(parent=version))


def test_beat_and_other_campaigns_leave_a_rehearsal_alone(base: ModelVersion, campaign: Campaign) -> None:
    made = rehearsal(base)

    assert made.rule.enabled
    assert not rules_without_time().exists()
    assert (channel_of(made.campaign), channel_of(campaign)) == (made.campaign.slug, "default")
    job = start_generation(campaign=campaign, acting_user=None, now=clock())
    own = start_generation(campaign=made.campaign, acting_user=made.lead, now=clock(), hand_to_worker=False)
    assert (job.channel, own.channel) == ("default", made.channel)
