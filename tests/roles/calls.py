"""The requests of the role tests: the rows that each address needs, and the body that is sent to it."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from labeling.actions.bulk import BulkOrder, Selection, start_bulk_act
from labeling.actions.campaigns import create_campaign, write_guidelines
from labeling.actions.curation import make_gold, retire_comparison
from labeling.actions.imports import import_prompts
from labeling.actions.invitations import create_invitation
from labeling.actions.mails import address_token
from labeling.actions.onboarding import answer_practice, start_round
from labeling.actions.people import create_token
from labeling.actions.practice import make_practice
from labeling.actions.questions import answer_question, ask_question
from labeling.actions.standing import restart_member
from labeling.actions.webhooks import create_webhook
from labeling.models import (
    Comparison,
    Invitation,
    Membership,
    PracticeRound,
    Question,
    Role,
    User,
    Webhook,
)
from tests.browser.evaluations import evaluation_of, unfinished_evaluation
from tests.browser.furnished import Furnished, furnish, real_snapshot
from tests.browser.lens_and_lab import experiment_of, lens_job_of
from tests.browser.suite_runs import compared_runs, suite_of
from tests.people import NOON, Stage, pair, person, stage
from tests.training.gates_by_people import hold, voted, voting_gate
from training.actions.people_gates import cancel_people_gate
from training.actions.snapshot_index import index_snapshot
from training.models import GenerationJob, ModelVersion, PeopleGate, RetrainingRule, Run, SuiteRun

JSON = "application/json"
SCENARIO = {
    "id": "thanks",
    "tag": "helpful",
    "messages": [{"role": "user", "content": "Thank you!"}],
    "checks": [{"kind": "length", "most": 200}],
}


class Scene:
    """Maya's campaign with judged comparisons, runs and versions, and another campaign."""

    def __init__(self) -> None:
        self.stage: Stage = stage(comparisons=4, overlap=2)
        self.furnished: Furnished = furnish(self.stage)
        self.other_lead = person("other_lead", Role.LEAD)
        self.expert = person("eve")
        self.stage.join(self.expert, role=Membership.Role.EXPERT)
        elsewhere = create_campaign(name="Elsewhere", acting_user=self.other_lead, now=NOON)
        Membership.objects.create(campaign=elsewhere, user=self.stage.charlie, created_at=NOON)

    @property
    def people(self) -> dict[str, User | None]:
        on_stage = self.stage
        return {
            "nobody": None,
            "charlie": on_stage.charlie,
            "alice": on_stage.alice,
            "eve": self.expert,
            "other_lead": self.other_lead,
            "maya": on_stage.maya,
            "root": on_stage.root,
        }


# The arguments of an address; all others take the campaign's slug or nothing.
Arguments = Callable[[Scene], list[Any]]
ARGUMENTS: dict[str, Arguments] = {
    "statistics_table": lambda scene: ["sums", "figures"],
    **dict.fromkeys(
        ("webhook_change", "webhook_rotate", "api-webhook", "api-webhook-rotate", "api-webhook-deliveries"),
        lambda scene: [webhook(scene).pk],
    ),
    **dict.fromkeys(("delivery_retry", "api-webhook-retry"), lambda scene: [delivery(scene)]),
    "problem": lambda scene: ["already-judged"],
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
    **dict.fromkeys(("account", "account_erase", "api-person-data", "api-erasure"), lambda scene: ["alice"]),
    "api-pause-member": lambda scene: ["sums", "bob"],
    "api-resume-member": lambda scene: ["sums", "bob"],
    "api-invitation": lambda scene: ["sums", invited(scene)[0].pk],
    "invitation": lambda scene: [invited(scene)[1]],
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
    **dict.fromkeys(("lens_job", "api-lens-job"), lambda scene: [lens_job_of(scene.stage, scene.furnished).pk]),
    **dict.fromkeys(
        ("lab_steps", "lab_end", "api-lab-session", "api-lab-steps", "api-end-lab"),
        lambda scene: [experiment_of(scene.stage.alice, scene.furnished, steps=1).pk],
    ),
    "version": lambda scene: [scene.furnished.two.name],
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
        ("suite_compare", "suite_compare_judge", "suite_follow_up", "api-compare-suite-runs"),
        lambda scene: suite_runs(scene)[::-1],
    ),
    "version_promote": lambda scene: [scene.furnished.two.name],
    "api-version": lambda scene: [scene.furnished.two.name],
    "api-promote": lambda scene: [scene.furnished.two.name],
    **dict.fromkeys(("api-completion", "api-version-download"), lambda scene: [scene.furnished.two.name]),
    **dict.fromkeys(
        ("generation_cancel", "generation_resume", "api-generation", "api-cancel-generation", "api-resume-generation"),
        lambda scene: [scene.furnished.writing.pk],
    ),
    **dict.fromkeys(
        ("snapshot", "snapshot_changes", "snapshot_download"),
        lambda scene: [real_snapshot(scene.furnished.finished).pk],
    ),
    **dict.fromkeys(
        ("api-snapshot", "api-snapshot-changes", "api-snapshot-download", "api-snapshot-judgments"),
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
# The JSON bodies, then the forms; all other requests have no body.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("api-webhooks", "POST"): {"campaign": "sums", "url": "https://1.1.1.1/hook", "event_types": ["verdict.settled"]},
    ("api-webhook", "PATCH"): {"is_active": False},
    ("api-users", "POST"): {"username": "new", "role": "annotator"},
    ("api-erasure", "POST"): {"confirmation": "alice", "withdraw": True},
    ("api-tokens", "POST"): {"name": "mine", "scopes": ["read", "judge"]},
    ("api-campaigns", "POST"): {"name": "Another", "slug": "another"},
    ("api-campaign", "PATCH"): {"description": "Sums and more"},
    ("api-campaign-status", "POST"): {"status": "paused"},
    ("api-guidelines", "POST"): {"text": "Prefer the true one.", "demand": "read"},
    ("api-read-guidelines", "POST"): {"number": 1},
    ("api-next-practice", "POST"): {"use": "practice"},
    ("api-answer-practice", "POST"): {"choice": "left"},
    ("api-practice-mark", "PUT"): {"winner": "a", "explanation": "Two plus one is **three**.", "use": "practice"},
    ("api-members", "POST"): {"username": "bob", "role": "annotator"},
    ("api-ask", "POST"): {"text": "Is a wrong unit a wrong answer?"},
    ("api-answer", "POST"): {"answer": "Yes.", "publish_as": "Do units count?"},
    ("api-judgment", "POST"): {"choice": "left", "key": "k"},
    ("api-judgment", "PUT"): {"choice": "right", "key": "k"},
    ("api-invitations", "POST"): {"expires_at": (timezone.now() + timedelta(days=7)).isoformat(), "max_uses": 5},
    ("api-adjudicate", "POST"): {"winner": "a", "reason": "It is true."},
    ("api-bulk", "POST"): {"target": "prompts", "kind": "retire", "filter": {}, "reason": "A test."},
    ("api-retire", "POST"): {"reason": "One of them is broken off."},
    ("api-flag-review", "POST"): {"keep": True, "reason": "The name is a made-up one."},
    ("api-gold", "PUT"): {"winner": "a", "reason": "Two plus one is three."},
    ("api-runs", "POST"): {"campaign": "sums"},
    ("api-completion", "POST"): {"messages": [{"role": "user", "content": "What is two plus two?"}], "seed": 7},
    ("api-keep", "POST"): {"messages": [{"role": "user", "content": "What is two plus two?"}]},
    ("api-lens-jobs", "POST"): {
        "version": "sums-v1",
        "prompt": [{"role": "user", "content": "What is 1 plus one?"}],
        "chosen": "It is 2.",
        "rejected": "Nobody knows.",
    },
    ("api-lab-sessions", "POST"): {
        "prompt": "What is 17 plus 26?",
        "chosen": "Together that is 43.",
        "rejected": "Together that is 42.",
        "watched": ["The answer is 43."],
        "beta": 0.1,
        "steps": 4,
    },
    ("api-lab-steps", "POST"): {"steps": 5},
    ("api-retraining-rule", "PUT"): {"enabled": True, "min_fresh_verdicts": 10},
    ("api-held-prompts", "PUT"): {"share": 0.25},
    ("api-people-gates", "POST"): {"version": "sums-v2", "error": 0.1},
    ("api-suites", "POST"): {"name": "Politeness", "scenarios": [SCENARIO]},
    ("api-suite", "PUT"): {"scenarios": [SCENARIO]},
    ("api-compare-suite-runs", "POST"): {"scenarios": ["calm"]},
    ("api-suite-runs", "POST"): {"version": "sums-v1"},
    ("api-gate", "PUT"): {"rules": [{"figure": "pairs", "floor": 30}]},
}
FORMS: dict[str, dict[str, str]] = {
    "export_dataset": {"license": "other", "consent": "All agreed.", "language": "en", "view": "dialect=trl"},
    "webhook_change": {"do": "off"},
    "guidelines": {"text": "Be kind."},
    "people_remove": {"username": "bob"},
    "people_pause": {"username": "bob"},
    "people_standing": {"username": "bob", "do": "pass"},
    "practice_pair": {"winner": "a", "use": "practice"},
    "start_answer": {"answer": "1", "choice": "left"},
    "start_practice": {"use": "practice"},
    "start_read": {"version": "1"},
    "invitations": {"role": "annotator", "days": "7"},
    "campaign_status": {"status": "paused"},
    "comparison_change": {"do": "retire", "reason": "One of them is broken off."},
    "lab_steps": {"steps": "5"},
    "annotate": {"assignment": "1", "choice": "left", "key": "k"},
    "annotate_undo": {"assignment": "1"},
}
FILES = {"api-export-evaluation", "api-import-prompts", "api-import-comparisons", "api-practice"}
WITH_PAIRS = {
    ("api-runs", "POST"),
    ("api-left-out", "POST"),
    ("api-export-dataset", "GET"),
    ("export_dataset", "POST"),
}
QUEUES_A_SUITE_RUN = ("api-suite-judge", "api-resume-suite-run")
QUERIES = {"api-export-dataset": "?license=other&consent=All+agreed."}
LINE = b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'
CAMPAIGN_LINE = b'{"type": "campaign", "format": "chosen-full/1", "name": "Copy"}\n'


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
    if (name, method) in WITH_PAIRS:
        Run.objects.update(status="finished")
        on_stage.add([pair(number, preference="first") for number in range(100, 120)])
    return path + QUERIES.get(name, "")


def suite_runs(scene: Scene) -> list[int]:
    """Two finished runs of one suite of Maya's campaign, the earlier one first."""
    return [run.pk for run in compared_runs(scene.stage, scene.furnished)]


def suite_run_in(scene: Scene, status: str) -> int:
    """A suite run in a state."""
    number = suite_runs(scene)[1]
    SuiteRun.objects.filter(pk=number).update(status=status)
    return number


def learned_judgment(scene: Scene) -> int:
    """A judgment of Alice's that the finished run learned from."""
    held = scene.stage.given(scene.stage.alice)
    judgment = scene.stage.judge(held)
    index_snapshot(scene.furnished.finished.snapshot, [judgment.comparison_id], read_until=scene.stage.now)
    return judgment.pk


def imported(scene: Scene) -> int:
    """The id of an import into Maya's campaign; the same one in every call."""
    on_stage = scene.stage
    batch = on_stage.campaign.batches.first()
    if batch is None:
        stream = BytesIO(b"Why?\n")
        batch = import_prompts(
            campaign=on_stage.campaign, stream=stream, file_name="prompts.txt", acting_user=on_stage.maya, now=NOON
        ).batch
    assert batch is not None
    return batch.pk


def acted(scene: Scene) -> int:
    """The id of a bulk act on a comparison of Maya's campaign."""
    return start_bulk_act(
        campaign=scene.stage.campaign,
        selection=Selection("comparisons", ids=(untouched(scene).pk,)),
        order=BulkOrder("prioritise"),
        acting_user=scene.stage.maya,
        now=NOON,
    ).pk


def webhook(scene: Scene) -> Webhook:
    """A webhook with a public address that no test ever calls."""
    return create_webhook(
        campaign=scene.stage.campaign,
        url="https://1.1.1.1/hook",
        event_types=["verdict.settled", "comparisons.added"],
        acting_user=scene.stage.maya,
        now=NOON,
    )


def delivery(scene: Scene) -> int:
    """A message waiting to be sent."""
    receiver = webhook(scene)
    scene.stage.add([pair(99)])
    return receiver.deliveries.get().pk


def own_judgment(scene: Scene) -> int:
    """An assignment that Alice has judged."""
    held = scene.stage.given(scene.stage.alice)
    scene.stage.judge(held)
    return held.pk


def asked(scene: Scene) -> Question:
    """A question of Alice's about the pair that she holds."""
    alice, held = scene.stage.alice, scene.stage.given(scene.stage.alice)
    return ask_question(assignment=held, text="Do units count?", acting_user=alice, now=NOON)


def published(scene: Scene) -> int:
    """A published answer to such a question."""
    question = answer_question(
        question=asked(scene), answer="Yes.", publish_as="Do units count?", acting_user=scene.stage.maya, now=NOON
    )
    return question.faq_entry.pk


def invited(scene: Scene) -> tuple[Invitation, str]:
    """An invitation and the token of its link."""
    now = timezone.now()
    return create_invitation(
        campaign=scene.stage.campaign, expires_at=now + timedelta(days=7), acting_user=scene.stage.maya, now=now
    )


def reset_link(user: User) -> list[str]:
    """The parts of a link to reset this user's password."""
    return [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]


def untouched(scene: Scene) -> Comparison:
    """A comparison of Maya's campaign, always the same one."""
    return Comparison.objects.filter(campaign=scene.stage.campaign).order_by("-pk")[0]


def marked(scene: Scene) -> Comparison:
    """The comparison that nobody touched, marked for practice."""
    maya = scene.stage.maya
    make_practice(comparison=untouched(scene), winner="a", explanation="It is true.", acting_user=maya, now=NOON)
    return untouched(scene)


def practising(scene: Scene) -> PracticeRound:
    """A practice round of Alice's with one pair."""
    marked(scene)
    alice = scene.stage.alice
    return start_round(campaign=scene.stage.campaign, use="practice", acting_user=alice, now=NOON)


def practised(scene: Scene) -> PracticeRound:
    """The same, finished."""
    round_ = practising(scene)
    answer_practice(answer=round_.answers.get().pk, choice="left", acting_user=scene.stage.alice, now=NOON)
    return round_


def conflict(on_stage: Stage) -> int:
    """A comparison on which Alice and Bob disagree."""
    held = on_stage.given(on_stage.alice)
    on_stage.vote(held, "a")
    again = on_stage.given(on_stage.bob)
    while again.comparison_id != held.comparison_id:
        on_stage.vote(again, "b")
        again = on_stage.given(on_stage.bob)
    on_stage.vote(again, "b")
    return held.comparison_id


def paused(scene: Scene) -> str:
    """The campaign's slug; a rollback has paused its automatic retraining."""
    values = {"enabled": True, "paused_at": scene.stage.now, "updated_at": scene.stage.now}
    RetrainingRule.objects.update_or_create(campaign=scene.stage.campaign, defaults=values)
    return scene.stage.campaign.slug


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


def compared(scene: Scene) -> PeopleGate:
    """A gate in which people may vote."""
    return voting_gate(scene.stage.campaign, scene.furnished.two, scene.furnished.one, error=0.4)


def testable(scene: Scene) -> str:
    """The campaign's slug; enough of its prompts are held for a gate, and an earlier one was cancelled."""
    campaign = scene.stage.campaign
    scene.stage.add([pair(number) for number in range(200, 220)])
    hold(campaign)
    cancel_people_gate(gate=compared(scene), acting_user=None, now=NOON)
    return campaign.slug


def decided(scene: Scene) -> PeopleGate:
    """A gate that people have decided."""
    return voted(compared(scene), scene.stage.alice, ["candidate"] * 3)
