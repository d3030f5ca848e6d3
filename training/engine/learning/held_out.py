"""The held-out pairs of a run, and the prompts that the policy answers at every evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from training.engine.config import RunConfig
from training.engine.data.records import TokenPair
from training.engine.data.text import TextEncoder
from training.engine.measuring.probes import Probes
from training.engine.measuring.scoring import (
    AfterRow,
    Kept,
    SideLogProbs,
    figures_of,
    pair_scores,
    rows_by_length,
    score_rows,
)
from training.engine.model.parallel import ALONE, Ranks
from training.engine.model.policy import Policy, TrainedModel

Answered = Callable[[int], None]


class HeldOut:
    """Pairs that are not learned from, and the present model's figures on them."""

    def __init__(
        self,
        model: TrainedModel,
        pairs: Sequence[TokenPair],
        config: RunConfig,
        *,
        probes: Probes | None,
        ranks: Ranks = ALONE,
    ) -> None:
        """``probes``: see ``make_probes``."""
        self.model, self.pairs, self.config, self.ranks = model, pairs, config, ranks
        self.rows = rows_by_length(pairs, model, config, ranks)
        self.probes = probes

    def notes(self) -> list[str]:
        """A sentence that names the settings which do nothing where there are no such pairs."""
        names = ("evaluate_every", "patience", "probe_prompts")
        ignored = [name for name in names if getattr(self.config, name) and not self.pairs]
        return (
            [f"there are no held-out pairs, without which {', '.join(ignored)} cannot do anything"] if ignored else []
        )

    def figures(
        self,
        reference: SideLogProbs,
        after_row: AfterRow,
        report_answers: Callable[[int], Answered],
        kept: Kept | None = None,
    ) -> dict[str, Any]:
        """Loss, accuracy and so on beside the reference's log-probabilities (pairs, 2), and the probes' figures.
        ``after_row``: see ``score_rows``. ``report_answers``: gives, for a number of prompts, a function to call with
        how many of them are answered. ``kept``: see ``score_rows``."""
        values = score_rows(self.model, self.pairs, self.rows, after_row, self.ranks, kept)
        figures = figures_of(
            pair_scores(self.pairs, values, reference), self.config, has_reference=self.model.has_reference
        )
        if self.probes is not None:
            figures |= self.ranks.from_main(self._probe(self.probes, report_answers) if self.ranks.main else None)
        return figures

    @staticmethod
    def _probe(probes: Probes, report_answers: Callable[[int], Answered]) -> dict[str, Any]:
        answered = report_answers(len(probes.prompts))
        answered(0)
        return probes.measure(answered)


def make_probes(
    model: TrainedModel,
    pairs: Sequence[TokenPair],
    config: RunConfig,
    encoder: TextEncoder | None,
    as_reference: Callable[[], AbstractContextManager[None]],
) -> Probes | None:
    """The first ``probe_prompts`` distinct prompts of the held-out pairs; None where there are none, or no policy to
    answer them. ``as_reference``: see ``Probes``."""
    prompts = list(dict.fromkeys(pair.prompt_ids for pair in pairs))[: config.probe_prompts]
    if encoder is None or not prompts or not isinstance(model, Policy):
        return None
    return Probes(
        model,
        prompts,
        encoder,
        max_tokens=config.probe_tokens,
        seed=config.seed,
        as_reference=as_reference,
    )
