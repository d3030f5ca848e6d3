"""The acts of people in a campaign beside judging, as plain values: membership, practice, questions, the event log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from labeling.exchange import JsonObject
from labeling.models import (
    Campaign,
    EarlierEvent,
    Event,
    FaqEntry,
    Gold,
    Grouping,
    GroupMember,
    GuidelineReading,
    GuidelineVersion,
    Judgment,
    Membership,
    PracticeAnswer,
    PracticePair,
    PracticeRound,
    Question,
    User,
)
from labeling.queries.names import day_only, told_events, veil

CHUNK = 1000
MEMBERSHIP_TIMES = (
    *("warned_at", "paused_at", "practised_at", "qualified_at", "passed_at", "restarted_at", "created_at"),
)
ROUND = ("use", "needed", "total", "right")
EVENT = ("verb", "subject_type", "subject_id")
ANSWER = ("position", "left", "choice", "strength", "criteria", "is_right")


def annotator_lines(campaign: Campaign) -> Iterator[JsonObject]:
    """Everybody who did something in the campaign, by pseudonym, with their membership and what they have read."""
    memberships = Membership.objects.filter(campaign=campaign).select_related("campaign")
    readings = GuidelineReading.objects.filter(version__campaign=campaign).select_related("version").order_by("pk")
    people = _people(campaign).prefetch_related(
        Prefetch("memberships", queryset=memberships, to_attr="in_campaign"),
        Prefetch("guideline_readings", queryset=readings, to_attr="read_here"),
    )
    order = "pseudonym" if campaign.pseudonymous else "pk"  # the order of joining would tell who is who
    for person in people.order_by(order).iterator(chunk_size=CHUNK):
        in_campaign: list[Membership] = person.in_campaign
        read_here: list[GuidelineReading] = person.read_here
        yield {
            "type": "annotator",
            "pseudonym": person.pseudonym,
            "is_simulated": person.is_simulated,
            "is_outside": person.is_outside,
            "membership": _membership(in_campaign[0]) if in_campaign else None,
            "readings": [{"number": one.version.number, "read_at": one.read_at.isoformat()} for one in read_here],
        }


def record_lines(campaign: Campaign) -> Iterator[JsonObject]:
    """The rounds of practice, the published answers that no question led to, the declared groupings, and the event log.

    In a pseudonymous campaign groupings are left out: pseudonyms, beside the page's names, would tell who is who.
    """
    answers = Prefetch(
        "answers", queryset=PracticeAnswer.objects.select_related("comparison").order_by("position"), to_attr="given"
    )
    rounds = campaign.practice_rounds.select_related("annotator", "guideline_version").prefetch_related(answers)
    for one in rounds.order_by("pk").iterator(chunk_size=CHUNK):
        yield _round(one)
    for entry in campaign.faq_entries.filter(question=None).select_related("published_by").order_by("pk"):
        yield {"type": "faq", **faq_entry(entry)}
    for grouping in () if campaign.pseudonymous else campaign.groupings.order_by("pk"):
        yield _grouping(grouping)
    for earlier in told_events(campaign.earlier_events.all(), campaign).order_by("pk").iterator(chunk_size=CHUNK):
        yield _event(veil(earlier, campaign), earlier.actor)
    told = told_events(campaign.events.select_related("actor"), campaign)
    for event in told.order_by("pk").iterator(chunk_size=CHUNK):
        yield _event(veil(event, campaign), event.actor.pseudonym if event.actor else "")


def question(asked: Question) -> JsonObject:
    """A question about a pair, with its answer, and with the entry that was published from it."""
    published = getattr(asked, "faq_entry", None)
    return {
        "text": asked.text,
        "asked_at": asked.asked_at.isoformat(),
        "status": asked.status,
        "answer": asked.answer,
        "decided_by": asked.decided_by.pseudonym if asked.decided_by else None,
        "decided_at": moment_text(asked.decided_at),
        "read_at": moment_text(asked.read_at),
        "faq": faq_entry(published) if published else None,
    }


def faq_entry(entry: FaqEntry) -> JsonObject:
    """A question with its answer that all members read."""
    return {
        "text": entry.text,
        "answer": entry.answer,
        "published_by": entry.published_by.pseudonym,
        "published_at": entry.published_at.isoformat(),
    }


def moment_text(at: datetime | None) -> str | None:
    """A time in ISO 8601; None: there is none."""
    return None if at is None else at.isoformat()


def _people(campaign: Campaign) -> QuerySet[User]:
    def by(rows: QuerySet[Any], field: str) -> Exists:
        return Exists(rows.filter(**{field: OuterRef("pk")}))

    questions, entries = Question.objects.filter(campaign=campaign), FaqEntry.objects.filter(campaign=campaign)
    return User.objects.filter(
        Q(by(Judgment.objects.filter(campaign=campaign), "annotator"))
        | Q(by(campaign.verdicts.all(), "settled_by_user"))
        | Q(by(Membership.objects.filter(campaign=campaign), "user"))
        | Q(by(GuidelineReading.objects.filter(version__campaign=campaign), "annotator"))
        | Q(by(GuidelineVersion.objects.filter(campaign=campaign), "created_by"))
        | Q(by(Gold.objects.filter(comparison__campaign=campaign), "set_by"))
        | Q(by(PracticePair.objects.filter(campaign=campaign), "set_by"))
        | Q(by(PracticeRound.objects.filter(campaign=campaign), "annotator"))
        | Q(by(questions, "asker"))
        | Q(by(questions, "decided_by"))
        | Q(by(entries, "published_by"))
        | Q(by(GroupMember.objects.filter(grouping__campaign=campaign), "person"))
        | Q(by(Event.objects.filter(campaign=campaign), "actor"))
    )


def _grouping(grouping: Grouping) -> JsonObject:
    found: dict[str, list[str]] = {}
    members = grouping.members.order_by("group__name", "person").values_list("group__name", "person__pseudonym")
    for name, pseudonym in members:
        found.setdefault(name, []).append(pseudonym)
    groups = [{"name": name, "members": people} for name, people in found.items()]
    about = {"name": grouping.name, "was_found": grouping.was_found, "at": grouping.at.isoformat()}
    return {"type": "grouping", **about, "groups": groups}


def _membership(member: Membership) -> JsonObject:
    times = {name: getattr(member, name) for name in MEMBERSHIP_TIMES}
    if member.campaign.pseudonymous:
        times = {name: day_only(time) for name, time in times.items()} | {"created_at": None}
    texts = {name: moment_text(time) for name, time in times.items()}
    return {"role": member.role, "read_version": member.read_version, **texts}


def _round(one: PracticeRound) -> JsonObject:
    given: list[PracticeAnswer] = one.given  # type: ignore[attr-defined]
    return {
        "type": "round",
        "annotator": one.annotator.pseudonym,
        **{name: getattr(one, name) for name in ROUND},
        "guideline_version": one.guideline_version.number if one.guideline_version else None,
        "started_at": one.started_at.isoformat(),
        "finished_at": moment_text(one.finished_at),
        "answers": [
            {
                "pair": answer.comparison.pair_hash,
                **{name: getattr(answer, name) for name in ANSWER},
                "answered_at": moment_text(answer.answered_at),
            }
            for answer in given
        ],
    }


def _event(event: Event | EarlierEvent, actor: str) -> JsonObject:
    return {
        "type": "event",
        "at": event.at.isoformat(),
        "actor": actor,
        **{name: getattr(event, name) for name in EVENT},
        "before": event.before,
        "after": event.after,
    }
