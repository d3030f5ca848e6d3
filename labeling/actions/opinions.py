"""Opinions of imported files become judgments of outside annotators, which are votes like all others.

A comparison gets as many places more as its votes need. With fewer votes than its overlap it stays open for
annotators; with enough, the campaign's rule settles it. A verdict of an expert stays, also one that our own file of
another campaign states about a pair that is new here. A preference without an annotator
settles a pair that nobody has judged, as it settles a new one and under every rule, until another opinion comes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice

from common.database.copying import copy_in
from labeling.actions.comparison_rows import ComparisonOrigin, OrderedDraft, decided_verdict
from labeling.actions.counted_votes import count_vote, settle_again
from labeling.actions.opinion_statements import (
    KEY_OF_STATEMENT,
    KEY_OF_VERDICT,
    moment,
    named_in_metadata,
    restated,
    stated_verdict,
    vote_of_verdict,
)
from labeling.actions.outside_annotators import Key, ensure_outside_annotators, erased_annotators
from labeling.exchange import Vote
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, User, Verdict
from labeling.tally import Tally, tally_of

Status = Comparison.Status
Wanted = dict[int, list[tuple[int, tuple[Vote, ...]]]]


@dataclass(slots=True)
class AddedOpinions:
    """The result.

    contradictions, erased: votes left out because their annotator judged the pair otherwise before, or was erased.
    brought: the places, in the drafts, of those that added a judgment. settled: the change in the number of the batch's
    comparisons with a verdict. totals: the change of the campaign's totals.
    """

    judgments: int = 0
    contradictions: int = 0
    erased: int = 0
    brought: set[int] = field(default_factory=set)
    settled: int = 0
    totals: Tally = field(default_factory=Tally)


def add_opinions(
    campaign: Campaign,
    drafts: Sequence[OrderedDraft],
    comparisons: Sequence[Comparison],
    created: set[int],
    origin: ComparisonOrigin,
) -> AddedOpinions:
    """Adds the judgments that drafts bring to their comparisons. An opinion that is there already adds nothing.

    comparisons: one for each draft. created: the ids of those that these drafts made. The campaign must be locked.
    """
    wanted: Wanted = defaultdict(list)
    for place, (draft, comparison) in enumerate(zip(drafts, comparisons, strict=True)):
        if draft.draft.votes and not draft.draft.gold:
            votes = votes_with_fields(draft, comparison)
            wanted[comparison.pk].append((place, tuple(_canonical(draft, vote) for vote in votes)))
    for place, vote, key in restated(drafts, comparisons, created, is_import=origin.batch is not None):
        wanted[key].append((place, (vote,)))
    verdicts = {key for key, stated in wanted.items() if drafts[stated[0][0]].winner is not None}
    decided = {
        comparison.pk: winner
        for draft, comparison in zip(drafts, comparisons, strict=True)
        if comparison.pk in created and (winner := draft.canonical(draft.draft.decided))
    }
    return _Adding(campaign, origin, sorted(wanted), verdicts).add(wanted, decided) if wanted else AddedOpinions()


def is_line_of_one(draft: OrderedDraft) -> bool:
    """Whether a draft is the opinion of one named annotator, as a line of a crowd's table is."""
    votes = draft.draft.votes
    return len(votes) == 1 and bool(votes[0].annotator)


def votes_with_fields(draft: OrderedDraft, comparison: Comparison) -> tuple[Vote, ...]:
    """The votes of a draft. That of a line about a known pair takes the fields that are others than the pair's."""
    if not is_line_of_one(draft):
        return tuple(draft.draft.votes)
    stored = comparison.metadata or {}
    others = {name: value for name, value in (draft.draft.metadata or {}).items() if stored.get(name) != value}
    [vote] = draft.draft.votes
    return (replace(vote, metadata=others | dict(vote.metadata)) if others else vote,)


def _canonical(draft: OrderedDraft, vote: Vote) -> Vote:
    """The vote in terms of a and b."""
    criteria = {name: str(draft.canonical(choice)) for name, choice in vote.criteria.items()}
    choice, left = draft.canonical(vote.choice), draft.canonical(vote.left)
    return replace(vote, choice=str(choice), left=str(left), criteria=criteria)


class _Adding:
    """Adds judgments to some comparisons, which it locks in the order of their ids.

    said: the choice of each annotator on each comparison. withdrawn: the annotators whose choice no longer counts.
    pseudonyms: of all of them. slots: the places that are held. erased: outside annotators who were erased. stated: the
    comparisons whose first record states a verdict. statements: those that such a record settled earlier. given: the
    verdicts of those that it settles now.
    """

    def __init__(self, campaign: Campaign, origin: ComparisonOrigin, ids: list[int], stated: Collection[int]) -> None:
        self.stated = stated
        self.statements: set[int] = set()
        self.given: list[Verdict] = []
        self.campaign, self.origin, self.result = campaign, origin, AddedOpinions()
        locked = Comparison.objects.filter(pk__in=ids).exclude(status__in=Comparison.OUT).order_by("pk")
        self.comparisons = {one.pk: one for one in locked.select_for_update(no_key=True)}
        for one in self.comparisons.values():
            one.campaign = campaign
        self.verdicts = {one.comparison_id: one for one in Verdict.objects.filter(comparison__in=self.comparisons)}
        self.users: dict[Key, User] = {}
        self.erased: set[int] = set()
        self.said: dict[int, dict[int, str]] = defaultdict(dict)
        self.withdrawn: set[tuple[int, int]] = set()
        self.pseudonyms: dict[int, set[str]] = defaultdict(set)
        self.slots: dict[int, set[int | None]] = defaultdict(set)
        self.judgments: list[Judgment] = []

    def add(self, wanted: Wanted, decided: Mapping[int, str]) -> AddedOpinions:
        """wanted: the votes on each comparison, with the places of their drafts. decided: the winners of experts."""
        self._read()
        before = {key: (tally_of(one), one.status) for key, one in self.comparisons.items()}
        self._ensure_users(wanted)
        for key, comparison in self.comparisons.items():
            settles = False
            if self._is_bare(key):
                settles = self._restate(comparison, [vote for _, votes in wanted[key] for vote in votes])
            elif key in self.stated and not comparison.taken and key not in self.verdicts:
                settles, comparison.overlap = True, 1  # this vote is the verdict
            for place, votes in wanted[key]:
                name = KEY_OF_STATEMENT if settles and not comparison.taken else "import"
                if self._add_all(comparison, votes, name):
                    self.result.brought.add(place)
            self._follow_statement(comparison, settles=settles)
        copy_in([judgment.assignment for judgment in self.judgments])
        for judgment in self.judgments:
            judgment.assignment_id = judgment.assignment.pk
        copy_in(self.judgments)
        self._decide(decided)
        self._settle()
        for key, (tally, status) in before.items():
            comparison = self.comparisons[key]
            self.result.totals += tally_of(comparison) - tally
            if self.origin.batch is not None and comparison.batch_id == self.origin.batch.pk:
                self.result.settled += (comparison.status == Status.SETTLED) - (status == Status.SETTLED)
        return self.result

    def _read(self) -> None:
        assignments = Assignment.objects.filter(comparison__in=self.comparisons, kind=Assignment.Kind.NORMAL)
        for comparison, slot in assignments.values_list("comparison_id", "slot"):
            self.slots[comparison].add(slot)
        judgments = Judgment.objects.filter(comparison__in=self.comparisons, kind=Assignment.Kind.NORMAL).order_by("pk")
        columns = (
            "comparison_id",
            "annotator_id",
            "annotator__pseudonym",
            "choice",
            "superseded_at",
            "key",
            "batch_id",
        )
        for comparison, annotator, pseudonym, choice, superseded_at, name, batch in judgments.values_list(*columns):
            if batch is not None and name.startswith((KEY_OF_STATEMENT, KEY_OF_VERDICT)):
                self.statements.add(comparison)
            self.said[comparison][annotator] = choice
            key = comparison, annotator
            (self.withdrawn.add if superseded_at else self.withdrawn.discard)(key)
            self.pseudonyms[comparison].add(pseudonym)

    def _ensure_users(self, wanted: Wanted) -> None:
        """Loads the outside annotators of these votes, and as many without a name as one comparison can need."""
        own = self.pseudonyms
        annotators = {
            key: [vote.annotator for _, votes in wanted[key] for vote in votes if vote.annotator not in own[key]]
            for key in self.comparisons
        }
        names = {name for listed in annotators.values() for name in listed if name}
        erased = erased_annotators(self.campaign, names)
        unnamed = 0
        for key, listed in annotators.items():
            known = {name for name in listed if name and name not in erased}
            is_nobodys = self._is_bare(key) and not named_in_metadata(self.comparisons[key], known)[0]
            needed = listed.count("") + is_nobodys
            unnamed = max(unnamed, needed and needed + len(self.said[key]))
        keys: list[Key] = [key for key in names if key not in erased]
        keys += islice((number for number in count(1) if number not in erased), unnamed)
        self.users = ensure_outside_annotators(self.campaign, keys, self.origin.added_at) | erased
        self.erased = {user.pk for user in erased.values()}

    def _is_bare(self, comparison: int) -> bool:
        """Whether it has an imported verdict without judgments."""
        verdict = self.verdicts.get(comparison)
        is_imported = verdict is not None and verdict.settled_by == Verdict.SettledBy.IMPORT
        return is_imported and not self.comparisons[comparison].judged

    def _restate(self, comparison: Comparison, votes: Sequence[Vote]) -> bool:
        """Makes a judgment of an imported verdict, so that it is one vote among others; returns if it has an author."""
        verdict = self.verdicts.pop(comparison.pk)
        verdict.delete()
        known = [vote for vote in votes if (user := self.users.get(vote.annotator)) and user.pk not in self.erased]
        vote, named_in = vote_of_verdict(verdict, comparison, known)
        metadata = comparison.metadata or {}
        if named_in:
            comparison.metadata = {name: value for name, value in metadata.items() if name != named_in}
            comparison.save(update_fields=["metadata"])
            comparison.overlap = 1  # this vote is the verdict, as it was
        batch = self.origin.batch.pk if self.origin.batch else None
        author = self.users[vote.annotator] if named_in else self._nameless()[0]
        self._write(comparison, author, vote, f"{KEY_OF_VERDICT}-{comparison.pk}", batch)
        return bool(named_in)

    def _follow_statement(self, comparison: Comparison, *, settles: bool) -> None:
        """A stated verdict stands while it is the only vote; beside another one the campaign's rule decides.

        The rule then asks for as many votes as of any other comparison.
        """
        if settles and comparison.judged == 1:
            vote = next(one for one in reversed(self.judgments) if one.choice != Choice.SKIP)
            self.given.append(stated_verdict(comparison, vote))
        elif (settles or comparison.pk in self.statements) and comparison.judged > 1:
            comparison.overlap = max(comparison.overlap, self.campaign.overlap_of(comparison.pair_hash))
            verdict = self.verdicts.get(comparison.pk)
            if verdict is not None and verdict.settled_by == Verdict.SettledBy.IMPORT:
                self.verdicts.pop(comparison.pk).delete()

    def _add_all(self, comparison: Comparison, votes: Sequence[Vote], name: str) -> bool:
        """Adds the votes of one record that are not there yet; returns whether there were any.

        name: the beginning of their keys.
        """
        said, before = self.said[comparison.pk], len(self.judgments)
        nameless = self._nameless()
        stated = Counter(said[user.pk] for key, user in self.users.items() if isinstance(key, int) and user.pk in said)
        batch = self.origin.batch.pk if self.origin.batch else None
        for vote in votes:
            if vote.annotator in self.pseudonyms[comparison.pk]:
                continue  # a judgment of this campaign comes back
            if vote.annotator:
                user = self.users[vote.annotator]
                if user.pk in said:
                    counts = (comparison.pk, user.pk) not in self.withdrawn
                    self.result.contradictions += counts and said[user.pk] != vote.choice
                    self.result.erased += not counts and user.pk in self.erased  # it was withdrawn with the person
                    continue
                if user.pk in self.erased:
                    self.result.erased += 1
                    continue
            else:
                stated[vote.choice] -= 1
                if stated[vote.choice] >= 0:
                    continue
                user = next(user for user in nameless if user.pk not in said)
            self._write(comparison, user, vote, f"{name}-{batch}-{comparison.pk}", batch)
        self.result.judgments += len(self.judgments) - before
        return len(self.judgments) > before

    def _nameless(self) -> list[User]:
        """The annotators without a name who may judge."""
        return [user for key, user in self.users.items() if isinstance(key, int) and user.pk not in self.erased]

    def _write(self, comparison: Comparison, user: User, vote: Vote, key: str, batch: int | None) -> None:
        at = moment(vote.at, self.origin.added_at)
        is_vote = vote.choice != Choice.SKIP
        slots = self.slots[comparison.pk]
        slot = next(number for number in count(1) if number not in slots) if is_vote else None
        assignment = Assignment(
            comparison=comparison,
            campaign=self.campaign,
            annotator=user,
            slot=slot,
            left=vote.left,
            status=Assignment.Status.JUDGED if is_vote else Assignment.Status.SKIPPED,
            leased_at=at,
            expires_at=at,
        )
        self.judgments.append(
            Judgment(
                assignment=assignment,
                comparison=comparison,
                campaign=self.campaign,
                annotator=user,
                choice=vote.choice,
                strength=vote.strength,
                criteria=dict(vote.criteria),
                comment=vote.comment,
                edit=vote.edit,
                skip_reason=vote.skip_reason,
                flag=vote.flag,
                seconds=vote.seconds,
                left=vote.left,
                key=key,
                created_at=at,
                batch_id=batch,
                certainty=vote.certainty,
                metadata=dict(vote.metadata) or None,
            )
        )
        slots.add(slot)
        self.said[comparison.pk][user.pk] = vote.choice
        if is_vote:
            count_vote(comparison, vote.choice, vote.certainty)

    def _decide(self, decided: Mapping[int, str]) -> None:
        """Gives new comparisons the verdicts of experts, over which no rule decides."""
        for key, winner in decided.items():
            comparison = self.comparisons.get(key)
            if comparison is not None and comparison.judged and key not in self.verdicts:
                comparison.status = Status.SETTLED
                self.verdicts[key] = decided_verdict(comparison, winner, self.origin.added_at)
        Verdict.objects.bulk_create([one for one in self.verdicts.values() if one.pk is None])

    def _settle(self) -> None:
        """Applies the campaign's rule to the comparisons that have new votes, and saves all of them."""
        changed = {judgment.comparison_id for judgment in self.judgments if judgment.choice != Choice.SKIP}
        comparisons = [self.comparisons[key] for key in sorted(changed)]
        settle_again(self.campaign, comparisons, self.verdicts, self.origin.added_at, self.given)
