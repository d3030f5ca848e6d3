"""The demo: a serving model, two people, and a campaign with prompts, gold, practice pairs and first candidates.

Part of its pairs asks for two judgments, so that agreement can be measured. Its completions are short: on two cores
they are written and learned from within minutes (docs/experiments.md).
"""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.actions.members import add_member
from labeling.actions.people import create_user
from labeling.actions.practice import PracticeDraft, add_practice
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import Message
from labeling.models import Campaign, Comparison, Membership, Role, User
from training.actions.base_model import Say, serve_base_version
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.models import ACTIVE_STATUSES

DEMO_DIR = Path(__file__).resolve().parent.parent / "demo"
SLUG = "demo"
OVERLAP, OVERLAP_SHARE = 2, 0.3
GOLD_RATE = 0.05
CANDIDATES = GenerationSpec(settings={"max_tokens": 48, "temperature": 0.9, "top_p": 0.95}, pairs_per_prompt=2, seed=1)


def bootstrap_demo(*, now: datetime, say: Say, candidates: GenerationSpec = CANDIDATES) -> Campaign:
    """Makes the missing parts of the demo and leaves the existing ones as they are.

    say: is called with each step, and with `login: NAME PASSWORD` for each new person: the only time that the password
    is shown. candidates: how the first pairs are written.
    """
    serve_base_version(now=now, say=say)
    lead = _ensure_person("lead", Role.LEAD, now=now, say=say)
    annotator = _ensure_person("annotator", Role.ANNOTATOR, now=now, say=say)
    campaign = Campaign.objects.filter(slug=SLUG).first() or _make_campaign(lead, now=now)
    _complete(campaign, lead, annotator, now=now)
    pairs = campaign.comparisons.exclude(status__in=(Comparison.Status.GOLD, Comparison.Status.PRACTICE))
    if not pairs.exists() and not campaign.generation_jobs.filter(status__in=ACTIVE_STATUSES).exists():
        start_generation(campaign=campaign, acting_user=None, now=now, spec=candidates)
    return campaign


def demo_prompts() -> Iterator[PromptDraft]:
    """The prompts of the demo, which were written for it."""
    for values in _lines("prompts.jsonl"):
        yield PromptDraft(values["messages"], external_id=values["id"], tags=tuple(values["tags"]))


def demo_gold() -> Iterator[ComparisonDraft]:
    """Pairs with a known verdict, which were written for the demo: they measure annotators."""
    return (_known_pair(values) for values in _lines("gold.jsonl"))


def demo_practice() -> Iterator[PracticeDraft]:
    """Pairs to practise on, which were written for the demo: each explains its answer by the demo's guidelines."""
    return (PracticeDraft(_known_pair(values), values["explanation"]) for values in _lines("practice.jsonl"))


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with open(DEMO_DIR / name, encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _known_pair(values: dict[str, Any]) -> ComparisonDraft:
    prompt = [Message(role="user", content=values["prompt"])]
    return ComparisonDraft(prompt, CompletionDraft(values["right"]), CompletionDraft(values["wrong"]), gold="first")


def _ensure_person(name: str, role: str, *, now: datetime, say: Say) -> User:
    user = User.objects.filter(username=name).first()
    if user is not None:
        return user
    user, password = create_user(username=name, role=role, acting_user=None, now=now)
    say(f"login: {name} {password}")
    return user


def _make_campaign(lead: User, *, now: datetime) -> Campaign:
    guidelines = (DEMO_DIR / "guidelines.md").read_text(encoding="utf-8")
    return create_campaign(
        name="Demo",
        slug=SLUG,
        acting_user=lead,
        now=now,
        guidelines=guidelines,
        overlap=OVERLAP,
        overlap_share=OVERLAP_SHARE,
        gold_rate=GOLD_RATE,
    )


def _complete(campaign: Campaign, lead: User, annotator: User, *, now: datetime) -> None:
    """Adds the parts that an interruption left out. A campaign that is no longer a draft is left alone."""
    if campaign.status != Campaign.Status.DRAFT:
        return
    add_prompts(campaign=campaign, prompts=islice(demo_prompts(), settings.DEMO_PROMPTS), acting_user=None, now=now)
    add_comparisons(campaign=campaign, drafts=demo_gold(), source="demo", acting_user=None, now=now)
    add_practice(campaign=campaign, drafts=list(demo_practice()), source="demo", acting_user=None, now=now)
    add_member(campaign=campaign, user=lead, role=Membership.Role.LEAD, acting_user=None, now=now)
    add_member(campaign=campaign, user=annotator, role=Membership.Role.ANNOTATOR, acting_user=None, now=now)
    change_campaign_status(campaign=campaign, status=Campaign.Status.ACTIVE, acting_user=None, now=now)
    campaign.refresh_from_db()
