"""The values of events in words: every key has a label, and no page shows the name of a choice."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation

from labeling.actions.campaigns import change_campaign, change_campaign_status, write_guidelines
from labeling.actions.curation import make_gold, restore_comparison, retire_comparison, unmake_gold
from labeling.actions.event_exports import export_events
from labeling.actions.exports import export_campaign
from labeling.actions.invitations import accept_invitation, create_invitation, revoke_invitation
from labeling.actions.members import add_member, pause_member, remove_member, resume_member
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.actions.recounts import run_recount
from labeling.actions.relabeling import relabel_comparison
from labeling.actions.webhooks import change_webhook, create_webhook
from labeling.actions.withdrawal import withdraw_judgments
from labeling.judging.acts import undo_judgment
from labeling.models import Event, VerdictRecount
from labeling.web.event_labels import Field, field_of
from labeling.web.event_values import field_label, value_in_words
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.markup import tight
from tests.people import NOON, Stage, asks, stage
from tests.recorded_keys import recorded_keys
from training.actions.gate import decide_by_rule, save_gate
from training.actions.jobs import cancel_job
from training.actions.retraining import save_retraining_rule
from training.claims import record_end
from training.models import JobStatus
from training.web.event_labels import FIELDS

SUBJECTS = [
    model._meta.model_name or ""
    for name in ("labeling", "training")
    for model in apps.get_app_config(name).get_models()
]
PAGE = "/campaigns/sums/events/"


@pytest.fixture
def busy(settings: Any) -> Stage:
    """A campaign in which nearly everything was done that the log of a campaign records."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    scene = stage(comparisons=8, undo_seconds=60)
    campaign, tomorrow = scene.campaign, NOON + timedelta(days=1)
    by: dict[str, Any] = {"acting_user": scene.maya, "now": scene.now}
    settled = scene.settle(["a", "b", "tie", "skip", "both_bad"])
    undo_judgment(assignment=scene.alice.assignments.latest("pk"), acting_user=scene.alice, now=scene.now)
    retire_comparison(comparison=settled[0], reason="Spam.", **by)
    restore_comparison(comparison=settled[0], **by)
    make_gold(comparison=settled[1], winner="both_bad", **by)
    unmake_gold(comparison=settled[1], **by)
    relabel_comparison(comparison=settled[2], more=1, reason="Look again.", **by)
    change_campaign(campaign=campaign, verdict_rule="dawid_skene", scale="strength", order="newest", **by)
    run_recount(VerdictRecount.objects.latest("pk").pk, clock=lambda: NOON)
    write_guidelines(campaign=campaign, text="Prefer the sum.", **by)
    add_prompts(campaign=campaign, prompts=[PromptDraft(asks("Why?"))], **by)
    invitation, token = create_invitation(campaign=campaign, note="For Charlie", expires_at=tomorrow, **by)
    accept_invitation(token=token, acting_user=scene.charlie, now=scene.now)
    revoke_invitation(invitation=invitation, **by)
    add_member(campaign=campaign, user=scene.charlie, role="expert", **by)
    pause_member(campaign=campaign, user=scene.bob, **by)
    resume_member(campaign=campaign, user=scene.bob, **by)
    remove_member(campaign=campaign, user=scene.charlie, **by)
    remove_member(campaign=campaign, user=scene.alice, **by)
    withdraw_judgments(person=scene.alice, **by)
    webhook = create_webhook(
        campaign=campaign, url="http://127.0.0.1:1/", event_types=["verdict.settled", "run.failed"], **by
    )
    change_webhook(webhook=webhook, is_active=False, **by)
    export_campaign(campaign=campaign, dialect="trl", **by)
    export_events(campaign=campaign, form="csv", **by)
    change_campaign_status(campaign=campaign, status="closed", **by)
    furnished = furnish(scene)
    save_retraining_rule(campaign=campaign, enabled=True, **by)
    save_gate(campaign=campaign, rules=[{"figure": "pairs", "floor": 20}], **by)
    decide_by_rule(run=furnished.finished, version=furnished.two, now=scene.now)
    record_end(furnished.finished, JobStatus.FINISHED, now=scene.now)
    cancel_job(job=furnished.running, **by)
    cancel_job(job=furnished.writing, **by)
    return scene


def unlabelled(subject: str, values: Mapping[str, Any], outer: Field | None = None) -> Iterator[str]:
    """The keys without a label, also of mappings within."""
    for name, value in values.items():
        field = (outer.fields.get(name) if outer else None) or field_of(subject, name)
        if field is None:
            yield f"{subject}: {name}"
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Mapping):
                yield from unlabelled(subject, inner, field)


def test_every_key_that_the_source_records_has_a_label() -> None:
    keys = recorded_keys()
    assert len(keys) > 20
    assert {"choice", "confidence"} <= keys["labeling/judging/acts.py"]
    assert [
        (file, name)
        for file, names in keys.items()
        for name in sorted(names)
        if not any(field_of(subject, name) for subject in SUBJECTS)
    ] == []


def test_every_key_of_a_busy_campaign_has_a_label(busy: Stage) -> None:
    events = list(Event.objects.all())
    assert len({event.verb for event in events}) > 25
    assert [
        key for event in events for each in (event.before, event.after) for key in unlabelled(event.subject_type, each)
    ] == []


VERDICT = {"winner": "tie", "confidence": 0.875, "settled_by": "adjudication"}
VERDICT_IN_WORDS = "Winner: Tie, Confidence: 87.5 %, Settled by: Decided by an expert"
TIME = "2026-03-02T12:00:00+00:00"
TYPES = ["verdict.settled", "run.failed"]
GONE = "It replied that it is gone (410)."


def written(subject: str, key: str, value: Any) -> str:
    return f"{field_label(subject, key)}: {value_in_words(subject, key, value)}"


@pytest.mark.parametrize(
    ("subject", "key", "value", "line"),
    [
        ("campaign", "status", "draft", "Status: Draft"),
        ("comparison", "status", "open", "Status: Open"),
        ("run", "status", "queued", "Status: Queued"),
        ("campaign", "verdict_rule", "majority", "Verdict rule: Majority"),
        ("judgment", "choice", "both_bad", "Choice: Both bad"),
        ("generationjob", "strategy", "two_seeds", "Pairs from: Two seeds of one version"),
        ("run", "trigger", "schedule", "Trigger: Started by the schedule"),
        ("verdictrecount", "cause", "rule", "Cause: The rule changed"),
        (
            "webhook",
            "event_types",
            TYPES,
            "Events: Comparison settled; Training run failed",
        ),
        ("campaign", "created", 12345, "Added: 12,345"),
        ("judgment", "comparison", 12345, "Comparison: 12345"),
        ("campaign", "gold_rate", 0.05, "Share of gold: 5.0 %"),
        ("campaign", "verdict_threshold", 0.9, "Required confidence: 90.0 %"),
        ("campaign", "filter", {"confidence_at_least": 0.9}, "Filter: Minimum confidence: 90.0 %"),
        ("campaign", "blind", True, "Blind: hide model names: yes"),
        ("invitation", "expires_at", TIME, "Expires: 2 Mar 2026, 12:00"),
        ("invitation", "max_uses", None, "Maximum number of uses: none"),
        (
            "comparison",
            "verdict",
            VERDICT,
            f"Verdict: {VERDICT_IN_WORDS}",
        ),
        ("comparison", "verdict", {}, "Verdict: nothing"),
        ("verdictrecount", "winners", {"a": 3, "conflict": 1}, "Winners: a: 3, Conflict: 1"),
        ("run", "config", {"lora_rank": 8, "seed": 123456}, "Settings: LoRA rank: 8, Seed: 123456"),
        ("webhook", "reason", GONE, f"Reason: {GONE}"),
        ("robot", "wheel_count", 4, "wheel count: 4"),
    ],
)
def test_a_value_is_in_words(subject: str, key: str, value: Any, line: str) -> None:
    assert written(subject, key, value) == line


@pytest.mark.parametrize(
    ("subject", "key", "value", "line"),
    [
        ("campaign", "status", "draft", "Status: Entwurf"),
        ("campaign", "verdict_rule", "majority", "Entscheidungsregel: Mehrheit"),
        ("judgment", "choice", "both_bad", "Wahl: Beide schlecht"),
        ("generationjob", "strategy", "two_seeds", "Paare aus: Zwei Startwerte einer Version"),
        ("verdictrecount", "cause", "rule", "Ursache: Die Regel wurde geändert"),
        ("campaign", "created", 12345, "Hinzugefügt: 12.345"),
        ("campaign", "gold_rate", 0.05, "Anteil an Gold: 5,0 %"),
        ("invitation", "expires_at", TIME, "Läuft ab: 2. Mär 2026, 12:00"),
        ("comparison", "verdict", {}, "Entscheidung: nichts"),
        ("webhook", "reason", GONE, "Begründung: Die Adresse hat geantwortet, dass es sie nicht mehr gibt (410)."),
        ("comparison", "reason", "Tie", "Begründung: Tie"),
    ],
)
def test_a_value_is_in_the_words_of_the_reader(subject: str, key: str, value: Any, line: str) -> None:
    with translation.override("de"):
        assert written(subject, key, value) == line


def test_the_page_is_in_the_readers_language(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    scene.settle(["both_bad"])
    page = tight(visiting(scene.maya).get(PAGE, headers={"Accept-Language": "de"}).content.decode())
    _, _, table = page.partition('data-testid="events"')
    assert "<del><bdi>Entwurf</bdi></del>→<bdi>Aktiv</bdi>" in table
    assert "Wahl:</span><bdi>Beide schlecht</bdi>" in table
    assert "draft" not in table
    assert "both_bad" not in table


def test_training_adds_its_labels() -> None:
    assert field_of("run", "trigger") is FIELDS["trigger"]
