"""The judgments that the opinions of a file would bring, for the preview of an import. Nothing is written but a table.

This follows `opinions.py` step by step, with comparisons that are never saved. Batches of a preview are those of the
import. The state of a pair between two of them is in a temporary table: memory does not grow with the file.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from labeling.actions.comparison_drafts import ComparisonDraft, prompt_hash
from labeling.actions.comparison_rows import OrderedDraft
from labeling.actions.counted_votes import count_vote
from labeling.actions.opinion_statements import KEY_OF_STATEMENT
from labeling.actions.outside_annotators import Key, erased_annotators
from labeling.exchange import Vote, pair_hashes
from labeling.judging.settling import decide, wants_more
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, Prompt, Verdict

HELD = "CREATE TEMPORARY TABLE import_preview_pairs (digest text PRIMARY KEY, state jsonb) ON COMMIT DROP"
FIND = "SELECT digest, state FROM import_preview_pairs WHERE digest = ANY(%s)"
RELEASE = "DELETE FROM import_preview_pairs WHERE digest = ANY(%s)"
HOLD = "INSERT INTO import_preview_pairs SELECT unnest(%s::text[]), unnest(%s::jsonb[])"
FORGET = "DROP TABLE import_preview_pairs"

COUNTED = ("overlap", "taken", "judged", "votes_a", "votes_b", "votes_tie", "votes_both_bad", "lean")
NAMELESS, OWN = "nameless", "own"
"""Kinds of annotators without a name in files: outside ones, and the campaign's."""

Status = Comparison.Status
IMPORT = Verdict.SettledBy.IMPORT


@dataclass(slots=True)
class ExpectedOpinions:
    """The outcome that the opinions of a batch would have. The fields are those of AddedOpinions."""

    judgments: int = 0
    contradictions: int = 0
    erased: int = 0
    brought: set[int] = field(default_factory=set)
    settled: int = 0


@dataclass(slots=True)
class _Said:
    """The last choice of one annotator. kind: empty: one with this name in files."""

    name: str
    choice: str
    kind: str = ""
    user: int = 0
    withdrawn: bool = False
    imported: bool = True


@dataclass(slots=True)
class _Pair:
    """A pair as the import would find it. counts: of the comparison. is_new: whether the file brings it."""

    status: str
    counts: dict[str, Any]
    winner: str = ""
    settled_by: str = ""
    said: list[_Said] = field(default_factory=list)
    pseudonyms: list[str] = field(default_factory=list)
    is_stated: bool = False
    is_new: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "_Pair":
        return cls(**{**values, "said": [_Said(**one) for one in values["said"]]})

    @property
    def is_bare(self) -> bool:
        return self.settled_by == IMPORT and not self.counts["judged"]

    @property
    def is_imported(self) -> bool:
        """Whether a verdict or a judgment that counts was imported."""
        return self.settled_by == IMPORT or any(one.imported and not one.withdrawn for one in self.said)

    @property
    def is_untouched(self) -> bool:
        return self.status == Status.OPEN and not self.counts["taken"] and not self.winner


class OpinionPreview:
    """Counts the opinions of one file, batch by batch, in one transaction."""

    def __init__(self, campaign: Campaign, cursor: CursorWrapper) -> None:
        self.campaign, self.cursor = campaign, cursor
        self.erased: Mapping[Key, int] = {}
        cursor.execute(HELD)

    def forget(self) -> None:
        self.cursor.execute(FORGET)

    def take(
        self, digests: Sequence[str], drafts: Sequence[ComparisonDraft], new: set[str], improved: set[str]
    ) -> ExpectedOpinions:
        """Counts a batch. digests: the pair of each draft. new: the pairs that this batch brings.

        improved: those of improved texts, whose drafts bring nothing.
        """
        expected = ExpectedOpinions()
        saying = [place for place, one in enumerate(drafts) if one.votes or one.preference or one.gold]
        places = [place for place in saying if digests[place] not in improved]
        if not places:
            return expected
        ordered = {place: _ordered(drafts[place]) for place in places}
        first = {digest: place for place, digest in reversed(list(enumerate(digests)))}
        pairs = self._pairs({digests[place] for place in places}, new)
        self._create(pairs, first, drafts, ordered, new)
        wanted: dict[str, list[tuple[int, Sequence[Vote]]]] = {}
        for place, one in ordered.items():
            if one.draft.votes and not one.draft.gold:
                wanted.setdefault(digests[place], []).append((place, one.draft.votes))
        for place, one in ordered.items():
            digest, pair = digests[place], pairs[digests[place]]
            is_first = digest in new and first[digest] == place
            is_open = pair.is_imported or (pair.is_untouched and digest not in new)
            if one.winner and not is_first and is_open and pair.winner != one.winner:
                vote = Vote("", one.winner, certainty=one.draft.certainty)
                wanted.setdefault(digest, []).append((place, (vote,)))
        names = {vote.annotator for votes in wanted.values() for _, some in votes for vote in some} - {""}
        self.erased = {key: user.pk for key, user in erased_annotators(self.campaign, names).items()}
        for digest, votes in wanted.items():
            if pairs[digest].status not in Comparison.OUT:
                judged = pairs[digest].counts["judged"]
                self._add(digest, pairs[digest], votes, ordered, expected)
                decided = ordered[first[digest]].canonical(drafts[first[digest]].decided) if digest in new else None
                if pairs[digest].counts["judged"] != judged:
                    self._settle(digest, pairs[digest], decided, expected)
        rows = [json.dumps(asdict(pair)) for pair in pairs.values()]
        self.cursor.execute(RELEASE, [list(pairs.keys() - new)])
        self.cursor.execute(HOLD, [list(pairs), rows])
        return expected

    def _pairs(self, digests: set[str], new: set[str]) -> dict[str, _Pair]:
        """The pairs as the file left them before this batch, or else as the campaign has them."""
        self.cursor.execute(FIND, [list(digests - new)])
        held = {digest: _Pair.from_json(json.loads(state)) for digest, state in self.cursor.fetchall()}
        known = self.campaign.comparisons.filter(pair_hash__in=digests - new - held.keys())
        stored = {one.pk: (one.pair_hash, _Pair(one.status, _counts(one))) for one in known}
        verdicts = Verdict.objects.filter(comparison__in=stored).values_list("comparison_id", "winner", "settled_by")
        for comparison, winner, settled_by in verdicts:
            pair = stored[comparison][1]
            pair.winner, pair.settled_by = winner, settled_by
        self._read_judgments({key: pair for key, (_, pair) in stored.items()})
        pairs = held | dict(stored.values())
        for digest in digests - pairs.keys():
            overlap = self.campaign.overlap_of(digest)
            counts = _counts(Comparison(overlap=overlap))
            pairs[digest] = _Pair(Status.OPEN, counts, is_new=True)
        return pairs

    def _read_judgments(self, pairs: Mapping[int, _Pair]) -> None:
        judgments = Judgment.objects.filter(comparison__in=pairs, kind=Assignment.Kind.NORMAL).order_by("pk")
        last: dict[tuple[int, int], _Said] = {}
        for one in judgments.select_related("annotator") if pairs else ():
            pair, person = pairs[one.comparison_id], one.annotator
            is_outside = person.username.startswith(f"outside:{self.campaign.pk}:")
            kind = "" if person.outside_name else NAMELESS if is_outside else OWN
            is_imported = one.batch_id is not None
            last[one.comparison_id, person.pk] = _Said(
                person.outside_name, one.choice, kind, person.pk, one.superseded_at is not None, is_imported
            )
            pair.pseudonyms.append(person.pseudonym)
            pair.is_stated |= is_imported and one.key.startswith(KEY_OF_STATEMENT)
        for (comparison, _), said in last.items():
            pairs[comparison].said.append(said)

    def _create(
        self,
        pairs: Mapping[str, _Pair],
        first: Mapping[str, int],
        drafts: Sequence[ComparisonDraft],
        ordered: dict[int, OrderedDraft],
        new: set[str],
    ) -> None:
        """Gives the new pairs the status that their first drafts make."""
        created = [digest for digest in pairs if digest in new]
        prompts = {digest: prompt_hash(drafts[first[digest]]) for digest in created}
        retired = set(
            self.campaign.prompts.filter(messages_hash__in=prompts.values())
            .exclude(retired_at=None)
            .values_list("messages_hash", flat=True)
        )
        for digest in created:
            one = ordered.get(first[digest]) or _ordered(drafts[first[digest]])
            ordered.setdefault(first[digest], one)
            pair = pairs[digest]
            pair.status = str(Status.RETIRED if prompts[digest] in retired else one.status)
            if one.winner:
                pair.winner, pair.settled_by = one.winner, str(IMPORT)

    def _add(
        self,
        digest: str,
        pair: _Pair,
        wanted: Sequence[tuple[int, Sequence[Vote]]],
        ordered: Mapping[int, OrderedDraft],
        expected: ExpectedOpinions,
    ) -> None:
        settles, was_stated = False, pair.is_stated
        if pair.is_bare:
            _judge(pair, Vote("", pair.winner), pair.winner, NAMELESS)
            pair.winner = pair.settled_by = ""
        elif ordered[wanted[0][0]].winner and not pair.counts["taken"] and not pair.winner:
            settles, pair.counts["overlap"] = True, 1
        for place, votes in wanted:
            before = expected.judgments
            self._add_all(pair, votes, ordered[place], expected)
            if expected.judgments > before:
                expected.brought.add(place)
                pair.is_stated |= settles
        if settles and pair.counts["judged"] == 1:
            pair.winner, pair.settled_by = pair.said[-1].choice, str(IMPORT)
        elif (settles or was_stated) and pair.counts["judged"] > 1:
            pair.counts["overlap"] = max(pair.counts["overlap"], self.campaign.overlap_of(digest))
            if pair.settled_by == IMPORT:
                pair.winner = pair.settled_by = ""

    def _add_all(self, pair: _Pair, votes: Sequence[Vote], draft: OrderedDraft, expected: ExpectedOpinions) -> None:
        """Adds the votes of one record that are not there yet."""
        erased = set(self.erased.values())
        unnamed = {user for key, user in self.erased.items() if isinstance(key, int)}
        stated = Counter(one.choice for one in pair.said if one.kind == NAMELESS or one.user in unnamed)
        pseudonyms = set(pair.pseudonyms)
        for vote in votes:
            choice = str(draft.canonical(vote.choice))
            if vote.annotator in pseudonyms:
                continue
            if vote.annotator:
                user = self.erased.get(vote.annotator, 0)
                said = next((one for one in pair.said if _is(one, vote.annotator, user)), None)
                if said is not None:
                    expected.contradictions += not said.withdrawn and said.choice != choice
                    expected.erased += said.withdrawn and said.user in erased
                    continue
                if user:
                    expected.erased += 1
                    continue
            else:
                stated[choice] -= 1
                if stated[choice] >= 0:
                    continue
            _judge(pair, vote, choice, "" if vote.annotator else NAMELESS)
            expected.judgments += 1

    def _settle(self, digest: str, pair: _Pair, decided: str | None, expected: ExpectedOpinions) -> None:
        """Applies the campaign's rule, as the import does after its votes."""
        before = pair.status
        if decided and pair.counts["judged"] and not pair.winner:
            pair.status, pair.winner, pair.settled_by = (
                str(Status.SETTLED),
                decided,
                str(Verdict.SettledBy.ADJUDICATION),
            )
        if pair.settled_by == IMPORT and pair.counts["judged"] == 1 and pair.is_stated:
            pair.status = str(Status.SETTLED)
        elif not pair.winner or pair.settled_by in Verdict.BY_RULE:
            one = Comparison(campaign=self.campaign, pair_hash=digest, **pair.counts)
            pair.status, pair.winner, pair.settled_by = str(Status.OPEN), "", ""
            if one.judged >= one.overlap:
                counted = [said for said in pair.said if not said.withdrawn and said.choice != Choice.SKIP]
                votes = [(said.user or -number, said.choice) for number, said in enumerate(counted, 1)]
                decision = decide(one, self.campaign, votes)
                if wants_more(one, self.campaign, decision):
                    pair.counts["overlap"] += 1
                elif decision.winner is None:
                    pair.status = str(Status.CONFLICT)
                else:
                    pair.status, pair.winner = str(Status.SETTLED), str(decision.winner)
                    pair.settled_by = str(decision.how)
        if pair.is_new:
            expected.settled += (pair.status == Status.SETTLED) - (before == Status.SETTLED)


def _judge(pair: _Pair, vote: Vote, choice: str, kind: str) -> None:
    """Adds one judgment to a pair."""
    pair.said.append(_Said(vote.annotator, choice, kind))
    if choice != Choice.SKIP:
        one = Comparison(**pair.counts)
        count_vote(one, choice, vote.certainty)
        pair.counts = _counts(one)


def _is(said: _Said, name: str, erased: int) -> bool:
    """Whether this is the annotator with this name in files. erased: the person, if they were erased; otherwise 0."""
    return said.user == erased if erased else not said.kind and said.name == name


def _counts(comparison: Comparison) -> dict[str, Any]:
    return {name: getattr(comparison, name) for name in COUNTED}


def _ordered(draft: ComparisonDraft) -> OrderedDraft:
    """The draft in canonical order, with no prompt."""
    hashes = pair_hashes(prompt_hash(draft), draft.first.identity, draft.second.identity)
    a, b = (draft.first, draft.second) if hashes.first_is_a else (draft.second, draft.first)
    return OrderedDraft(draft, Prompt(), a, b, hashes)
