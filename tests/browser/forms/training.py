"""Versions, runs, generation, automatic retraining, the lens, the lab and the playground."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.comparisons import add_comparisons
from tests.browser.evaluations import unfinished_evaluation
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.browser.furnished import real_snapshot
from tests.browser.suite_runs import suite_names
from tests.people import pair
from tests.training.gates_by_people import hold, voted, voting_gate
from tests.training.stub import stub
from tests.training.suites import finished_run, scenario, small_suite
from training.actions.scenario_answers import answer_question
from training.actions.snapshots import take_snapshot
from training.actions.versions import promote, register_base_version
from training.evaluation.suite_questions import open_questions
from training.models import GenerationJob, LensJob, PeopleGate, RetrainingRule, Run, SuiteRun

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


def _promoted(world: World) -> None:
    """Two base versions with files, of which the second serves."""
    for name in ("tiny-base", "other-base"):
        version = register_base_version(
            name=name, directory=world.model_folder(name), acting_user=None, now=world.stage.now
        )
        promote(version=version, acting_user=None, now=world.stage.now)


def _paused(world: World) -> None:
    """A rollback has paused automatic retraining."""
    now = world.stage.now
    paused = {"enabled": True, "paused_at": now, "pause": "sums-v2 was rolled back.", "updated_at": now}
    RetrainingRule.objects.update_or_create(campaign=world.stage.campaign, defaults=paused)


def _held(world: World) -> None:
    """Half of many prompts are held for gates."""
    _no_open_gate()
    world.stage.add([pair(number) for number in range(500, 540)])
    hold(world.stage.campaign)


def _no_open_gate() -> None:
    PeopleGate.objects.filter(status__in=PeopleGate.OPEN).update(status="cancelled")


def _unwritten(world: World) -> dict[str, object]:
    """A gate whose texts could not be written."""
    gate = _gate(world)
    GenerationJob.objects.filter(pk=gate.job_id).update(status="failed")
    PeopleGate.objects.filter(pk=gate.pk).update(status="writing")
    return {"gate": gate.pk}


def _voting(world: World) -> dict[str, object]:
    """A gate in which people vote."""
    return {"gate": _gate(world).pk}


def _decided(world: World) -> dict[str, object]:
    """A gate that people have passed."""
    voter = world.newcomer()  # before the gate, which takes its people from the campaign
    return {"gate": voted(_gate(world), voter, ["candidate"] * 3).pk}


def _gate(world: World) -> PeopleGate:
    _no_open_gate()
    return voting_gate(world.stage.campaign, world.furnished.two, world.furnished.one, error=0.4)


def _surprising(world: World) -> None:
    """The finished run doubts some labels."""
    hold(world.stage.campaign, share=0.0)  # entries of gates hold half of the prompts
    run = world.furnished.finished
    snapshot = take_snapshot(campaign=world.stage.campaign, acting_user=None, now=world.stage.now)
    run.directory, run.snapshot = str(world.folder), snapshot
    run.save(update_fields=["directory", "snapshot"])
    world.write_margins(Path(snapshot.directory))


def _learned(world: World) -> None:
    """A snapshot holds pairs that Alice judged."""
    hold(world.stage.campaign, share=0.0)
    world.idle()
    take_snapshot(campaign=world.stage.campaign, acting_user=None, now=timezone.now())


def _snapshot(world: World) -> dict[str, object]:
    """A snapshot with files, and others to compare it with."""
    return {"snapshot": real_snapshot(world.furnished.finished).pk}


def _answering(world: World) -> None:
    _promoted(world)
    world.settings.GENERATOR_URLS = [world.open_parts.enter_context(stub()).address]


def _slide(page: Page, form: Locator) -> None:
    figure = page.locator("[data-calc=loss]")
    before = figure.inner_text()
    form.locator("#calc-chosen").focus()
    page.keyboard.press("ArrowRight")
    expect(figure).not_to_have_text(before)


def _walk(page: Page, form: Locator) -> None:
    figure = page.get_by_test_id("walk-ratios-chosen")
    before = figure.text_content() or ""
    form.locator("#walk-pc").fill("0.9")
    form.locator("#walk-pc").press("Enter")
    expect(figure).not_to_have_text(before)


def _demo(world: World) -> None:
    """The demo campaign, with a pair that nobody has judged."""
    shared: dict[str, Any] = {"acting_user": world.stage.maya, "now": world.stage.now}
    demo = create_campaign(name="Demo", **shared)
    add_comparisons(campaign=demo, drafts=[pair(1)], source="test", **shared)
    change_campaign_status(campaign=demo, status="active", **shared)


def _no_lens_jobs(world: World) -> None:
    LensJob.objects.filter(status="queued").delete()


def _evaluation(status: str) -> Callable[[World], dict[str, Any]]:
    """Puts an evaluation in that state into the world."""

    def arrange(world: World) -> dict[str, Any]:
        return {"evaluation": unfinished_evaluation(world.stage, world.furnished, status).pk}

    return arrange


def _suites(world: World) -> dict[str, Any]:
    return suite_names(world.stage, world.furnished, f"Small {next(world.numbers)}")


def _rubrics(world: World) -> dict[str, Any]:
    """A finished run with a rubric, and a judge."""
    rubric = scenario("calm", {"kind": "judge", "rubric": "It is calm."})
    suite = small_suite(world.stage.campaign, rubric, name=f"Rubrics {next(world.numbers)}")
    world.settings.JUDGE_URLS = []
    run = finished_run(suite, world.furnished.one, {}, now=world.stage.now)
    world.settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    return {"rubrics": run.pk}


def _chosen(world: World) -> dict[str, Any]:
    """Two finished runs, and a judge."""
    world.settings.JUDGE_URLS = []
    names = _suites(world)
    world.settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    return names


def _answered(world: World) -> dict[str, Any]:
    names = _suites(world)
    question = next(open_questions(world.stage.campaign, world.stage.alice))
    answer_question(
        result=question.result,
        check_number=question.number,
        answer="yes",
        acting_user=world.stage.alice,
        now=world.stage.now,
    )
    return names


def _suite_run_under_way(world: World) -> dict[str, Any]:
    names = _suites(world)
    SuiteRun.objects.filter(pk=names["after"]).update(status="running")
    return names


def _suite_run_stopped(world: World) -> dict[str, Any]:
    names = _suites(world)
    SuiteRun.objects.filter(pk=names["after"]).update(status="cancelled")
    return names


SCENARIO = (
    '{{"id": "thanks", "tag": "helpful", "messages": [{{"role": "user", "content": "Thank you!"}}], '
    '"checks": [{{"kind": "length", "most": 200}}]}}'
)
"""With its braces doubled: values of entries are formatted."""


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
    Entry(
        form="training/suites.html",
        path=CAMPAIGN + "suites/",
        press="Add suite",
        sees="was added with 40 scenarios",
        never_refused="It has a list.",
    ),
    Entry(
        form="training/suites.html#2",
        path=CAMPAIGN + "suites/",
        fill={"name": "Politeness", "scenarios": SCENARIO},
        lands=r"/suites/\d+/",
        wrong={"scenarios": '{{"id": "thanks"}}'},
        complaint="Line 1:",
    ),
    Entry(
        form="training/suite.html",
        path="/suites/{suite}/",
        arrange=_suites,
        fill={"max_tokens": "64"},
        sees="has been queued",
        wrong={"max_tokens": "0"},
        complaint="greater than or equal to 1",
    ),
    Entry(
        form="training/suite_edit.html",
        path="/suites/{suite}/edit/",
        arrange=_suites,
        fill={"scenarios": SCENARIO, "before_gate": False},
        sees="of the suite applies from now on",
        wrong={"scenarios": "["},
        complaint="Line 1:",
    ),
    Entry(
        form="training/suites/run_state.html",
        path="/suite-runs/{after}/",
        arrange=_suite_run_under_way,
        press="Cancel",
        sees="stops after its current step",
        never_refused="It has no fields.",
    ),
    Entry(
        form="training/suites/run_state.html#2",
        path="/suite-runs/{after}/",
        arrange=_suite_run_stopped,
        press="Resume",
        sees="continues with the scenarios",
        never_refused="It has no fields.",
    ),
    Entry(
        form="training/scenario_questions.html",
        path=CAMPAIGN + "scenario-questions/",
        by="alice",
        arrange=_suites,
        press="Yes Y",
        sees="Take back latest answer",
        never_refused="It has buttons alone.",
    ),
    Entry(
        form="training/scenario_questions.html#2",
        path=CAMPAIGN + "scenario-questions/",
        by="alice",
        arrange=_answered,
        press="Take back latest answer",
        sees="was taken back",
        never_refused="It has a button alone.",
    ),
    Entry(
        form="training/suites/judge.html",
        path="/suite-runs/{rubrics}/",
        arrange=_rubrics,
        press="Ask the model judge",
        sees="is being asked",
        never_refused="It has a button alone.",
    ),
    Entry(
        form="training/suite_compare.html",
        path="/suite-runs/{after}/compare/{before}/",
        arrange=_suites,
        press="Make comparisons",
        sees="comparison was added",
        never_refused="It has boxes alone.",
    ),
    Entry(
        form="training/suites/choices.html",
        path="/suite-runs/{after}/compare/{before}/",
        arrange=_chosen,
        press="Ask which are better",
        sees="is being asked",
        never_refused="It has a list of judges alone.",
    ),
    Entry(
        form="training/gate.html",
        path=CAMPAIGN + "gate/",
        fill={"pairs_limit": "30", "accuracy_use": True, "accuracy_limit": "60", "kl_per_token_use": False},
        sees="applies from now on",
        wrong={"pairs_limit": "1"},
        complaint="greater than or equal to 10",
    ),
    Entry(
        form="training/people_gates.html",
        path=CAMPAIGN + "people-gates/",
        fill={"share": "20"},
        sees="are held for gates by people",
        wrong={"share": "80"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="training/people_gate_open.html",
        path="/versions/sums-v2/people-gate/",
        arrange=_held,
        fill={"error": "40"},
        press="Open gate",
        sees="Both versions are writing",
        wrong={"worth": "40"},
        complaint="greater than or equal to 50.5",
    ),
    Entry(
        form="training/people_gate/writing.html",
        path="/people-gates/{gate}/",
        arrange=_unwritten,
        press="Resume writing",
        lands="/people-gates/",
        never_refused="It has no fields.",
    ),
    Entry(
        form="training/people_gate/acts.html",
        path="/people-gates/{gate}/",
        arrange=_voting,
        press="Cancel gate",
        sees="it decides nothing",
    ),
    Entry(
        form="training/people_gate/acts.html#2",
        path="/people-gates/{gate}/",
        arrange=_decided,
        press="Train on these votes",
        sees="joined the training pool",
    ),
    Entry(
        form="training/parts/rollback.html",
        path="/versions/",
        arrange=_promoted,
        press="Roll back",
        sees="tiny-base serves again",
    ),
    Entry(
        form="training/lens/form.html",
        path="/lens/",
        arrange=_no_lens_jobs,
        fill={"prompt": "What is two plus two?", "chosen": "Four.", "rejected": "Five.", "against": "parent"},
        lands=r"/lens/\d+/",
        wrong={"rejected": ""},
        complaint="This field is required",
    ),
    Entry(
        form="training/surprises.html",
        path="/runs/{finished}/surprises/",
        arrange=_surprising,
        act=lambda page, form: page.locator("button[form=look]").first.click(),
        lands="/lens/.*pair=",
    ),
    Entry(
        form="training/surprises.html#2",
        path="/runs/{finished}/surprises/",
        arrange=_surprising,
        fill={"comparison": True, "more": "3"},
        press="Send selected pairs again",
        sees="sent for relabeling",
        wrong={"more": "99"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="training/lab/lesson.html",
        path="/lab/",
        fill={
            "prompt": "What is two plus two?",
            "one": "Four.",
            "other": "Five.",
            "better": "other",
            "watched": "Six.",
        },
        lands="session=",
        wrong={"learning_rate": "5"},
        complaint="less than or equal to 0.001",
    ),
    Entry(
        form="training/lab/session_steps.html",
        path="/lab/?session={session}",
        press="Train 1 step",
        sees="Steps trained: 8 of 9",
    ),
    Entry(form="training/lab/session.html", path="/lab/?session={session}", sees="The experiment has ended"),
    Entry(
        form="training/lab/calculator.html",
        path="/lab/",
        act=_slide,
        needs_scripts=True,
        never_sent=True,
        never_refused="It has sliders.",
    ),
    Entry(
        form="training/lab/walk.html",
        path="/lab/",
        act=_walk,
        needs_scripts=True,
        never_sent=True,
        never_refused="Its figures only change when a number can be used.",
    ),
    Entry(
        form="training/playground/ask.html",
        path="/playground/?campaign=sums",
        arrange=_answering,
        fill={"left": "tiny-base", "message": "What is two plus two?"},
        sees="Hello there.",
        needs_scripts=True,
        never_refused="A failed answer leaves the message in the form (test_playground).",
    ),
)
