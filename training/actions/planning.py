"""Planning a generation job: writers, settings and seeds of every pair, checked before anything is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from labeling.models import Campaign, Completion, Prompt
from labeling.queries.progress import prompts_apart
from training.errors import NoPrompts, WrongSettings
from training.generation import SamplingSettings
from training.models import CandidateStrategy, GenerationItem, GenerationJob, ModelVersion
from training.queries.serving import serving_version

BATCH = 1000
MAX_PAIRS_PER_PROMPT = 100
MAX_CANDIDATES = 32
DEFAULT_CANDIDATES = 4
SEED_BITS = 31  # every server accepts seeds of this size
REWARD_HEAD = "reward_head.safetensors"  # as the engine names it; importing its module would load torch

SECOND_SETTINGS = {
    CandidateStrategy.TWO_TEMPERATURES: ("temperature", gettext_lazy("temperature")),
    CandidateStrategy.TWO_PROMPTS: ("system_prompt", gettext_lazy("system prompt")),
}
"""The setting that differs for the second text, and its label, by strategy."""


@dataclass(frozen=True, slots=True)
class GenerationSpec:
    """The candidate pairs to be written; the defaults are those of the button on a campaign's page."""

    strategy: str = CandidateStrategy.TWO_SEEDS
    """Where the two texts of a pair come from."""
    versions: Sequence[ModelVersion] | None = None
    """Two versions for "two_versions", else one; None: the version that serves (for two, with its parent)."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Fields of SamplingSettings that differ from its defaults."""
    second_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ for the second text: {"temperature": ...} for "two_temperatures", {"system_prompt": ...} for
    "two_prompts"."""
    candidates: int | None = None
    """How many texts "best_worst" draws for a pair; None: DEFAULT_CANDIDATES."""
    reward_version: ModelVersion | None = None
    """The version whose implicit reward ranks the candidates of "best_worst"; None: the version that writes."""
    reward_model: str = ""
    """The name of a folder in var/reward_models that ranks them instead."""
    pairs_per_prompt: int = 1
    """How many pairs each prompt gets."""
    seed: int | None = None
    """The same seed, prompts and versions give the same completions; None: a random seed, kept in the job."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked specification, with its open values filled in."""

    strategy: str
    first: ModelVersion
    second: ModelVersion
    settings: SamplingSettings
    second_settings: dict[str, Any] = field(default_factory=dict)
    candidates: int = 2
    reward_version: ModelVersion | None = None
    reward_model: str = ""
    pairs_per_prompt: int = 1
    canary: ModelVersion | None = None
    """A version that writes a share of the pairs before it is promoted."""
    canary_share: float = 0.0

    @property
    def versions(self) -> list[ModelVersion]:
        """The versions that take part, each once."""
        all_of_them = (self.first, self.second, self.reward_version, self.canary)
        versions = {version.pk: version for version in all_of_them if version}
        return list(versions.values())

    @property
    def written_per_pair(self) -> int:
        """How many completions a pair takes."""
        counts = {CandidateStrategy.IMPORTED: 1, CandidateStrategy.BEST_WORST: self.candidates}
        return counts.get(CandidateStrategy(self.strategy), 2)


def make_plan(spec: GenerationSpec, channel: str) -> Plan:
    """The plan of a specification. channel: whose serving version writes if none is named.

    Raises WrongSettings, NothingServes.
    """
    if spec.strategy not in CandidateStrategy.values:
        raise WrongSettings(
            _("There is no strategy %(strategy)s. There are: %(values)s.")
            % {"strategy": repr(spec.strategy), "values": ", ".join(CandidateStrategy.values)}
        )
    if not 1 <= spec.pairs_per_prompt <= MAX_PAIRS_PER_PROMPT:
        raise WrongSettings(
            _("Pairs for each prompt: %(value)s is not between 1 and %(most)s.")
            % {"value": spec.pairs_per_prompt, "most": MAX_PAIRS_PER_PROMPT}
        )
    first, second = _pair_of_versions(spec.strategy, spec.versions, channel)
    plan = Plan(spec.strategy, first, second, _checked(spec.settings), pairs_per_prompt=spec.pairs_per_prompt)
    if spec.strategy == CandidateStrategy.BEST_WORST:
        plan = _with_reward(plan, spec.candidates, spec.reward_version, spec.reward_model)
    elif spec.candidates is not None or spec.reward_version is not None or spec.reward_model:
        raise WrongSettings(
            _("Candidates and a reward belong to “%(strategy)s” only.")
            % {"strategy": CandidateStrategy.BEST_WORST.label}
        )
    return _with_second_settings(plan, spec.second_settings)


def _pair_of_versions(
    strategy: str, versions: Sequence[ModelVersion] | None, channel: str
) -> tuple[ModelVersion, ModelVersion]:
    two = strategy == CandidateStrategy.TWO_VERSIONS
    if versions is None:
        serving = serving_version(channel)
        if two and serving.parent is None:
            raise WrongSettings(
                _("%(name)s has no parent to compare with: name two versions.") % {"name": serving.name}
            )
        versions = [serving, serving.parent] if two and serving.parent else [serving]
    if len(versions) != (2 if two else 1):
        raise WrongSettings(
            (
                _("“%(strategy)s” needs two versions, not %(count)s.")
                if two
                else _("“%(strategy)s” needs one version, not %(count)s.")
            )
            % {"strategy": CandidateStrategy(strategy).label, "count": len(versions)}
        )
    if two and versions[0].pk == versions[1].pk:
        raise WrongSettings(_("The two versions must be different."))
    for version in versions:
        if version.files_removed_at is not None:
            raise WrongSettings(
                _("The files of %(name)s have been removed: it can no longer write.") % {"name": version.name}
            )
    return versions[0], versions[-1]


def _checked(settings: Mapping[str, Any]) -> SamplingSettings:
    try:
        return SamplingSettings(**settings)
    except (TypeError, ValueError) as error:
        raise WrongSettings(_("These sampling settings cannot be used: %(error)s.") % {"error": error}) from error


def _with_second_settings(plan: Plan, second: Mapping[str, Any]) -> Plan:
    """The plan with the settings that differ for the second text: a temperature, a system prompt, or none."""
    strategy = CandidateStrategy(plan.strategy)
    if strategy not in SECOND_SETTINGS:
        if second:
            raise WrongSettings(
                _("With “%(strategy)s” both texts have the same settings.") % {"strategy": strategy.label}
            )
        if plan.settings.temperature == 0 and strategy in (CandidateStrategy.TWO_SEEDS, CandidateStrategy.BEST_WORST):
            raise WrongSettings(_("At temperature 0 every seed writes the same text: choose a temperature above 0."))
        return plan
    name, label = SECOND_SETTINGS[strategy]
    labels = {"strategy": strategy.label, "setting": label}
    if set(second) != {name}:
        raise WrongSettings(_("“%(strategy)s” needs the %(setting)s of the second text, and nothing else.") % labels)
    _checked({**plan.settings.as_dict(), **second})
    if second[name] == getattr(plan.settings, name):
        raise WrongSettings(_("“%(strategy)s”: both texts have the same %(setting)s.") % labels)
    return replace(plan, second_settings=dict(second))


def _with_reward(plan: Plan, candidates: int | None, version: ModelVersion | None, model: str) -> Plan:
    candidates = DEFAULT_CANDIDATES if candidates is None else candidates
    if not 3 <= candidates <= MAX_CANDIDATES:
        raise WrongSettings(
            _("Candidates: %(value)s is not between 3 and %(most)s.") % {"value": candidates, "most": MAX_CANDIDATES}
        )
    if model:
        if version is not None:
            raise WrongSettings(_("Name either a version or a reward model, not both."))
        return replace(plan, candidates=candidates, reward_model=str(reward_folder(model)))
    version = version or plan.first
    require_reward(version)
    return replace(plan, candidates=candidates, reward_version=version)


def reward_folder(model: str) -> Path:
    """The folder of a reward model, by its name. Raises WrongSettings."""
    folder = django_settings.VAR_DIR / "reward_models" / model
    if "/" in model or model.startswith(".") or not (folder / REWARD_HEAD).is_file():
        raise WrongSettings(
            _("There is no reward model %(model)s in %(parent)s. `python -m training.engine reward` makes one.")
            % {"model": repr(model), "parent": folder.parent}
        )
    return Path(folder)


def require_reward(version: ModelVersion) -> None:
    """Raises WrongSettings for a version without an implicit reward."""
    if not version.adapter_dir or version.files_removed_at is not None:
        raise WrongSettings(
            _(
                "%(name)s has no implicit reward: it was not trained here, or its files are gone. Name a version that "
                "was trained here, or a reward model."
            )
            % {"name": version.name}
        )


# --- Items ---


def plan_items(job: GenerationJob, plan: Plan, prompts: Iterable[Prompt] | None) -> None:
    """Creates one item for each pair, and sets the job's total. Raises NoPrompts, Invalid."""
    chosen = _chosen_prompts(job.campaign, prompts)
    if not chosen:
        raise NoPrompts(_no_prompts(job.campaign))
    planned, items = 0, _items(job, plan, chosen)
    while batch := list(islice(items, BATCH)):
        GenerationItem.objects.bulk_create(batch)
        planned += len(batch)
    if not planned:
        raise NoPrompts(_("None of the prompts has an imported text: import texts to compare with."))
    job.total = plan.written_per_pair * planned
    job.save(update_fields=["total"])


def _chosen_prompts(campaign: Campaign, prompts: Iterable[Prompt] | None) -> list[tuple[int, str]]:
    """The (id, content hash) of each prompt in use, in a stable order. Raises Invalid for those of another campaign.

    Those that are only in pairs with a known answer are left out.
    """
    apart = prompts_apart(campaign).values("pk")
    if prompts is None:
        rows = Prompt.objects.filter(campaign=campaign, retired_at=None).exclude(pk__in=apart)
        return list(rows.order_by("pk").values_list("pk", "messages_hash"))
    chosen = {prompt.pk: prompt for prompt in prompts if prompt.retired_at is None}
    if any(prompt.campaign_id != campaign.pk for prompt in chosen.values()):
        raise Invalid(_("A prompt of another campaign cannot be used here."))
    left_out = set(apart.values_list("pk", flat=True))
    return sorted((prompt.pk, prompt.messages_hash) for prompt in chosen.values() if prompt.pk not in left_out)


def _no_prompts(campaign: Campaign) -> str:
    if campaign.prompts.exists():
        return _("No prompt is left: they are retired, or only for gold, practice or qualification. Add prompts first.")
    return _("The campaign has no prompts yet: add prompts first.")


def _items(job: GenerationJob, plan: Plan, prompts: list[tuple[int, str]]) -> Iterator[GenerationItem]:
    """The unsaved items, number by number: every prompt has its first pair before any has its second."""
    imported = _imported(job.campaign) if plan.strategy == CandidateStrategy.IMPORTED else None
    for number in range(plan.pairs_per_prompt):
        for prompt, content in prompts:
            text = None
            if imported is not None:
                if number >= len(imported[prompt]):
                    continue
                text = imported[prompt][number]
            first, second = _seeds(plan, job.seed, content, number)
            canary = _canary(plan, job.seed, content, number)
            yield GenerationItem(
                job=job,
                prompt_id=prompt,
                number=number,
                version_first=canary or plan.first,
                version_second=canary or plan.second,
                seed_first=first,
                seed_second=second,
                imported_id=text,
            )


def _imported(campaign: Campaign) -> dict[int, list[int]]:
    """The completions (ids) of each prompt (id) that no model version here wrote."""
    imported: dict[int, list[int]] = defaultdict(list)
    ours = ModelVersion.objects.values("name")
    texts = Completion.objects.filter(prompt__campaign=campaign).exclude(model_version__in=ours).order_by("pk")
    for prompt, completion in texts.values_list("prompt", "pk").iterator():
        imported[prompt].append(completion)
    return imported


def _seeds(plan: Plan, seed: int, content: str, number: int) -> tuple[int, int]:
    """The seeds of both texts. Two of one version are neighbours: vLLM then reads the prompt once for both."""
    first = derive_seed(seed, content, number, "first") % (2**SEED_BITS - MAX_CANDIDATES)
    if plan.strategy == CandidateStrategy.TWO_SEEDS:
        return first, first + 1
    return first, derive_seed(seed, content, number, "second")


def _canary(plan: Plan, seed: int, content: str, number: int) -> ModelVersion | None:
    """The canary where this pair falls to it. The pair's place decides, so a repetition of the job does the same."""
    if plan.canary is None:
        return None
    share = derive_seed(seed, content, number, "canary") / 2**SEED_BITS
    return plan.canary if share < plan.canary_share else None


def derive_seed(seed: int, prompt_hash: str, number: int, side: str) -> int:
    """The seed of one completion. It depends on the job's seed, the prompt's content and its place alone."""
    digest = sha256(f"{seed}:{prompt_hash}:{number}:{side}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)
