"""Preference pairs: the lines of a snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.errors import InvalidPair
from labeling.exchange.records import FinishReason, JsonObject, Message, canonical_json, identity
from labeling.exchange.turns import flattened, offering


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """A prompt with its chosen and its rejected completion, for training: one line of a snapshot.

    chosen_turns, rejected_turns: as `CompletionText.turns`; a line has them in the place of the text, and the tools of
    the prompt in a field of their own. confidence: p(chosen > rejected), 0.5..1. weight: >= 0; campaigns yield 1, pairs
    from other sources may differ. *_ids: stored token ids; None: imported text. Raises InvalidPair for values that
    teach nothing.
    """

    id: str
    prompt: Sequence[Message]
    chosen: str
    rejected: str
    confidence: float = 1.0
    weight: float = 1.0
    prompt_ids: tuple[int, ...] | None = None
    chosen_ids: tuple[int, ...] | None = None
    rejected_ids: tuple[int, ...] | None = None
    chosen_finish: FinishReason | None = None
    rejected_finish: FinishReason | None = None
    chosen_turns: tuple[Message, ...] = ()
    rejected_turns: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        if not self.chosen.strip() or not self.rejected.strip():
            raise InvalidPair(gettext_noop("Pair %(id)s: an empty completion."), id=self.id)
        if self.chosen.strip() == self.rejected.strip():
            raise InvalidPair(gettext_noop("Pair %(id)s: chosen and rejected are identical."), id=self.id)
        if not 0.5 <= self.confidence <= 1:
            raise InvalidPair(
                gettext_noop("Pair %(id)s: a confidence of %(confidence)s; it lies between 0.5 and 1."),
                id=self.id,
                confidence=str(self.confidence),
            )
        if not (isfinite(self.weight) and self.weight >= 0):
            raise InvalidPair(
                gettext_noop("Pair %(id)s: a weight of %(weight)s; it is finite and not negative."),
                id=self.id,
                weight=str(self.weight),
            )

    @property
    def identities(self) -> tuple[str, str]:
        """Of the chosen and the rejected completion: see `CompletionText.identity`."""
        return identity(self.chosen, self.chosen_turns), identity(self.rejected, self.rejected_turns)

    def as_dict(self) -> JsonObject:
        tools = self.prompt[0].get("tools") if self.prompt else None
        return {
            "id": self.id,
            "prompt": offering(self.prompt, "") if self.prompt else [],
            **({"tools": tools} if tools else {}),
            "chosen": list(self.chosen_turns) or self.chosen,
            "rejected": list(self.rejected_turns) or self.rejected,
            "prompt_ids": _listed(self.prompt_ids),
            "chosen_ids": _listed(self.chosen_ids),
            "rejected_ids": _listed(self.rejected_ids),
            "chosen_finish": self.chosen_finish,
            "rejected_finish": self.rejected_finish,
            "confidence": float(self.confidence),
            "weight": float(self.weight),
        }

    def canonical_json(self) -> bytes:
        """The pair as bytes: the same pair gives the same bytes everywhere."""
        return canonical_json(self.as_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PreferencePair":
        """The pair that `as_dict` described. Raises InvalidPair if a field is missing."""
        try:
            prompt: list[Message] = values["prompt"]
            return cls(
                id=values["id"],
                prompt=offering(prompt, values["tools"]) if values.get("tools") else prompt,
                chosen=_text(values["chosen"]),
                rejected=_text(values["rejected"]),
                confidence=values["confidence"],
                weight=values["weight"],
                prompt_ids=_tupled(values["prompt_ids"]),
                chosen_ids=_tupled(values["chosen_ids"]),
                rejected_ids=_tupled(values["rejected_ids"]),
                chosen_finish=values["chosen_finish"],
                rejected_finish=values["rejected_finish"],
                chosen_turns=_turns(values["chosen"]),
                rejected_turns=_turns(values["rejected"]),
            )
        except KeyError as error:
            raise InvalidPair(gettext_noop("A preference pair without %(error)s."), error=str(error)) from error


def _listed(ids: Sequence[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)


def _tupled(ids: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if ids is None else tuple(ids)


def _text(side: Any) -> str:
    return flattened(side) if isinstance(side, list) else str(side)


def _turns(side: Any) -> tuple[Message, ...]:
    return tuple(side) if isinstance(side, list) else ()
