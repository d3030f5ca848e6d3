"""The embedded sampler: completions from a model folder on this machine's CPU, many rows at a time.

Finished rows are replaced at once (continuous batching), a prompt of several requests is read once, and every sequence
draws from a random generator of its own, so that its text depends on its own request only.
For a GPU use a server; this is for machines without one, for tests and for first tries.
"""

import random
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
import transformers

from training.generation.choosing import choose_tokens
from training.generation.contract import (
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    Outcome,
    never,
)
from training.generation.decoding import Decoder, Prefilled, decoder_for
from training.generation.errors import ModelNotUsable
from training.generation.loading import load_for_sampling
from training.language_models.precision import FORMATS, choose_dtype
from training.language_models.token_ids import IdOutsideVocabulary, SpelledControlToken, TokenIds

DEFAULT_BATCH_SIZE = 64
DEFAULT_CACHE_TOKENS = 65536  # of all rows together; a token of SmolLM2-135M takes 23 kB in bfloat16
PROMPTS_REMEMBERED = 4  # the requests of a pair usually share their prompt


@dataclass(slots=True)
class _Sequence:
    """One completion in progress."""

    request: GenerationRequest
    prompt_ids: list[int]
    generator: random.Random
    tokens_read: int = 0
    ids: list[int] = field(default_factory=list)
    logprob_sum: float = 0.0


class EmbeddedSampler:
    """A `Generator` over transformers on the CPU. Keeps the model in memory while it lives; one thread at a time."""

    def __init__(
        self,
        model_dir: Path | str,
        *,
        adapter_dir: Path | str | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        identifier: str | None = None,
        dtype: str = "auto",
        cache_tokens: int = DEFAULT_CACHE_TOKENS,
    ) -> None:
        """Loads the model. Raises ModelNotUsable.

        `batch_size` rows are decoded together, fewer where `cache_tokens` would be exceeded; `dtype` is "auto" (see
        `choose_dtype`) or one of FORMATS; `identifier` is the name of the model in completions.
        """
        if batch_size < 1 or cache_tokens < 1:
            raise ModelNotUsable("batch_size and cache_tokens must be at least 1.")
        if dtype != "auto" and dtype not in FORMATS:
            raise ModelNotUsable(f"dtype is {dtype!r}: choose auto, {', '.join(FORMATS)}.")
        number_format = choose_dtype(dtype, torch.device("cpu"))
        folder, adapter = Path(model_dir), None if adapter_dir is None else Path(adapter_dir)
        self._loaded = load_for_sampling(folder, adapter_dir=adapter, dtype=number_format)
        vocabulary = self._loaded.model.config.get_text_config().vocab_size
        self._token_ids = TokenIds(self._loaded.tokenizer, vocabulary_size=vocabulary)
        self._batch_size, self._cache_tokens = batch_size, cache_tokens
        self.identifier = identifier or "/".join(path.name for path in (folder, adapter) if path is not None)
        precision = str(number_format).removeprefix("torch.")
        versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
        self.server = f"embedded ({versions}, {precision} on CPU)"

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = never
    ) -> Iterator[Outcome]:
        """Yields one outcome per request as they finish. `should_stop` is called before every prompt and every step.

        Requests are taken one by one as rows become free. Their text, ids and log-probability are exactly repeatable
        in bfloat16 with the same kind of CPU, whatever the other requests; in float32 up to rounding in the last bits,
        which may occasionally change a token.
        """
        yield from _Generation(self, iter(requests), should_stop).run()

    def prompt_ids(self, request: GenerationRequest) -> list[int]:
        """The conversation in the chat template with the generation prompt; control tokens that its texts spell stay
        text. Raises what the template raises, SpelledControlToken and IdOutsideVocabulary."""
        return list(self._token_ids.of_conversation(request.conversation))

    def _decoder(self) -> Decoder:
        return decoder_for(self._loaded.model, max_rows=self._batch_size, max_tokens=self._cache_tokens)

    def _refusal(self, request: GenerationRequest, prompt_ids: list[int]) -> GenerationFailure | None:
        """Why a request cannot be answered: prompts are never cut."""
        wanted, context = request.settings.max_tokens, self._loaded.context
        if len(prompt_ids) + wanted <= context:
            return None
        reason = (
            f"The prompt has {len(prompt_ids)} tokens and max_tokens is {wanted}: together more than the {context} "
            "tokens the model can read. Shorten the prompt or lower max_tokens."
        )
        return GenerationFailure(request.key, reason, retryable=False)

    def _completion(self, sequence: _Sequence, *, ended: bool) -> GeneratedCompletion:
        return GeneratedCompletion(
            key=sequence.request.key,
            text=self._loaded.tokenizer.decode(
                sequence.ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
            ),
            prompt_ids=sequence.prompt_ids,
            completion_ids=sequence.ids,
            finish_reason="stop" if ended else "length",
            logprob_sum=sequence.logprob_sum,
            seed=sequence.request.seed,
            settings=sequence.request.settings,
            model=self.identifier,
            server=self.server,
            tokens_read=sequence.tokens_read,
            tokens_written=len(sequence.ids),
        )


class _Generation:
    """One call of `generate`: the rows being decoded and the requests still to come."""

    def __init__(
        self, sampler: EmbeddedSampler, requests: Iterator[GenerationRequest], should_stop: Callable[[], bool]
    ) -> None:
        self._sampler, self._requests, self._should_stop = sampler, requests, should_stop
        self._stopped = False
        self._decoder = sampler._decoder()
        self._rows: list[_Sequence] = []  # as the decoder's rows
        self._next: _Sequence | None = None  # taken, but there was no room for it yet
        self._prompts: OrderedDict[tuple[int, ...], Prefilled] = OrderedDict()

    def run(self) -> Iterator[Outcome]:
        """Fills free rows, steps and yields, until no request is left or a stop is requested."""
        while not self._stopping():
            yield from self._fill()
            if self._stopping() or not self._rows:
                return
            logits = self._decoder.step([sequence.ids[-1] for sequence in self._rows])
            finished = self._append(self._rows, logits)
            for row in sorted(finished, reverse=True):
                self._decoder.remove(row)
                self._rows[row] = self._rows[-1]
                self._rows.pop()
            yield from finished.values()

    def _stopping(self) -> bool:
        """Whether a stop has been requested; once it has, this stays True."""
        self._stopped = self._stopped or self._should_stop()
        return self._stopped

    def _fill(self) -> Iterator[Outcome]:
        """Takes requests while there is room for one more row."""
        while not self._stopping():
            if self._next is None:
                request = next(self._requests, None) if self._decoder.has_room(1) else None
                if request is None:
                    return
                taken = self._take(request)
                if isinstance(taken, GenerationFailure):
                    yield taken
                    continue
                self._next = taken
            tokens = len(self._next.prompt_ids) + self._next.request.settings.max_tokens
            if not self._decoder.has_room(tokens):
                return
            sequence, self._next = self._next, None
            prompt, sequence.tokens_read = self._prefill(sequence.prompt_ids)
            finished = self._append([sequence], prompt.logits[None])
            if finished:
                yield from finished.values()
                continue
            self._decoder.add(prompt, tokens)
            self._rows.append(sequence)

    def _take(self, request: GenerationRequest) -> _Sequence | GenerationFailure:
        try:
            ids = self._sampler.prompt_ids(request)
        except (SpelledControlToken, IdOutsideVocabulary) as error:
            return GenerationFailure(request.key, f"{str(error)[0].upper()}{str(error)[1:]}.", retryable=False)
        except Exception as error:  # a template is code of the model's maker: it may raise anything
            reason = f"The model's chat template refuses this conversation: {error}. Change the order of its turns."
            return GenerationFailure(request.key, reason, retryable=False)
        return self._sampler._refusal(request, ids) or _Sequence(request, ids, random.Random(request.seed))

    def _prefill(self, prompt_ids: list[int]) -> tuple[Prefilled, int]:
        """The prompt as the model has read it, and how many tokens were read for it now: 0 if it is remembered."""
        key = tuple(prompt_ids)
        read = 0 if key in self._prompts else len(prompt_ids)
        if read:
            self._prompts[key] = self._decoder.prefill(prompt_ids)
            if len(self._prompts) > PROMPTS_REMEMBERED:
                self._prompts.popitem(last=False)
        self._prompts.move_to_end(key)
        return self._prompts[key], read

    def _append(self, sequences: list[_Sequence], logits: torch.Tensor) -> dict[int, GeneratedCompletion]:
        """Adds the next token to each; returns the finished ones by position. `logits` [sequences, vocabulary]"""
        precise = logits if logits.dtype == torch.float64 else logits.float()
        draws = [sequence.generator.random() for sequence in sequences]
        ids, logprobs = choose_tokens(precise, [sequence.request.settings for sequence in sequences], draws)
        finished = {}
        for position, (sequence, token, logprob) in enumerate(zip(sequences, ids, logprobs, strict=True)):
            sequence.ids.append(token)
            sequence.logprob_sum += logprob
            ended = token in self._sampler._loaded.end_ids
            if ended or len(sequence.ids) == sequence.request.settings.max_tokens:
                finished[position] = self._sampler._completion(sequence, ended=ended)
        return finished
