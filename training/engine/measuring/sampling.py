"""The policy's own completions of some prompts: all at once, with a cache, at temperature 1 and without cut-offs.

Small on purpose: it serves the diagnostics of a run; completions for people come from ``training.generation``. Each
draw depends on the seed, the prompt's number and the place alone, and has a generator of its own: training is not
disturbed, and two evaluations of a run differ by the policy, not by luck.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.engine.events import log
from training.engine.model import attention
from training.engine.model.forward import SequentialForward
from training.engine.model.policy import Policy


@torch.no_grad()
def sample(
    policy: Policy, prompts: Sequence[tuple[int, ...]], *, eos_ids: frozenset[int], max_tokens: int, seed: int
) -> list[tuple[int, ...]]:
    """A completion for every prompt, as token ids: ends with an EOS token if it ended by itself, else has
    ``max_tokens`` tokens. Memory grows with prompts x (longest prompt + ``max_tokens``)."""
    generator = torch.Generator().manual_seed(seed)
    chances = torch.rand(len(prompts), max_tokens, generator=generator, dtype=torch.float64).to(policy.device)
    decoder = _decoder_of(policy, prompts)
    completions: list[list[int]] = [[] for _ in prompts]
    unfinished = set(range(len(prompts)))
    with decoder:
        log_probs = decoder.begin()
        for place in range(max_tokens):
            drawn = draw(log_probs, chances[:, place])
            tokens = drawn.tolist()
            for number in sorted(unfinished):
                completions[number].append(tokens[number])
                if completions[number][-1] in eos_ids:
                    unfinished.discard(number)
            if not unfinished or place == max_tokens - 1:
                break
            log_probs = decoder.append(drawn)
    return [tuple(completion) for completion in completions]


def draw(log_probs: Tensor, chances: Tensor) -> Tensor:
    """The tokens at which the cumulative probability passes the chance: log_probs (n, V), chances (n,) in [0, 1).

    Probabilities are counted in units of 2^-44: a floating cumsum on CUDA gives other bits every time, and raises where
    the algorithms must be deterministic.
    """
    total = (log_probs.double().exp() * 2.0**44).long().cumsum(dim=1)  # (n, V)
    passed = (chances * total[:, -1]).long().unsqueeze(1)  # (n, 1)
    return torch.searchsorted(total, passed, right=True).squeeze(1).clamp_(max=log_probs.shape[1] - 1)


def _decoder_of(policy: Policy, prompts: Sequence[tuple[int, ...]]) -> _Decoder | _PlainDecoder:
    """The decoder with a cache, for a model whose own code may have one, where it gives the numbers of one without."""
    forward = policy.forward
    if not isinstance(forward, SequentialForward):
        return _Decoder(policy, prompts)
    if forward.caches is None:
        forward.caches = _caches(policy)
        if not forward.caches:
            log(
                f"{policy.model.config.model_type} writes completions without a cache: slower, the same numbers. Its "
                "own one, or padding before a prompt, changes them"
            )
    return _Decoder(policy, prompts) if forward.caches else _PlainDecoder(policy, prompts)


def _caches(policy: Policy) -> bool:
    """Whether a cache and padding change no log-probability of two short sequences of different length. Models with a
    state (Mamba), and with positions that nothing is told of (BART), read the padding or forget the prompt."""
    vocabulary = policy.model.config.get_text_config().vocab_size
    prompts = [tuple(number % vocabulary for number in range(3, 3 + length)) for length in (3, 6)]
    more = torch.tensor([number % vocabulary for number in (9, 10)], device=policy.device)
    results: list[Tensor] = []
    for kind in (_PlainDecoder, _Decoder):
        try:
            decoder = kind(policy, prompts)
            results.append(torch.cat((decoder.begin(), decoder.append(more))))
        except torch.OutOfMemoryError:
            raise
        except (TypeError, ValueError, AttributeError, IndexError, RuntimeError):
            return False  # of the second: the first is how every sequence is scored
    return torch.allclose(results[0], results[1], rtol=1e-3, atol=1e-2)


class _PlainDecoder:
    """Sequences that grow by a token at a time, each read anew from its beginning, as it is scored."""

    def __init__(self, policy: Policy, prompts: Sequence[tuple[int, ...]]) -> None:
        self.policy, self.sequences = policy, [list(prompt) for prompt in prompts]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        pass

    def begin(self) -> Tensor:
        """As ``_Decoder.begin``."""
        logits = [
            self.policy.model(
                input_ids=torch.tensor([each], device=self.policy.device), use_cache=False, logits_to_keep=1
            ).logits[:, -1]
            for each in self.sequences
        ]
        return torch.log_softmax(torch.cat(logits).to(self.policy.master), dim=1)

    def append(self, tokens: Tensor) -> Tensor:
        """As ``_Decoder.append``."""
        for sequence, token in zip(self.sequences, tokens.tolist(), strict=True):
            sequence.append(token)
        return self.begin()


class _Decoder:
    """A batch of sequences that grow by a token at a time; prompts are padded on the left, and padding sees only
    itself and is seen by nothing."""

    def __init__(self, policy: Policy, prompts: Sequence[tuple[int, ...]]) -> None:
        from transformers import DynamicCache

        self.policy, self.cache = policy, DynamicCache(config=policy.model.config)
        longest = max(map(len, prompts))
        ids = torch.zeros(len(prompts), longest, dtype=torch.int64)
        real = torch.zeros(len(prompts), longest, dtype=torch.bool)
        for number, prompt in enumerate(prompts):
            ids[number, longest - len(prompt) :] = torch.tensor(prompt)
            real[number, longest - len(prompt) :] = True
        self.ids, self.real = ids.to(policy.device), real.to(policy.device)

    def __enter__(self) -> None:
        if self.policy.forward.packs:
            self.policy.model.set_attn_implementation(attention.PADDED_NAME)

    def __exit__(self, *exception: object) -> None:
        if self.policy.forward.packs:
            self.policy.model.set_attn_implementation(attention.NAME)

    def begin(self) -> Tensor:
        """Read the prompts; log-probabilities (n, V) of the first token."""
        return self._forward(self.ids, (self.real.cumsum(1) - 1).clamp_(min=0))

    def append(self, tokens: Tensor) -> Tensor:
        """Append a token to each sequence; log-probabilities (n, V) of the next."""
        self.real = torch.cat((self.real, torch.ones_like(self.real[:, :1])), dim=1)
        return self._forward(tokens.unsqueeze(1), self.real.sum(1, keepdim=True) - 1)

    def _forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        shared = {"input_ids": ids, "position_ids": positions, "past_key_values": self.cache, "use_cache": True}
        if not self.policy.forward.packs:
            logits = self.policy.model(**shared, attention_mask=self.real.long(), logits_to_keep=1).logits[:, -1]
            return torch.log_softmax(logits.to(self.policy.master), dim=1)
        hidden = self.policy.model.base_model(**shared, visible=self._visible(ids.shape[1])).last_hidden_state[:, -1]
        return self.policy.head.vocabulary_log_probs(hidden)

    def _visible(self, queries: int) -> Tensor:
        keys = self.real.shape[1]
        itself = torch.eye(keys, dtype=torch.bool, device=self.real.device)[-queries:]
        causal = torch.ones(keys, keys, dtype=torch.bool, device=self.real.device).tril_()[-queries:]
        return (causal & self.real[:, None, :] | itself).unsqueeze(1)
