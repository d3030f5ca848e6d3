"""The candidates of one pair to be written: which exist, which are still to be requested, and what becomes of them."""

from dataclasses import replace

from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, draft_of_stored
from labeling.actions.prompts import unstorable
from labeling.models import Comparison
from training.actions.planning import derive_seed
from training.generation import (
    NEARLY_THE_SAME,
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    SamplingSettings,
    distinct_pairs,
    similarity,
)
from training.jobs.drafts import draft_as_json, draft_from_json, draft_of_generated
from training.models import CandidateStrategy, GenerationItem, GenerationJob

Status = GenerationItem.Status
SIDES = ("first", "second")
MAX_TRIES = 5  # of one pair, where trying again may help


def slots_of(job: GenerationJob) -> tuple[str, ...]:
    """The places of a pair's texts: its sides, or the numbers of the candidates they are chosen from."""
    if job.strategy == CandidateStrategy.BEST_WORST:
        return tuple(str(number) for number in range(job.candidates))
    return SIDES[:1] if job.strategy == CandidateStrategy.IMPORTED else SIDES


def written_candidates(item: GenerationItem) -> dict[str, CompletionDraft]:
    """The numbered candidates of a "best_worst" item that are written so far, by slot."""
    return {slot: draft_from_json(values) for slot, values in item.candidates.items()}


class Candidates:
    """An item of a job with the texts it has so far.

    counted: how much of its progress the job's row includes. diversity: figures of the pair since it was completed,
    until they are written.
    """

    def __init__(self, job: GenerationJob, item: GenerationItem, slots: tuple[str, ...]) -> None:
        self.job, self.item, self.slots = job, item, slots
        self.mark_written()
        self._has_stored_changes = self.counted > 0 or item.tries > 0

    def mark_written(self) -> None:
        """Notes that the item's row and the job's row hold everything up to now."""
        self.counted = self.progress
        self.counted_status = self.item.status
        self.counted_redrawn = self.item.resampled
        self.diversity: dict[str, float] = {}
        self._has_stored_changes = True

    # --- What there is ---

    @property
    def progress(self) -> int:
        """How many of its texts are written, or no longer needed."""
        is_over = self.item.status not in (Status.WAITING, Status.DRAWN)
        return len(self.slots) if is_over else sum(self._has(slot) for slot in self.slots)

    @property
    def is_waiting(self) -> bool:
        """Whether texts are still to be written."""
        return self.item.status == Status.WAITING

    @property
    def is_complete(self) -> bool:
        """Whether both texts exist and fit together: it can become a comparison."""
        return bool(self.diversity)

    @property
    def came_at_once(self) -> bool:
        """Whether it went from planned to done in one go: then only its comparison has to be written to its row."""
        is_done = self.item.status == Status.DONE and not self._has_stored_changes
        return is_done and not self.item.resampled and not self.item.tries

    def missing(self, version: int) -> list[str]:
        """The slots that a version (its id) still has to fill."""
        second = self.item.version_second_id
        writers = {slot: second if slot == "second" else self.item.version_first_id for slot in self.slots}
        return [slot for slot in self.slots if writers[slot] == version and not self._has(slot)]

    def _has(self, slot: str) -> bool:
        return (getattr(self.item, slot) if slot in SIDES else self.item.candidates.get(slot)) is not None

    def _draft(self, slot: str) -> CompletionDraft:
        return draft_from_json(getattr(self.item, slot) if slot in SIDES else self.item.candidates[slot])

    def _put(self, slot: str, draft: CompletionDraft) -> None:
        if slot in SIDES:
            setattr(self.item, slot, draft_as_json(draft))
        else:
            self.item.candidates[slot] = draft_as_json(draft)

    def _clear(self, slot: str) -> None:
        if slot in SIDES:
            setattr(self.item, slot, None)
        else:
            self.item.candidates.pop(slot, None)

    # --- What to request ---

    def request(self, slot: str, settings: dict[str, SamplingSettings]) -> GenerationRequest:
        """The request for one slot. settings: by side. Raises InvalidRequest."""
        item = self.item
        if slot in SIDES:
            seed = item.seed_first if slot == "first" else item.seed_second
        else:
            seed = item.seed_first + int(slot)
        side = "second" if slot == "second" else "first"
        return GenerationRequest(f"{item.pk}:{slot}", item.prompt.messages, seed, settings[side])

    # --- What becomes of it ---

    def take(self, slot: str, completion: GeneratedCompletion) -> None:
        """Puts a text into its slot. The last one settles the pair."""
        if not self.is_waiting:  # another of its texts failed: this one is of no use
            return
        if unstorable(completion.text):
            self.give_up(Status.DROPPED, Sentence(_("A text held a character that cannot be stored.")))
            return
        self._put(slot, draft_of_generated(completion))
        if not all(self._has(each) for each in self.slots):
            return
        if self.job.strategy == CandidateStrategy.BEST_WORST:
            self.item.status = Status.DRAWN
        else:
            self._settle()

    def take_failure(self, failure: GenerationFailure) -> bool:
        """Notes that a text could not be written; returns whether to retry later."""
        self.item.tries += 1
        reason = Sentence(failure.reason)
        if failure.retryable and self.item.tries < MAX_TRIES:
            self.item.reason = reason
            return True
        self.give_up(Status.FAILED, reason)
        return False

    def give_up(self, status: Status, reason: Sentence) -> None:
        """Ends it without a comparison."""
        self.item.status, self.item.reason = status, reason
        self._forget_texts()

    def choose(self, rewards: dict[str, float], by: str) -> None:
        """Makes the best and the worst of several candidates the pair. rewards: by slot. by: what computed them."""
        drafts = written_candidates(self.item)
        ranked = sorted((slot for slot in drafts if slot in rewards), key=lambda slot: rewards[slot])
        ranked = [slot for slot in ranked if drafts[slot].text.strip()]
        if len(ranked) < 2:
            self.give_up(Status.DROPPED, Sentence(_("Fewer than two of the candidates could be compared.")))
            return
        for side, rank, slot in (("first", "best", ranked[-1]), ("second", "worst", ranked[0])):
            selected = {"rank": rank, "of": len(self.slots), "reward": rewards[slot], "by": by}
            self._put(side, replace(drafts[slot], sampling={**drafts[slot].sampling, "selected": selected}))
        self._settle()

    def _settle(self) -> None:
        """With both texts: completes the pair, draws again once where there is nothing to compare, or drops it."""
        first, second = self._draft("first"), self._second_draft()
        if second is None:
            self.give_up(Status.DROPPED, Sentence(_("The imported text was deleted.")))
            return
        is_empty = not first.text.strip() or not second.text.strip()
        alike = 0.0 if is_empty else similarity(first.text, second.text)
        if not is_empty and alike < NEARLY_THE_SAME:
            self._put("second", second)
            self.item.reason = Sentence()
            self.diversity = _diversity(first, second, alike)
        elif self.item.resampled or self.job.strategy == CandidateStrategy.BEST_WORST:
            self.give_up(Status.DROPPED, Sentence(_("A text was empty.")) if is_empty else _too_similar(alike))
        else:
            self._draw_again()

    def _second_draft(self) -> CompletionDraft | None:
        if self.job.strategy != CandidateStrategy.IMPORTED:
            return self._draft("second")
        return draft_of_stored(self.item.imported) if self.item.imported else None

    def _draw_again(self) -> None:
        """Empties slots to be written again with another seed: those of empty texts, else the last that is written."""
        self.item.resampled = True
        empty = [slot for slot in self.slots if not self._draft(slot).text.strip()]
        for slot in empty or self.slots[-1:]:
            self._clear(slot)
            seed = derive_seed(self.job.seed, self.item.prompt.messages_hash, self.item.number, f"{slot} again")
            setattr(self.item, f"seed_{slot}", seed)

    def comparison_draft(self) -> ComparisonDraft:
        """The comparison to be added to the campaign."""
        first, second = (self._draft(side) for side in SIDES)
        if self.job.hides_versions:
            first, second = _without_its_version(first), _without_its_version(second)
        return ComparisonDraft(prompt=self.item.prompt, first=first, second=second)

    def mark_added(self, comparison: Comparison | None) -> None:
        """Ends it with its comparison; None: the campaign already had this comparison."""
        self.item.comparison = comparison
        self.item.status = Status.DONE if comparison else Status.DROPPED
        self.item.reason = Sentence("" if comparison else _("This comparison already exists."))
        if comparison is None or not self.job.hides_versions:  # else only the item knows whose text is whose
            self._forget_texts()

    def _forget_texts(self) -> None:
        self.item.first = self.item.second = None
        self.item.candidates = {}


def _without_its_version(draft: CompletionDraft) -> CompletionDraft:
    """A text as a blind test stores it: with nothing that only the version that wrote it has, or could repeat."""
    return replace(draft, model_version="", server="", seed=None, logprob_sum=None)


def _diversity(first: CompletionDraft, second: CompletionDraft, alike: float) -> dict[str, float]:
    """The figures of a pair that the job adds up; see `training.queries.jobs.diversity`."""
    ended = sum(draft.finish_reason == "stop" for draft in (first, second)) / 2
    return {"pairs": 1, "similarity": alike, "distinct": distinct_pairs(first.text, second.text), "ended": ended}


def _too_similar(alike: float) -> Sentence:
    if alike == 1:
        return Sentence(_("Both texts were the same."))
    return Sentence(
        _("Both texts were nearly the same: they share %(share)s of their word pairs."), {"share": f"{alike:.0%}"}
    )
