"""The rows of an imported campaign: people, prompts, completions, comparisons and judgments, in batches."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import models

from common.phrases import gettext_noop
from labeling.actions.campaign_import_checks import Known, WrongLine, check_row, moment, moment_or_none
from labeling.actions.campaign_import_people import CampaignPeople, Line
from labeling.actions.campaign_import_records import KINDS, write_questions, write_records
from labeling.actions.prompts import unfit_messages
from labeling.exchange import (
    OF_LINE,
    BadRecordError,
    JsonObject,
    Message,
    bare_conversation,
    conversation_of,
    identity,
    is_canonical,
    messages_hash,
    pair_hash,
    text_hash,
)
from labeling.models import (
    Assignment,
    Campaign,
    Choice,
    Comparison,
    Completion,
    Gold,
    Judgment,
    PracticePair,
    Prompt,
    User,
    Verdict,
)
from labeling.queries.whole_campaign import COMPARISON, COMPLETION, JUDGMENT
from labeling.stats import lean_of
from labeling.tally import Tally, tally_of

Kind = Assignment.Kind
Identity = tuple[int, str, str, int | None]


class CampaignRows:
    """Writes the lines of a campaign that exists already. counts: of what was written. totals: of the campaign.

    people: of the campaign. practice_pairs: for practice and qualification.
    """

    def __init__(self, campaign: Campaign, acting_user: User, now: datetime) -> None:
        self.campaign, self.acting_user, self.now = campaign, acting_user, now
        self.counts: dict[str, int] = {}
        self.totals = Tally()
        self.people = CampaignPeople(campaign, acting_user, now)
        self._version_keys: dict[int, int] | None = None
        self._practice = [0, 0]

    @property
    def line(self) -> int:
        """The number of the last line that was looked at."""
        return self.people.line

    @line.setter
    def line(self, number: int) -> None:
        self.people.line = number

    @property
    def practice_pairs(self) -> tuple[int, int]:
        return self._practice[0], self._practice[1]

    def count(self, kind: str, number: int = 1) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + number

    def write(self, lines: Sequence[Line]) -> None:
        """Writes some lines, in their order. Raises WrongLine, ValidationError."""
        writings: dict[str, Callable[[Sequence[Line]], None]] = {
            "annotator": self._people,
            "prompt": self._prompts,
            "comparison": self._comparisons,
            **{kind: partial(self._records, kind) for kind in KINDS},
        }
        for kind, writing in writings.items():
            if chosen := [line for line in lines if line[1]["type"] == kind]:
                writing(chosen)
                self.count(kind, len(chosen))

    def _people(self, lines: Sequence[Line]) -> None:
        for number, values in lines:
            self.line = number
            self.people.write(number, values, self.versions)

    def _records(self, kind: str, lines: Sequence[Line]) -> None:
        self.line = lines[0][0]
        write_records(kind, lines, self.people, self.versions)

    def _prompts(self, lines: Sequence[Line]) -> None:
        prompts, loose = [], []
        for number, values in lines:
            self.line = number
            messages = values["messages"]
            if reason := unfit_messages(messages):
                raise WrongLine(number, OF_LINE, reason=reason)
            prompt = Prompt(
                campaign=self.campaign,
                messages=bare_conversation(messages),
                messages_hash=messages_hash(messages),
                external_id=values["external_id"],
                tags=values["tags"],
                metadata=values["metadata"],
                created_at=moment(values["created_at"]),
                retired_at=moment_or_none(values["retired_at"]),
            )
            check_row(number, prompt)
            prompts.append(prompt)
            loose += [(number, prompt, completion) for completion in values["completions"]]
        Prompt.objects.bulk_create(prompts)
        self.totals += Tally(prompts=sum(prompt.retired_at is None for prompt in prompts))
        self._completions(loose)

    def _completions(self, wanted: Sequence[tuple[int, Prompt, JsonObject]]) -> dict[Identity, Completion]:
        """The completions of these lines: existing ones, and new ones for the others."""
        by_key: dict[Identity, Completion] = {}
        for number, prompt, values in wanted:
            self.line = number
            completion = Completion(
                prompt=prompt,
                text_hash=text_hash(_named(values)),
                turns=_turns(number, values),
                created_at=moment(values["created_at"]),
                **{name: values[name] for name in COMPLETION},
            )
            check_row(number, completion)
            by_key.setdefault(_identity(completion), completion)
        existing = Completion.objects.filter(
            prompt__in={prompt.pk for _, prompt, _ in wanted}, text_hash__in={key[1] for key in by_key}
        )
        there = {_identity(one): one for one in existing}
        Completion.objects.bulk_create(one for key, one in by_key.items() if key not in there)
        return by_key | there

    def _comparisons(self, lines: Sequence[Line]) -> None:
        hashes = {str(values["prompt"]) for _, values in lines}
        prompts = {one.messages_hash: one for one in self.campaign.prompts.filter(messages_hash__in=hashes)}
        for number, values in lines:
            self.line = number
            if values["prompt"] not in prompts:
                text = gettext_noop("Line %(line)s: there is no prompt %(name)s before it.")
                raise WrongLine(number, text, name=repr(str(values["prompt"])[:80]))
        sides = [(number, prompts[values["prompt"]], values[side]) for number, values in lines for side in "ab"]
        completions = self._completions(sides)
        written = [self._comparison(number, values, prompts[values["prompt"]], completions) for number, values in lines]
        Comparison.objects.bulk_create(written)
        known: list[models.Model] = []
        for (number, values), comparison in zip(lines, written, strict=True):
            known += self._known(number, values, comparison)
            self.totals += tally_of(comparison)
        for model in (Verdict, Gold, PracticePair):
            manager: Any = model._default_manager
            manager.bulk_create(row for row in known if isinstance(row, model))
        self._judgments(lines, written)

    def _comparison(
        self, number: int, values: JsonObject, prompt: Prompt, completions: dict[Identity, Completion]
    ) -> Comparison:
        self.line = number
        a, b = (
            completions[prompt.pk, text_hash(_named(values[side])), values[side]["model_version"], values[side]["seed"]]
            for side in "ab"
        )
        if not is_canonical(a.identity, b.identity, prompt_hash=prompt.messages_hash):
            raise WrongLine(number, gettext_noop("Line %(line)s: a and b are exchanged."))
        cast = [
            judgment
            for assignment in values["assignments"]
            for judgment in assignment["judgments"]
            if assignment["kind"] == Kind.NORMAL and judgment["superseded_at"] is None and judgment["choice"] != "skip"
        ]
        votes = Counter(judgment["choice"] for judgment in cast)
        lean = sum((lean_of(judgment["choice"], judgment.get("certainty")) for judgment in cast), 0.0)
        comparison = Comparison(
            campaign=self.campaign,
            prompt=prompt,
            completion_a=a,
            completion_b=b,
            pair_hash=pair_hash(prompt.messages_hash, a.identity, b.identity),
            taken=votes.total(),
            judged=votes.total(),
            **{f"votes_{choice}": votes[choice] for choice in ("a", "b", "tie", "both_bad")},
            lean=lean,
            **{name: values[name] for name in COMPARISON if name in values},
            retired_with_prompt=values["retired_with_prompt"],
            added_by=self.acting_user,
            created_at=moment(values["created_at"]),
        )
        check_row(number, comparison)
        return comparison

    def _known(self, number: int, values: JsonObject, comparison: Comparison) -> list[models.Model]:
        """The verdict of a comparison, or its known answer."""
        self.line = number
        rows: list[models.Model] = []
        if verdict := values["verdict"]:
            expert = verdict["settled_by_user"]
            rows.append(
                Verdict(
                    comparison=comparison,
                    campaign=self.campaign,
                    votes=comparison.votes,
                    settled_by_user=self.people.named(expert),
                    settled_at=moment(verdict["settled_at"]),
                    **{name: verdict[name] for name in ("winner", "confidence", "settled_by", "reason")},
                )
            )
        if gold := values["gold"]:
            known = {"winner": gold["winner"], "reason": gold["reason"], "set_at": moment(gold["set_at"])}
            rows.append(Gold(comparison=comparison, set_by=self._setter(gold), **known))
        if practice := values["practice"]:
            known = {name: practice[name] for name in ("use", "winner", "explanation")}
            known |= {name: practice[name] for name in ("strength", "criteria") if practice.get(name)}
            known["set_at"] = moment(practice["set_at"])
            known |= {"campaign": self.campaign, "set_by": self._setter(practice)}
            rows.append(PracticePair(comparison=comparison, **known))
            self._practice[practice["use"] == PracticePair.Use.QUALIFICATION] += 1
        for row in rows:
            check_row(number, row)
        return rows

    def _setter(self, known: JsonObject) -> User | None:
        """The person who stated a known answer; in files of earlier versions the person who imports them."""
        return self.people.named(known["set_by"]) if "set_by" in known else self.acting_user

    def _judgments(self, lines: Sequence[Line], comparisons: Sequence[Comparison]) -> None:
        assignments: list[Assignment] = []
        judgments: list[Judgment] = []
        asked: list[tuple[int, Assignment, JsonObject]] = []
        for (number, values), comparison in zip(lines, comparisons, strict=True):
            self.line = number
            for one in values["assignments"]:
                assignment = Assignment(
                    comparison=comparison,
                    campaign=self.campaign,
                    annotator=self.people.people[one["annotator"]],
                    guideline_version_id=self._version(one["guideline_version"]),
                    leased_at=moment(one["leased_at"]),
                    expires_at=moment(one["leased_at"]),
                    arm=one.get("arm", ""),
                    **{name: one[name] for name in ("kind", "status", "slot", "left")},
                )
                check_row(number, assignment)
                assignments.append(assignment)
                made = [self._judgment(number, assignment, judgment) for judgment in one["judgments"]]
                judgments += made
                asked += [(number, assignment, question) for question in one.get("questions", [])]
                self._count(values, made)
        Assignment.objects.bulk_create(assignments)
        Judgment.objects.bulk_create(judgments)
        self.count("judgment", len(judgments))
        if asked:
            self.count("question", write_questions(asked, self.people))

    def _judgment(self, number: int, assignment: Assignment, values: JsonObject) -> Judgment:
        if any(choice not in Choice.values for choice in values["criteria"].values()):
            text = gettext_noop("Line %(line)s: the criteria of a judgment must be choices by name.")
            raise WrongLine(number, text)
        judgment = Judgment(
            assignment=assignment,
            comparison=assignment.comparison,
            campaign=self.campaign,
            annotator=assignment.annotator,
            guideline_version_id=self._version(values["guideline_version"]),
            kind=assignment.kind,
            created_at=moment(values["created_at"]),
            superseded_at=moment_or_none(values["superseded_at"]),
            **{name: values[name] for name in JUDGMENT if name in values},
        )
        check_row(number, judgment)
        return judgment

    def _count(self, values: JsonObject, judgments: Sequence[Judgment]) -> None:
        """Adds to the counts of a member."""
        for one in judgments:
            if one.superseded_at is None and one.choice != Choice.SKIP:
                self.people.judged[one.annotator_id] += 1
                if one.kind == Kind.GOLD and values["gold"]:
                    self.people.gold[one.annotator_id, one.choice == values["gold"]["winner"]] += 1

    @property
    def versions(self) -> dict[int, int]:
        """The keys of the campaign's guidelines by number, which are written before everything else."""
        if self._version_keys is None:
            self._version_keys = Known(gettext_noop("there are no guidelines %(name)s before it"))
            self._version_keys.update(self.campaign.guideline_versions.values_list("number", "pk"))
        return self._version_keys

    def _version(self, number: int | None) -> int | None:
        return None if number is None else self.versions[number]


def _named(values: JsonObject) -> str:
    """The text that names a completion."""
    return identity(values["text"], values.get("turns") or ())


def _turns(number: int, values: JsonObject) -> list[Message] | None:
    """The turns of a completion, if it has some. Raises WrongLine for those that are none, or another text's."""
    turns = values.get("turns")
    if not turns:
        return None
    try:
        is_right = values["text"] == conversation_of(turns).text
    except BadRecordError as error:
        raise WrongLine(number, OF_LINE, reason=error.reason) from error
    if not is_right:
        text = gettext_noop("Line %(line)s: the text of a completion is not that of its turns.")
        raise WrongLine(number, text)
    return bare_conversation(turns)


def _identity(completion: Completion) -> Identity:
    return completion.prompt_id, completion.text_hash, completion.model_version, completion.seed
