"""One pair in the making: which of its texts are there, which are still to be asked for, what becomes of them."""

from typing import Any

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Campaign
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
from training.jobs.sampler import as_json
from training.models import GenerationItem, GenerationJob

Status = GenerationItem.Status
Strategy = Campaign.CandidateStrategy
SIDES = ("first", "second")
MAX_TRIES = 5  # of one pair, where trying again may help

Text = dict[str, Any]  # what `as_json` wrote


def slots_of(job: GenerationJob) -> tuple[str, ...]:
    """The places of a pair's texts: its sides, or the numbers of the candidates they are chosen from."""
    if job.strategy == Strategy.BEST_WORST:
        return tuple(str(number) for number in range(job.candidates))
    return SIDES[:1] if job.strategy == Strategy.IMPORTED else SIDES


class Candidates:
    """An item of a job with what it has so far. `counted`: of its progress, what the job's row knows."""

    def __init__(self, job: GenerationJob, item: GenerationItem, slots: tuple[str, ...]) -> None:
        self.job, self.item, self.slots = job, item, slots
        self.kept: dict[str, float] = {}  # what is known of its diversity, once it is kept
        self.written()
        self._was_touched = self.counted > 0 or item.tries > 0  # the row holds more than what was planned

    def written(self) -> None:
        """Its row and the job's know all of this now."""
        self.counted = self.progress
        self.counted_status = self.item.status
        self.counted_redrawn = self.item.resampled
        self._was_touched = True
        self.kept = {}

    # --- What is there ---

    @property
    def progress(self) -> int:
        """How many of its texts are written, or wanted no more."""
        over = self.item.status not in (Status.WAITING, Status.DRAWN)
        return len(self.slots) if over else sum(self._at(slot) is not None for slot in self.slots)

    @property
    def is_waiting(self) -> bool:
        """Whether texts are still to be written."""
        return self.item.status == Status.WAITING

    @property
    def came_at_once(self) -> bool:
        """Whether it went from planned to done in one go: then its row knows nothing but its comparison to come."""
        done = self.item.status == Status.DONE and not self._was_touched
        return done and not self.item.resampled and not self.item.tries

    def missing(self, version: int) -> list[str]:
        """The slots that a version still has to fill."""
        second = self.item.version_second_id
        by = {slot: second if slot == "second" else self.item.version_first_id for slot in self.slots}
        return [slot for slot in self.slots if by[slot] == version and self._at(slot) is None]

    def _at(self, slot: str) -> Text | None:
        value: Text | None = getattr(self.item, slot) if slot in SIDES else self.item.candidates.get(slot)
        return value

    def _put(self, slot: str, value: Text | None) -> None:
        if slot in SIDES:
            setattr(self.item, slot, value)
        elif value is None:
            self.item.candidates.pop(slot, None)
        else:
            self.item.candidates[slot] = value

    # --- What to ask for ---

    def request(self, slot: str, settings: dict[str, SamplingSettings]) -> GenerationRequest:
        """What to ask for one slot. Raises InvalidRequest."""
        item = self.item
        if slot in SIDES:
            seed = item.seed_first if slot == "first" else item.seed_second
        else:
            seed = item.seed_first + int(slot)
        chosen = settings["second" if slot == "second" else "first"]
        return GenerationRequest(f"{item.pk}:{slot}", item.prompt.messages, seed, chosen)

    # --- What becomes of it ---

    def take(self, slot: str, completion: GeneratedCompletion) -> None:
        """A text has come. The last one settles the pair."""
        if not self.is_waiting:  # another of its texts failed: this one is of no use
            return
        self._put(slot, as_json(completion))
        if any(self._at(each) is None for each in self.slots):
            return
        if self.job.strategy == Strategy.BEST_WORST:
            self.item.status = Status.DRAWN
        else:
            self._settle()

    def take_failure(self, failure: GenerationFailure) -> bool:
        """A text could not be written; returns whether to try again later."""
        self.item.tries += 1
        if failure.retryable and self.item.tries < MAX_TRIES:
            self.item.reason = failure.reason
            return True
        self.give_up(Status.FAILED, failure.reason)
        return False

    def give_up(self, status: Status, reason: str) -> None:
        """It becomes nothing, and says why."""
        self.item.status, self.item.reason = status, reason
        self.item.first = self.item.second = None
        self.item.candidates = {}

    def choose(self, rewards: dict[str, float], by: str) -> None:
        """Of several candidates the best and the worst become the pair; by: what said so."""
        texts = {slot: text for slot in self.slots if (text := self._at(slot)) and text["text"].strip()}
        known = sorted((slot for slot in texts if slot in rewards), key=lambda slot: rewards[slot])
        if len(known) < 2:
            self.give_up(Status.DROPPED, "Fewer than two of the candidates could be compared.")
            return
        chosen = {"first": ("best", known[-1]), "second": ("worst", known[0])}
        for side, (rank, slot) in chosen.items():
            selected = {"rank": rank, "of": len(self.slots), "reward": rewards[slot], "by": by}
            setattr(self.item, side, {**texts[slot], "selected": selected})
        self._settle()

    def _settle(self) -> None:
        """With both texts: kept, drawn again once where there is nothing to compare, or dropped."""
        second = self._second()
        reason, alike = self._unfit(second)
        if not reason:
            self.item.second = second
            self.item.reason = ""
            self.kept = self._measured(alike)
        elif self.item.resampled or self.job.strategy == Strategy.BEST_WORST:
            self.give_up(Status.DROPPED, reason)
        else:
            self._draw_again()

    def _second(self) -> Text | None:
        if self.job.strategy != Strategy.IMPORTED:
            return self.item.second
        text = self.item.imported
        return None if text is None else _as_written(text)

    def _unfit(self, second: Text | None) -> tuple[str, float]:
        """Why the texts cannot be compared, in a sentence (empty if they can), and how similar they are."""
        first = self.item.first
        assert first is not None
        if second is None:
            return "The imported text is gone.", 0.0
        if not first["text"].strip() or not second["text"].strip():
            return "A text was empty.", 0.0
        alike = similarity(first["text"], second["text"])
        if alike < NEARLY_THE_SAME:
            return "", alike
        same = "the same" if alike == 1 else f"nearly the same: they share {alike:.0%} of their word pairs"
        return f"Both texts were {same}.", alike

    def _measured(self, alike: float) -> dict[str, float]:
        first, second = self.item.first, self.item.second
        assert first is not None
        assert second is not None
        ended = sum(text["finish_reason"] == "stop" for text in (first, second)) / 2
        distinct = distinct_pairs(first["text"], second["text"])
        return {"pairs": 1, "similarity": alike, "distinct": distinct, "ended": ended}

    def _draw_again(self) -> None:
        """Empties the sides to be written again, with another seed: the empty ones, else the last that is written."""
        self.item.resampled = True
        empty = [slot for slot in self.slots if not (self._at(slot) or {"text": ""})["text"].strip()]
        for slot in empty or self.slots[-1:]:
            self._put(slot, None)
            seed = derive_seed(self.job.seed, self.item.prompt.messages_hash, self.item.number, f"{slot} again")
            setattr(self.item, f"seed_{slot}", seed)

    def draft(self) -> ComparisonDraft:
        """The comparison to be added to the campaign."""
        return ComparisonDraft(
            prompt=self.item.prompt, first=draft_of(self.item.first), second=draft_of(self.item.second)
        )

    def added(self, comparison: Any) -> None:
        """It is in the campaign; None: it was there already."""
        self.item.comparison = comparison
        self.item.status = Status.DONE if comparison else Status.DROPPED
        self.item.reason = "" if comparison else "The campaign has this very comparison already."
        self.item.first = self.item.second = None
        self.item.candidates = {}


def draft_of(text: Any) -> CompletionDraft:
    """What `as_json` wrote, as it is brought into a campaign."""
    selected = {"selected": text["selected"]} if "selected" in text else {}
    return CompletionDraft(
        text=text["text"],
        model_version=text["model"],
        seed=text["seed"],
        sampling={**text["settings"], **selected},
        # A server that does not tell gives no ids; then the text is what is trained on.
        prompt_token_ids=text["prompt_ids"] or None,
        token_ids=text["completion_ids"] or None,
        finish_reason=text["finish_reason"],
        logprob_sum=text["logprob_sum"],
        server=text["server"],
    )


def _as_written(text: Any) -> Text:
    """A completion of the campaign as if it had just been written: the very same row is found again."""
    return {
        "text": text.text,
        "model": text.model_version,
        "seed": text.seed,
        "settings": text.sampling,
        "prompt_ids": text.prompt_token_ids,
        "completion_ids": text.token_ids,
        "finish_reason": text.finish_reason,
        "logprob_sum": text.logprob_sum,
        "server": text.server,
    }
