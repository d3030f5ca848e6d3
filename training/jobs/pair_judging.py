"""A judge that chooses between the answers of two suite runs: a model on a server, or a reward of ours.

Its choices are kept beside the later answer. They are never a person's, and a failure leaves a pair without one.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from training import claims
from training.claims import Clock
from training.errors import CannotCompareRuns, VersionDamaged
from training.evaluation.pair_judges import REWARD_MODEL, REWARD_OF
from training.evaluation.suite_results import checked_comparison, choices_of
from training.evaluation.suites import (
    JudgeOpinion,
    choice_messages,
    lacks_opinion,
    opinion_of_choices,
    opinion_of_rewards,
)
from training.generation import GenerationRequest
from training.jobs.drafts import draft_from_json, pair_to_score
from training.jobs.engine import EngineFailed, score_pairs
from training.jobs.judging import GREEDY, ORDERS, JudgeOf, ask_in_both_orders
from training.models import ModelVersion, ScenarioResult, SuiteRun
from training.versions import files

Pair = tuple[ScenarioResult, ScenarioResult]


def judge_name(run: SuiteRun) -> str:
    """The name under which the opinions of the judge that a run names are kept."""
    if run.reward_version is not None:
        return f"{REWARD_OF}{run.reward_version.name}"
    return f"{REWARD_MODEL}{Path(run.reward_model).name}" if run.reward_model else str(settings.JUDGE_MODEL)


class PairJudging:
    """The choices between the answers of a run and of the earlier one that it names."""

    def __init__(
        self, claim: "claims.Claim[SuiteRun]", clock: Clock, judge_of: JudgeOf, should_stop: Callable[[], bool]
    ) -> None:
        self.claim, self.clock, self.judge_of, self.should_stop = claim, clock, judge_of, should_stop
        self.run = claim.job
        self.pairs: dict[str, Pair] = {}

    def ask(self) -> Sentence:
        """Asks about every scenario of which the judge has chosen no answer yet; returns why some have no choice."""
        assert self.run.compared_run is not None
        try:
            comparison = checked_comparison(self.run.compared_run, self.run)
        except CannotCompareRuns as error:
            return sentence_of(error)
        judge = judge_name(self.run)
        self.pairs = {
            str(later.pk): (earlier, later)
            for earlier, later in comparison.pairs.values()
            if _differ(earlier, later) and lacks_opinion(choices_of(earlier, later).get(judge))
        }
        if self.run.reward_version is not None or self.run.reward_model:
            return self._by_reward(judge) if self.pairs else Sentence()
        requests = list(self._requests())
        return ask_in_both_orders(requests, self.judge_of, self.should_stop, self._keep, opinion_of_choices)

    def _requests(self) -> Iterator[GenerationRequest]:
        for key, (earlier, later) in self.pairs.items():
            for order in ORDERS:
                is_swapped = order == "swapped"
                messages = choice_messages(later.given["messages"], later.text, earlier.text, swapped=is_swapped)
                yield GenerationRequest(f"{key}:{order}", messages, 0, GREEDY)

    def _by_reward(self, judge: str) -> Sentence:
        completions = dict(
            ScenarioResult.objects.filter(pk__in=[one.pk for pair in self.pairs.values() for one in pair])
            .exclude(completion=None)
            .values_list("pk", "completion")
        )
        pairs = [
            pair_to_score(
                key,
                later.given["messages"],
                draft_from_json(completions[later.pk] or {}),
                draft_from_json(completions[earlier.pk] or {}),
                with_ids=False,  # the runs' versions may have other bases than the reward
            )
            for key, (earlier, later) in self.pairs.items()
            if later.pk in completions and earlier.pk in completions
        ]
        version = self.run.reward_version
        try:
            if version is not None:
                files.check_version(version)
                scores = score_pairs(version, pairs, reference=version.parent, should_stop=self.should_stop)
            else:
                base = ModelVersion(base_dir=self.run.version.base_dir)
                options = ["--reward-model", self.run.reward_model]
                scores = score_pairs(base, pairs, options=options, should_stop=self.should_stop)
        except (EngineFailed, VersionDamaged) as error:
            return Sentence(_("The rewards could not be computed: %(reason)s"), {"reason": sentence_of(error)})
        for one in scores:
            self._keep(str(one["id"]), opinion_of_rewards(one["chosen_reward"], one["rejected_reward"], judge))
        return Sentence()

    def _keep(self, key: str, opinion: JudgeOpinion) -> None:
        earlier, later = self.pairs[key]
        with transaction.atomic():
            self.claim.lock()
            kept = ScenarioResult.objects.select_for_update().only("choices").get(pk=later.pk)
            kept.choices.setdefault(str(earlier.pk), {})[opinion.model] = opinion.as_json()
            kept.save(update_fields=["choices"])
            self.claim.write(heartbeat_at=self.clock())


def _differ(earlier: ScenarioResult, later: ScenarioResult) -> bool:
    """Whether there is something to choose between."""
    written = earlier.status == later.status == ScenarioResult.Status.WRITTEN
    return written and bool(later.text.strip()) and earlier.text.strip() not in ("", later.text.strip())
