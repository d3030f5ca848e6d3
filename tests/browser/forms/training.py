"""The loop, runs, versions and evaluations."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.comparisons import add_comparisons
from labeling.models import Grouping
from tests.browser.evaluations import unfinished_evaluation
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.browser.furnished import real_snapshot
from tests.browser.groups import grouping_of, search_for_groups
from tests.browser.price import price_job_of
from tests.browser.selection import choice_of, trial_of
from tests.people import NOON, pair
from tests.training.gates_by_people import hold
from training.actions.snapshots import take_snapshot
from training.actions.versions import register_base_version
from training.models import (
    ACTIVE_STATUSES,
    EvaluationJob,
    GroupJob,
    JobStatus,
    PriceJob,
    RetrainingRule,
    Round,
    Run,
    SelectionJob,
    SelectionTrial,
    Snapshot,
)

CAMPAIGN = "/campaigns/sums/"


def _busy(world: World) -> None:
    world.idle()
    Run.objects.filter(pk=world.furnished.running.pk).update(status="running")


def _stopped(world: World) -> None:
    world.idle()
    Run.objects.filter(pk=world.furnished.running.pk).update(status="cancelled")


def _base(world: World) -> None:
    """A base version with files can be promoted."""
    register_base_version(
        name="tiny-base", directory=world.model_folder("tiny-base"), acting_user=None, now=world.stage.now
    )


def _failed_round(world: World) -> dict[str, Any]:
    """A round whose run was cancelled."""
    _stopped(world)
    Round.objects.filter(pk=world.furnished.round.pk).update(closed_at=None, outcome="")
    Run.objects.filter(pk=world.furnished.running.pk).update(round=world.furnished.round)
    return {"round": world.furnished.round.pk}


def _measured(world: World) -> None:
    """The learning curve is measured."""
    PriceJob.objects.all().delete()
    price_job_of(world.stage, world.furnished)


def _measurable(world: World) -> None:
    """The newest snapshot has pairs enough for a learning curve, and none is being measured."""
    PriceJob.objects.all().delete()
    newest = Snapshot.objects.filter(campaign=world.stage.campaign).order_by("-pk").first()
    if newest is not None:
        Snapshot.objects.filter(pk=newest.pk).update(train_pairs=40)


def _measuring(world: World) -> None:
    """A worker measures the learning curve."""
    PriceJob.objects.all().delete()
    price_job_of(world.stage, world.furnished, "running")


def _on_trial(world: World) -> None:
    """A trial of what to label next; nothing is being chosen."""
    SelectionJob.objects.all().delete()
    SelectionTrial.objects.all().delete()
    trial_of(world.stage, world.furnished)


def _choosing(world: World) -> None:
    """A worker chooses the next pairs."""
    _on_trial(world)
    choice_of(world.stage, world.furnished, "running")


def _no_groups(world: World) -> None:
    """Nobody has declared groups."""
    Grouping.objects.all().delete()


def _grouped(world: World) -> None:
    """Alice and Bob are in groups."""
    _no_groups(world)
    grouping_of(world.stage)


def _with_group_version(world: World) -> None:
    """A group has a version."""
    _no_groups(world)
    GroupJob.objects.all().delete()
    snapshot = world.furnished.finished.snapshot
    Snapshot.objects.filter(pk=snapshot.pk).update(group=grouping_of(world.stage).groups.get(name="North"))


def _searching(world: World) -> None:
    """A worker looks for groups."""
    GroupJob.objects.all().delete()
    search_for_groups(world.stage, "running", heartbeat_at=NOON, started_at=NOON)


def _found_groups(world: World) -> None:
    """A search has found groups."""
    _no_groups(world)
    GroupJob.objects.all().delete()
    search_for_groups(world.stage)


def _paused(world: World) -> None:
    """A rollback has paused automatic retraining."""
    now = world.stage.now
    paused = {"enabled": True, "paused_at": now, "pause": "sums-v2 was rolled back.", "updated_at": now}
    RetrainingRule.objects.update_or_create(campaign=world.stage.campaign, defaults=paused)


def _learned(world: World) -> None:
    """A snapshot holds pairs that Alice judged."""
    hold(world.stage.campaign, share=0.0)
    world.idle()
    take_snapshot(campaign=world.stage.campaign, acting_user=None, now=timezone.now())


def _snapshot(world: World) -> dict[str, object]:
    """A snapshot with files, and others to compare it with."""
    return {"snapshot": real_snapshot(world.furnished.finished).pk}


def _demo(world: World) -> None:
    """The demo campaign, with a pair that nobody has judged."""
    shared: dict[str, Any] = {"acting_user": world.stage.maya, "now": world.stage.now}
    demo = create_campaign(name="Demo", **shared)
    add_comparisons(campaign=demo, drafts=[pair(1)], source="test", **shared)
    change_campaign_status(campaign=demo, status="active", **shared)


def _evaluation(status: str) -> Callable[[World], dict[str, Any]]:
    """Puts an evaluation in that state into the world."""

    def arrange(world: World) -> dict[str, Any]:
        return {"evaluation": unfinished_evaluation(world.stage, world.furnished, status).pk}

    return arrange


def _not_being_measured(world: World) -> None:
    """No evaluation is under way: while one is, the page links to it instead."""
    EvaluationJob.objects.filter(status__in=ACTIVE_STATUSES).update(status=JobStatus.CANCELLED)


ENTRIES = (
    Entry(
        form="training/campaign/candidates_form.html",
        path=CAMPAIGN,
        arrange=World.idle,
        fill={"pairs_per_prompt": "2", "system_prompt": "Be brief."},
        sees="completions are being written",
        wrong={"temperature": "9", "strategy": "two_prompts", "other_system_prompt": "Be long."},
        complaint="less than or equal to 5",
    ),
    Entry(
        form="training/campaign/training_form.html",
        path=CAMPAIGN,
        arrange=World.idle,
        fill={"epochs": "2", "beta": "0.3", "learning_rate": "0.0001"},
        sees="has been queued",
        wrong={"epochs": "0"},
        complaint="greater than or equal to 1",
    ),
    Entry(
        form="training/campaign/simulate.html",
        path="/campaigns/demo/",
        arrange=_demo,
        sees="Simulated annotators are judging",
    ),
    Entry(
        form="training/campaign/retraining.html#2",
        path=CAMPAIGN,
        fill={
            "enabled": True,
            "min_fresh_verdicts": "60",
            "auto_promote": True,
            "kind": "weekly",
            "weekday": "5",
            "at": "04:30",
        },
        sees="Automatic retraining is on",
        wrong={"kind": "cron", "cron": "every night"},
        complaint="five fields",
    ),
    Entry(
        form="training/campaign/retraining.html",
        path=CAMPAIGN,
        arrange=_paused,
        press="Resume",
        sees="Automatic retraining is on again",
    ),
    Entry(
        form="training/rounds/plan.html",
        path=CAMPAIGN + "rounds/",
        fill={
            "generates": True,
            "start_from": "newest",
            "quiet_from": "22:00",
            "quiet_until": "07:00",
            "human_hour": "24",
            "currency": "EUR",
            "target": "65",
            "canary": "10",
            "watch_pairs": "50",
        },
        sees="The plan of the rounds was saved",
        wrong={"time_zone": "Berlin"},
        complaint="There is no time zone",
    ),
    Entry(
        form="training/groups/declare.html",
        path=CAMPAIGN + "groups/?new",
        arrange=_no_groups,
        fill={"name": "Region", "group_alice": "North"},
        sees="Agreement in Region",
        wrong={"name": ""},
        complaint="This field is required",
    ),
    Entry(
        form="training/groups/agreement.html",
        path=CAMPAIGN + "groups/",
        arrange=_grouped,
        sees="The event log keeps its groups",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/groups/versions.html",
        path=CAMPAIGN + "groups/",
        arrange=_grouped,
        which=":has([name=group][value=North])",
        sees="A run of this campaign is active",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/groups/versions.html#2",
        path=CAMPAIGN + "groups/",
        arrange=_with_group_version,
        sees="A worker measures the versions of the groups",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/groups/search.html",
        path=CAMPAIGN + "groups/",
        arrange=_searching,
        press="Cancel",
        sees="It stops after its current step",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/groups/search.html#2",
        path=CAMPAIGN + "groups/",
        arrange=_found_groups,
        press="Declare these groups",
        sees="Agreement in Found groups",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/groups/search.html#3",
        path=CAMPAIGN + "groups/",
        arrange=_found_groups,
        press="Look for groups",
        sees="A search needs at least 4 annotators",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/price/ask.html",
        path=CAMPAIGN + "price/",
        arrange=_measured,
        fill={"votes": "400", "target": "70", "along": "minutes"},
        sees="Your question",
        wrong={"votes": "0"},
        complaint="greater than or equal to 1",
    ),
    Entry(
        form="training/price/measure.html#2",
        path=CAMPAIGN + "price/",
        arrange=_measurable,
        fill={"draws": "2", "minutes": "30"},
        sees="The learning curve is being measured",
        wrong={"draws": "99"},
        complaint="less than or equal to 12",
    ),
    Entry(
        form="training/price/measure.html",
        path=CAMPAIGN + "price/",
        arrange=_measuring,
        press="Cancel",
        sees="It stops after its current step",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/selection/shares.html",
        path=CAMPAIGN + "selection/",
        fill={"novelty": "30", "uncertainty": "20", "enough": "120"},
        sees="The trial is on",
        wrong={"enough": "5"},
        complaint="greater than or equal to 40",
    ),
    Entry(
        form="training/selection/job.html",
        path=CAMPAIGN + "selection/",
        arrange=_choosing,
        press="Cancel",
        sees="It stops after its current step",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/selection/job.html#2",
        path=CAMPAIGN + "selection/",
        arrange=_on_trial,
        press="Choose next pairs",
        sees="The next pairs are being chosen",
        never_refused="Its button only acts.",
    ),
    Entry(
        form="training/round/phase.html",
        path="/rounds/{round}/",
        arrange=_failed_round,
        press="Try again",
        sees="It continues from its last checkpoint",
    ),
    Entry(
        form="training/left_out/retrain.html",
        path=CAMPAIGN + "people/alice/training/",
        arrange=_learned,
        press="Retrain without them",
        sees="has been queued",
        never_refused="Its buttons only act.",
    ),
    Entry(
        form="training/parts/job/cancel.html",
        path="/runs/{running}/",
        arrange=_busy,
        sees="It stops after its current step",
    ),
    Entry(
        form="training/parts/job/resume.html",
        path="/runs/{running}/",
        arrange=_stopped,
        sees="It continues from its last checkpoint",
    ),
    Entry(
        form="training/compare.html",
        path="/versions/compare/?one=sums-v1&other=sums-v2",
        lands="one=",
        never_refused="It has lists.",
    ),
    Entry(
        form="training/compare/nothing_shared.html",
        path="/versions/compare/?one=sums-v1&other=sums-v2",
        arrange=World.idle,
        sees="completions are being written",
    ),
    Entry(
        form="training/compare_runs/picks.html",
        path="/runs/compare/",
        fill={"on": "progress"},
        lands="on=progress",
        never_refused="It has boxes and a list.",
    ),
    Entry(
        form="training/snapshot.html",
        path="/snapshots/{snapshot}/",
        arrange=_snapshot,
        sees="pairs are the same",
        lands="since=",
        never_refused="It has a list.",
    ),
    Entry(
        form="training/versions/compare_form.html",
        path="/versions/",
        lands="/versions/compare/",
        never_refused="It has lists.",
    ),
    Entry(
        form="training/promote.html",
        path="/versions/tiny-base/promote/",
        arrange=_base,
        press="Promote tiny-base",
        sees="tiny-base serves now",
    ),
    Entry(
        form="training/gate/standing.html",
        path="/versions/sums-v2/promote/",
        arrange=_not_being_measured,
        press="Measure again",
        sees="is being evaluated",
    ),
    Entry(
        form="training/version/reports.html",
        path="/versions/sums-v2/",
        press="Evaluate",
        sees="is being evaluated",
    ),
    Entry(
        form="training/evaluation/under_way.html",
        path="/evaluations/{evaluation}/",
        arrange=_evaluation("running"),
        press="Cancel",
        sees="It stops after its current step",
    ),
    Entry(
        form="training/evaluation/under_way.html#2",
        path="/evaluations/{evaluation}/",
        arrange=_evaluation("cancelled"),
        press="Resume",
        sees="It continues with the missing parts",
    ),
    Entry(
        form="training/evaluation/compare_form.html",
        path="/evaluations/{report}/",
        lands="/evaluations/compare/",
        never_refused="It has a list.",
    ),
    Entry(
        form="training/compare_evaluations/picks.html",
        path="/evaluations/compare/",
        lands="one=",
        never_refused="It has lists.",
    ),
)
