"""The acts of people in an imported campaign beside judging: practice, questions and answers, groups, its event log."""

from collections.abc import Iterable, Sequence
from typing import Any

from common.phrases import gettext_noop
from labeling.actions.campaign_import_checks import WrongLine, check_row, moment, moment_or_none
from labeling.actions.campaign_import_people import CampaignPeople, Line
from labeling.actions.groups import MOST_GROUPINGS, MOST_GROUPS
from labeling.exchange import JsonObject
from labeling.models import (
    AnnotatorGroup,
    Assignment,
    EarlierEvent,
    FaqEntry,
    Grouping,
    GroupMember,
    PracticeAnswer,
    PracticeRound,
    Question,
)
from labeling.queries.campaign_record import ANSWER, EVENT, ROUND

KINDS = ("round", "faq", "grouping", "event")
"""The types of the lines that this module writes."""


def write_records(kind: str, lines: Sequence[Line], people: CampaignPeople, versions: dict[int, int]) -> None:
    """Writes lines of one kind. versions: the keys of the guidelines by number. Raises WrongLine, ValidationError."""
    if kind == "round":
        _write_rounds(lines, people, versions)
    elif kind == "faq":
        for number, values in lines:
            people.line = number
            _write_entry(number, values, people, None)
    elif kind == "grouping":
        for number, values in lines:
            people.line = number
            _write_grouping(number, values, people)
    else:
        EarlierEvent.objects.bulk_create(_event(number, values, people) for number, values in lines)


def write_questions(asked: Iterable[tuple[int, Assignment, JsonObject]], people: CampaignPeople) -> int:
    """Writes questions about assignments that exist, with the entries published from them; returns their number."""
    count = 0
    for number, assignment, values in asked:
        question = Question(
            campaign=people.campaign,
            assignment=assignment,
            asker=assignment.annotator,
            asked_at=moment(values["asked_at"]),
            decided_by=people.named(values["decided_by"]),
            decided_at=moment_or_none(values["decided_at"]),
            read_at=moment_or_none(values["read_at"]),
            **{name: values[name] for name in ("text", "status", "answer")},
        )
        check_row(number, question)
        question.save(force_insert=True)
        if values["faq"]:
            _write_entry(number, values["faq"], people, question)
        count += 1
    return count


def _write_entry(number: int, values: JsonObject, people: CampaignPeople, question: Question | None) -> None:
    entry = FaqEntry(
        campaign=people.campaign,
        question=question,
        published_by=people.named(values["published_by"]) or people.acting_user,
        published_at=moment(values["published_at"]),
        **{name: values[name] for name in ("text", "answer")},
    )
    check_row(number, entry)
    entry.save(force_insert=True)


def _write_grouping(number: int, values: JsonObject, people: CampaignPeople) -> None:
    """Writes a grouping under the rules for declaring one. Its author here is the person who imports it."""
    grouping = Grouping(
        campaign=people.campaign,
        name=values["name"],
        was_found=values["was_found"],
        by=people.acting_user,
        at=moment(values["at"]),
    )
    check_row(number, grouping)
    if not 1 <= len(values["groups"]) <= MOST_GROUPS or people.campaign.groupings.count() >= MOST_GROUPINGS:
        text = gettext_noop("Line %(line)s: a campaign has at most %(most)s groupings, each of 1 to %(groups)s groups.")
        raise WrongLine(number, text, most=MOST_GROUPINGS, groups=MOST_GROUPS)
    grouping.save(force_insert=True)
    for values_of_group in values["groups"]:
        group = AnnotatorGroup(grouping=grouping, name=values_of_group["name"])
        check_row(number, group)
        if "/" in group.name:
            text = gettext_noop("Line %(line)s: the name of the group %(name)s holds a slash, which filters use.")
            raise WrongLine(number, text, name=repr(group.name))
        group.save(force_insert=True)
        members = [people.people[name] for name in values_of_group["members"]]
        GroupMember.objects.bulk_create(GroupMember(grouping=grouping, group=group, person=one) for one in members)


def _write_rounds(lines: Sequence[Line], people: CampaignPeople, versions: dict[int, int]) -> None:
    hashes = {str(answer["pair"]) for _, values in lines for answer in values["answers"]}
    pairs = dict(people.campaign.comparisons.filter(pair_hash__in=hashes).values_list("pair_hash", "pk"))
    answers = []
    for number, values in lines:
        people.line = number
        version = values["guideline_version"]
        one = PracticeRound(
            campaign=people.campaign,
            annotator=people.people[values["annotator"]],
            guideline_version_id=None if version is None else versions[version],
            started_at=moment(values["started_at"]),
            finished_at=moment_or_none(values["finished_at"]),
            **{name: values[name] for name in ROUND},
        )
        check_row(number, one)
        one.save(force_insert=True)
        answers += [_answer(number, one, answer, pairs) for answer in values["answers"]]
    PracticeAnswer.objects.bulk_create(answers)


def _answer(number: int, one: PracticeRound, values: JsonObject, pairs: dict[str, int]) -> PracticeAnswer:
    if values["pair"] not in pairs:
        text = gettext_noop("Line %(line)s: there is no comparison %(name)s before it.")
        raise WrongLine(number, text, name=repr(str(values["pair"])[:80]))
    answer = PracticeAnswer(
        round=one,
        annotator=one.annotator,
        comparison_id=pairs[values["pair"]],
        answered_at=moment_or_none(values["answered_at"]),
        **{name: values[name] for name in ANSWER},
    )
    check_row(number, answer)
    return answer


def _event(number: int, values: JsonObject, people: CampaignPeople) -> EarlierEvent:
    people.line = number
    renamed: dict[str, Any] = {name: people.renamed_in(values[name]) for name in ("actor", "before", "after")}
    event = EarlierEvent(
        campaign=people.campaign, at=moment(values["at"]), **{name: values[name] for name in EVENT}, **renamed
    )
    check_row(number, event)
    return event
