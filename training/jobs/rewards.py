"""The rewards by which candidates are ranked: of a version (implicit), or of an explicit reward model."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from labeling.exchange import PreferencePair
from training.generation import GenerationRequest, SamplingSettings
from training.jobs.candidates import written_candidates
from training.jobs.drafts import pair_to_score
from training.jobs.engine import score_pairs
from training.models import GenerationItem, GenerationJob, ModelVersion
from training.versions import files


def reward_name(job: GenerationJob) -> str:
    """A description, for people, of the reward that ranks the candidates of a job."""
    if job.reward_version is not None:
        parent = job.reward_version.parent
        return f"implicit reward of {job.reward_version.name} against {parent.name if parent else 'its base'}"
    return f"reward model {Path(job.reward_model).name}"


def candidate_rewards(
    job: GenerationJob, items: Sequence[GenerationItem], *, should_stop: Callable[[], bool]
) -> dict[int, dict[str, float]]:
    """The reward of each candidate that has a text, by item and slot; texts too long for the model are left out.

    Empty if stopped. Raises EngineFailed, VersionDamaged.
    """
    pairs = [pair for item in items for pair in _pairs(job, item)]
    if not pairs:
        return {}
    version = job.reward_version
    if version is not None:
        files.check_version(version)
        scores = score_pairs(version, pairs, reference=version.parent, should_stop=should_stop)
    else:
        base = ModelVersion(base_dir=items[0].version_first.base_dir)
        scores = score_pairs(base, pairs, options=["--reward-model", job.reward_model], should_stop=should_stop)
    rewards: dict[int, dict[str, float]] = {}
    for scored in scores:
        item, chosen, rejected = scored["id"].split(":")
        of_item = rewards.setdefault(int(item), {})
        of_item[chosen], of_item[rejected] = scored["chosen_reward"], scored["rejected_reward"]
    return rewards


def _pairs(job: GenerationJob, item: GenerationItem) -> Iterator[PreferencePair]:
    """The candidates of an item two by two, as the engine scores pairs; it reads their common prompt once.

    Two candidates of the same text are left out, as the engine would do.
    """
    settings = SamplingSettings(**job.settings)
    prompt = GenerationRequest("", item.prompt.messages, 0, settings).conversation
    drafts = written_candidates(item)
    slots = [slot for slot in sorted(drafts, key=int) if drafts[slot].text.strip()]
    if len(slots) < 2:
        return
    if len(slots) % 2:
        slots.append(slots[0])
    # Token ids mean something to the model that wrote them, and to those made from the same base.
    judge = job.reward_version or item.version_first
    same_base = judge.base_dir == item.version_first.base_dir
    for one, other in zip(slots[::2], slots[1::2], strict=True):
        a, b = drafts[one], drafts[other]
        if a.text.strip() == b.text.strip():
            continue
        yield pair_to_score(f"{item.pk}:{one}:{other}", prompt, a, b, with_ids=same_base)
