"""The requests of the role tests: the rows that each address needs, and the body that is sent to it."""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from labeling.actions.campaigns import write_guidelines
from labeling.actions.curation import make_gold, retire_comparison
from labeling.actions.mails import address_token
from labeling.actions.people import create_token
from labeling.actions.standing import restart_member
from labeling.models import (
    Comparison,
    User,
)
from tests.browser.evaluations import evaluation_of, unfinished_evaluation
from tests.browser.furnished import real_snapshot
from tests.browser.groups import grouping_of
from tests.browser.lens_and_lab import experiment_of, lens_job_of, search_of
from tests.browser.suite_runs import suite_of
from tests.people import NOON, pair
from tests.roles.bodies import BODIES, CAMPAIGN_LINE, FILES, FORMS, JSON, LINE, QUERIES, QUEUES_A_SUITE_RUN, WITH_PAIRS
from tests.roles.rows import (
    Scene,
    acted,
    asked,
    choosing,
    compared,
    conflict,
    decided,
    delivery,
    grouped,
    imported,
    invited,
    learned_judgment,
    marked,
    measuring,
    on_trial,
    own_judgment,
    paused,
    practised,
    practising,
    published,
    reset_link,
    searched,
    suite_run_in,
    suite_runs,
    testable,
    untouched,
    webhook,
)
from training.models import GenerationJob, ModelVersion, Run

# The arguments of an address; all others take the campaign's slug or nothing.
Arguments = Callable[[Scene], list[Any]]
ARGUMENTS: dict[str, Arguments] = {
    "annotator_table": lambda scene: ["sums", "alice", "figures"],
    "statistics_table": lambda scene: ["sums", "figures"],
    **dict.fromkeys(
        ("webhook_change", "webhook_rotate", "api-webhook", "api-webhook-rotate", "api-webhook-deliveries"),
        lambda scene: [webhook(scene).pk],
    ),
    **dict.fromkeys(("delivery_retry", "api-webhook-retry"), lambda scene: [delivery(scene)]),
    "problem": lambda scene: ["already-judged"],
    "passkey_remove": lambda scene: [1],
    "api-token": lambda scene: [create_token(user=scene.stage.alice, name="hers", acting_user=None, now=NOON)[0].pk],
    **dict.fromkeys(("annotator", "left_out", "left_out_change", "api-left-out"), lambda scene: ["sums", "alice"]),
    "api-comparisons-uses": lambda scene: ["sums", untouched(scene).pk],
    "api-prompts-uses": lambda scene: ["sums", untouched(scene).prompt_id],
    "api-judgments-uses": lambda scene: ["sums", learned_judgment(scene)],
    "ask": lambda scene: ["sums", scene.stage.given(scene.stage.alice).pk],
    "api-ask": lambda scene: [scene.stage.given(scene.stage.alice).pk],
    **dict.fromkeys(("api-answer", "api-close-question"), lambda scene: [asked(scene).pk]),
    "faq_withdraw": lambda scene: ["sums", published(scene)],
    "api-faq-entry": lambda scene: [published(scene)],
    "my_judgment": lambda scene: ["sums", own_judgment(scene)],
    "api-member": lambda scene: ["sums", "bob"],
    "api-judgment": lambda scene: [scene.stage.given(scene.stage.alice).pk],
    **dict.fromkeys(
        ("account", "account_erase", "second_factor_reset", "api-person-data", "api-erasure"), lambda scene: ["alice"]
    ),
    "api-pause-member": lambda scene: ["sums", "bob"],
    "api-resume-member": lambda scene: ["sums", "bob"],
    "api-invitation": lambda scene: ["sums", invited(scene)[0].pk],
    "invitation": lambda scene: [invited(scene)[1]],
    **dict.fromkeys(("provider_sign_in", "openid_connect_callback"), lambda scene: ["oidc"]),
    "address_confirm": lambda scene: [address_token(scene.stage.alice, "alice@example.org")],
    "password_reset_confirm": lambda scene: reset_link(scene.stage.alice),
    "api-renew": lambda scene: [scene.stage.given(scene.stage.alice).pk],
    "api-release": lambda scene: [scene.stage.given(scene.stage.alice).pk],
    **dict.fromkeys(("api-retire", "api-restore", "api-flag-review", "api-gold"), lambda scene: [untouched(scene).pk]),
    "api-adjudicate": lambda scene: [conflict(scene.stage)],
    **dict.fromkeys(("api-pass-member", "api-restart-member"), lambda scene: ["sums", "bob"]),
    "api-answer-practice": lambda scene: [practising(scene).answers.get().pk],
    "api-practice-mark": lambda scene: [untouched(scene).pk],
    **dict.fromkeys(("practice_pair", "practice_remove"), lambda scene: ["sums", untouched(scene).pk]),
    "start_feedback": lambda scene: ["sums", practised(scene).answers.get().pk],
    "start_result": lambda scene: ["sums", practised(scene).pk],
    **dict.fromkeys(("comparison", "comparison_change"), lambda scene: ["sums", untouched(scene).pk]),
    "prompt": lambda scene: ["sums", untouched(scene).prompt_id],
    "bulk_act": lambda scene: ["sums", acted(scene)],
    "api-batch": lambda scene: [imported(scene)],
    **dict.fromkeys(("batch", "batch_change"), lambda scene: ["sums", imported(scene)]),
    "api-blame-job": lambda scene: [search_of(scene.stage, real_snapshot(scene.furnished.finished)).pk],
    "api-cancel-blame": lambda scene: [
        search_of(scene.stage, real_snapshot(scene.furnished.finished), status="queued").pk
    ],
    **dict.fromkeys(("lens_job", "api-lens-job"), lambda scene: [lens_job_of(scene.stage, scene.furnished).pk]),
    **dict.fromkeys(
        ("lab_steps", "lab_end", "api-lab-session", "api-lab-steps", "api-end-lab"),
        lambda scene: [experiment_of(scene.stage.alice, scene.furnished, steps=1).pk],
    ),
    "version": lambda scene: [scene.furnished.two.name],
    **dict.fromkeys(("round", "api-round"), lambda scene: [scene.furnished.round.pk]),
    **dict.fromkeys(
        ("gate_decision", "gate_certificate", "api-gate-decision", "api-gate-certificate"),
        lambda scene: [scene.furnished.decision.pk],
    ),
    **dict.fromkeys(
        ("people_gate", "people_gate_cancel", "people_gate_join", "api-people-gate", "api-cancel-people-gate"),
        lambda scene: [compared(scene).pk],
    ),
    **dict.fromkeys(("api-held-prompts", "api-people-gates"), lambda scene: [testable(scene)]),
    "api-join-people-gate": lambda scene: [decided(scene).pk],
    "people_gate_open": lambda scene: [scene.furnished.two.name],
    **dict.fromkeys(
        ("evaluation", "evaluation_file", "api-evaluation"),
        lambda scene: [evaluation_of(scene.stage, scene.furnished).pk],
    ),
    **dict.fromkeys(
        ("evaluation_cancel", "api-cancel-evaluation"),
        lambda scene: [unfinished_evaluation(scene.stage, scene.furnished, "running").pk],
    ),
    **dict.fromkeys(
        ("evaluation_resume", "api-resume-evaluation"),
        lambda scene: [unfinished_evaluation(scene.stage, scene.furnished, "cancelled").pk],
    ),
    "api-version-evaluations": lambda scene: [scene.furnished.two.name],
    **dict.fromkeys(("retraining_resume", "api-resume-rule"), lambda scene: [paused(scene)]),
    **dict.fromkeys(("version_measure", "api-version-gate"), lambda scene: [scene.furnished.two.name]),
    **dict.fromkeys(
        ("suite", "suite_edit", "suite_download", "api-suite", "api-suite-runs"),
        lambda scene: [suite_of(scene.stage).pk],
    ),
    **dict.fromkeys(
        ("suite_run", "suite_run_judge", "api-suite-judge", "api-suite-run", "api-suite-results"),
        lambda scene: [suite_runs(scene)[1]],
    ),
    **dict.fromkeys(("suite_run_cancel", "api-cancel-suite-run"), lambda scene: [suite_run_in(scene, "running")]),
    **dict.fromkeys(("suite_run_resume", "api-resume-suite-run"), lambda scene: [suite_run_in(scene, "failed")]),
    **dict.fromkeys(
        (
            "suite_compare",
            "suite_choices_table",
            "suite_compare_judge",
            "suite_follow_up",
            "api-compare-suite-runs",
            "api-suite-choices",
        ),
        lambda scene: suite_runs(scene)[::-1],
    ),
    **dict.fromkeys(("price_cancel", "api-cancel-price"), lambda scene: [measuring(scene)]),
    **dict.fromkeys(("selection_cancel", "api-cancel-selection"), lambda scene: [choosing(scene)]),
    **dict.fromkeys(("selection_choose", "api-selection"), lambda scene: [on_trial(scene)]),
    **dict.fromkeys(("api-grouping", "api-group-versions"), lambda scene: ["sums", grouping_of(scene.stage).pk]),
    "api-group-run": lambda scene: ["sums", grouping_of(scene.stage).pk, "North"],
    "api-group-jobs": lambda scene: [grouped(scene)],
    "api-declare-found": lambda scene: [searched(scene, "finished")],
    **dict.fromkeys(("groups_search", "api-cancel-group-job"), lambda scene: [searched(scene, "running")]),
    "version_promote": lambda scene: [scene.furnished.two.name],
    "api-version": lambda scene: [scene.furnished.two.name],
    "api-promote": lambda scene: [scene.furnished.two.name],
    **dict.fromkeys(("api-completion", "api-version-download"), lambda scene: [scene.furnished.two.name]),
    **dict.fromkeys(
        ("generation_cancel", "generation_resume", "api-generation", "api-cancel-generation", "api-resume-generation"),
        lambda scene: [scene.furnished.writing.pk],
    ),
    **dict.fromkeys(
        (
            "snapshot",
            "snapshot_changes",
            "snapshot_doubt",
            "snapshot_doubt_cancel",
            "snapshot_download",
            "snapshot_relabel",
        ),
        lambda scene: [real_snapshot(scene.furnished.finished).pk],
    ),
    **dict.fromkeys(
        (
            "api-snapshot",
            "api-snapshot-blame",
            "api-snapshot-changes",
            "api-snapshot-download",
            "api-snapshot-judgments",
        ),
        lambda scene: [real_snapshot(scene.furnished.finished).content_hash],
    ),
    **dict.fromkeys(
        (
            "run",
            "run_surprises",
            "run_relabel",
            "run_cancel",
            "run_resume",
            "api-run",
            "api-run-metrics",
            "api-cancel-run",
            "api-resume-run",
        ),
        lambda scene: [scene.furnished.running.pk],
    ),
}


def prepare(name: str, method: str, scene: Scene) -> str:
    """Creates the rows with which the call succeeds for somebody who may make it; returns its address."""
    on_stage, furnished = scene.stage, scene.furnished
    path = address(name, scene)
    if (name, method) in (("api-judgment", "DELETE"), ("api-judgment", "PUT")):
        on_stage.now = timezone.now()  # within the undo period
        on_stage.judge(on_stage.given(on_stage.alice))
    if name == "api-conflict":
        conflict(on_stage)
    if name == "api-restore":
        retire_comparison(comparison=untouched(scene), reason="Twice.", acting_user=on_stage.maya, now=NOON)
    if name == "api-flag-review":
        Comparison.objects.filter(pk=untouched(scene).pk).update(status="flagged")
    if (name, method) == ("api-gold", "DELETE"):
        make_gold(comparison=untouched(scene), winner="a", acting_user=on_stage.maya, now=NOON)
    if name == "api-read-guidelines":
        write_guidelines(campaign=on_stage.campaign, text="Be kind.", acting_user=on_stage.maya, now=NOON)
    if name in ("api-next-practice", "api-practice") or (name, method) == ("api-practice-mark", "DELETE"):
        marked(scene)
    if (name, method) == ("api-restart-member", "DELETE"):
        restart_member(campaign=on_stage.campaign, user=on_stage.bob, acting_user=on_stage.maya, now=NOON)
    if name == "api-resume-generation":
        GenerationJob.objects.filter(pk=furnished.writing.pk).update(status="failed")
    if name == "api-resume-run":
        Run.objects.filter(pk=furnished.running.pk).update(status="failed")
    if name == "api-version-download":
        folder = settings.VAR_DIR / "versions" / furnished.two.name / "adapter"
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text("{}")
        ModelVersion.objects.filter(pk=furnished.two.pk).update(adapter_dir=str(folder))
    if (name, method) in (("api-start-generation", "POST"), ("api-suite-runs", "POST")) or name in QUEUES_A_SUITE_RUN:
        GenerationJob.objects.update(status="finished")
    if name in ("api-left-out", "left_out_change"):
        learned_judgment(scene)
    _label(name, method, scene)
    return path + QUERIES.get(name, "")


def _label(name: str, method: str, scene: Scene) -> None:
    """Creates the labels that a run needs."""
    on_stage = scene.stage
    if name == "api-group-run":
        Run.objects.update(status="finished")
        on_stage.add([pair(number) for number in range(100, 120)])
        while held := on_stage.next(on_stage.alice):
            on_stage.vote(held, "a")
    if (name, method) in WITH_PAIRS:
        Run.objects.update(status="finished")
        on_stage.add([pair(number, preference="first") for number in range(100, 120)])


def address(name: str, scene: Scene) -> str:
    """The address with that name, with the rows that it is about."""
    if name in ARGUMENTS:
        return reverse(name, args=ARGUMENTS[name](scene))
    return reverse(name, kwargs={"slug": "sums"} if _wants_slug(name) else {})


def ask(user: User | None, name: str, method: str, path: str) -> Any:
    """A user's call with its body; a streamed response is read to its end."""
    client = Client()
    if user is not None:
        client.force_login(user)
    if name in {*FILES, "api-import-campaign"}:
        body = LINE if name in FILES else CAMPAIGN_LINE
        answer: Any = client.generic(method, path, body, content_type="application/jsonl")
    elif (name, method) in BODIES:
        answer = client.generic(method, path, json.dumps(BODIES[name, method]).encode(), content_type=JSON)
    elif method == "POST" and not name.startswith("api-"):
        answer = client.post(path, FORMS.get(name, {}))
    else:
        answer = client.generic(method, path)
    answer.whole = b"".join(answer) if answer.streaming else answer.content
    return answer


def _wants_slug(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return True
    return False
