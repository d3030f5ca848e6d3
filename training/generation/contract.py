"""Requests to a generator and its outcomes. Imports neither torch nor a client, so every room may import it.

One request is one completion. A completion depends on nothing but the model's weights, the messages, the settings and
the seed. Requests generated at the same time change it at most by floating-point noise.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from training.generation.errors import InvalidRequest, InvalidSettings
from training.language_models.messages import Message

FinishReason = Literal["stop", "length"]
LARGEST_SEED = 2**63 - 1  # that an OpenAI-compatible server accepts
LARGEST_TOP_K = 2**31 - 1
ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How tokens are chosen. Raises InvalidSettings for values that no generator can honour."""

    temperature: float = 0.7
    """Logits are divided by this before top_k and top_p; 0 takes the likeliest token each time."""
    top_p: float = 0.9
    """Keep the likeliest tokens that together reach this probability, 0 < top_p <= 1; 1 keeps all."""
    top_k: int = 0
    """Keep this many of the likeliest tokens; 0 keeps all."""
    max_tokens: int = 256
    """A completion has at most this many tokens, its end-of-turn token included."""
    system_prompt: str | None = None
    """Becomes the system message of conversations that have none."""

    def __post_init__(self) -> None:
        """Checks every field, so that no job starts with settings that would fail at every completion."""
        _check_number("temperature", self.temperature, 0.0, 100.0)
        _check_number("top_p", self.top_p, 0.0, 1.0)
        if self.top_p == 0:
            raise InvalidSettings("top_p is 0, which keeps no token: choose a value in (0, 1], or temperature 0.")
        _check_count("top_k", self.top_k, 0, LARGEST_TOP_K)
        _check_count("max_tokens", self.max_tokens, 1, LARGEST_TOP_K)
        if self.system_prompt is not None and not isinstance(self.system_prompt, str):
            raise InvalidSettings("system_prompt must be text, or left out.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; `SamplingSettings(**values)` restores the settings."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidSettings(f"{name} is {value!r}: it must be a number.")
    if not low <= value <= high:
        raise InvalidSettings(f"{name} is {value}: it must lie between {low:g} and {high:g}.")


def _check_count(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidSettings(f"{name} is {value!r}: it must be a whole number.")
    if not low <= value <= high:
        raise InvalidSettings(f"{name} is {value}: it must lie between {low} and {high}.")


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A request for one completion. Raises InvalidRequest for a seed or messages of the wrong form."""

    key: str
    """The caller's name for the request; the outcome has the same."""
    messages: Sequence[Message]
    """The conversation so far; the last turn is usually the user's, or a tool's."""
    seed: int
    """0 <= seed < 2**63. Requests that differ only in the seed are different samples."""
    settings: SamplingSettings

    def __post_init__(self) -> None:
        """Checks the form. The model's chat template may still refuse the conversation later."""
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= LARGEST_SEED:
            raise InvalidRequest(f"seed is {self.seed!r}: it must be a whole number from 0 to 2**63 - 1.")
        if not self.messages:
            raise InvalidRequest(f"The request {self.key!r} has no messages.")
        for number, message in enumerate(self.messages, 1):
            if message.get("role") not in ROLES or not isinstance(message.get("content"), str):
                raise InvalidRequest(
                    f"Message {number} of {self.key!r} must have a role of {', '.join(ROLES)} and a text as content."
                )

    @property
    def conversation(self) -> list[Message]:
        """The conversation that the model reads: the messages, after the settings' system prompt if they have none."""
        messages = list(self.messages)
        if self.settings.system_prompt and messages[0]["role"] != "system":
            messages.insert(0, Message(role="system", content=self.settings.system_prompt))
        return messages


@dataclass(frozen=True, slots=True)
class GeneratedCompletion:
    """One completion, with everything needed to repeat it and to train on it."""

    key: str
    text: str
    """For people; special tokens left out. The token ids are the truth."""
    prompt_ids: list[int]
    """The tokens read, with the generation prompt; empty if a server does not report them."""
    completion_ids: list[int]
    """The tokens written, with the end-of-turn token iff it ended by itself; empty if a server does not report them."""
    finish_reason: FinishReason
    """"stop": it ended by itself. "length": max_tokens was reached."""
    logprob_sum: float | None
    """Sum over completion_ids of the natural log-probability under the model itself: temperature 1, no top_k, no top_p.
    None if a server does not report it."""
    seed: int
    settings: SamplingSettings
    model: str
    """The model that wrote it: the name of the version, or another name given by the caller."""
    server: str
    """Where: "embedded ..." with library versions and number format, or a server's address and its model's name."""
    tokens_read: int = 0
    """Prompt tokens read for it: 0 where another completion of the same request has counted them."""
    tokens_written: int = 0
    """As counted by the server, also where it does not report the tokens themselves."""


@dataclass(frozen=True, slots=True)
class GenerationFailure:
    """One request that yielded no completion; the others continue."""

    key: str
    reason: str
    """A sentence for the lead, with the remedy."""
    retryable: bool
    """Whether the same request may succeed later."""


Outcome = GeneratedCompletion | GenerationFailure


def never() -> bool:
    """The default of `should_stop`."""
    return False


class Generator(Protocol):
    """Answers requests for completions."""

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = never
    ) -> Iterator[Outcome]:
        """Yields one outcome for each request as they finish, in any order.

        Requests are taken as they are needed, so an endless iterable is fine. `should_stop` is called often; once it
        returns True the iterator ends soon, and requests without an outcome were not answered.
        """
        ...
