"""Completions from a vLLM server, or any other OpenAI-compatible one.

vLLM also tells the token ids it read and wrote and their log-probabilities, which training uses as they are; from other
servers the text is all there is. Which kind a server is shows in its list of models.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from training.generation.contract import GeneratedCompletion, GenerationFailure, GenerationRequest, Outcome, never
from training.generation.errors import GeneratorUnavailable, ModelNotUsable

DEFAULT_CONCURRENCY = 32
DEFAULT_TIMEOUT_SECONDS = 300.0
RETRIES = 4  # by the client, with growing pauses: connection lost, 408, 409, 429, 5xx
POLL_SECONDS = 0.2
VLLM_NEUTRAL = {"min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}


class OpenAIGenerator:
    """A `Generator` over HTTP: at most `concurrency` requests are out at a time, taken as there is room for them."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        adapter_dir: Path | None = None,
        api_key: str = "",
        concurrency: int = DEFAULT_CONCURRENCY,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        retries: int = RETRIES,
    ) -> None:
        """`base_url` ends in /v1, as the server's maker gives it; `timeout` in seconds is for one completion.

        `adapter_dir`: where the model is an adapter; a vLLM that does not serve it yet is asked to load it from there.
        """
        self.server = base_url.rstrip("/")
        self.identifier, self._adapter_dir, self._concurrency = model, adapter_dir, concurrency
        # A client insists on a key; servers that want none ignore it.
        self._client = openai.OpenAI(
            base_url=self.server, api_key=api_key or "none", timeout=timeout, max_retries=retries
        )
        self._is_vllm = False

    def models(self) -> list[str]:
        """The names the server answers to; also finds out whether it is vLLM. Raises GeneratorUnavailable."""
        try:
            served = list(self._client.with_options(timeout=15).models.list())
        except (openai.OpenAIError, ValueError) as error:
            raise GeneratorUnavailable(self._unavailable(error)) from error
        self._is_vllm = any(model.owned_by == "vllm" for model in served)
        return [model.id for model in served]

    def ensure_served(self) -> None:
        """The server answers to our model's name; a vLLM that does not yet is asked to load its adapter.

        Raises GeneratorUnavailable, and ModelNotUsable where the server cannot serve it.
        """
        names = self.models()
        if self.identifier in names:
            return
        if self._adapter_dir is None or not self._is_vllm:
            raise ModelNotUsable(
                f"The server at {self.server} does not serve {self.identifier}; it serves "
                f"{', '.join(names) or 'nothing'}. Start it with the model under that name "
                f"(vLLM: --served-model-name {self.identifier})."
            )
        try:
            body = {"lora_name": self.identifier, "lora_path": str(self._adapter_dir)}
            self._client.post("/load_lora_adapter", body=body, cast_to=str)
        except openai.APIStatusError as error:
            raise ModelNotUsable(
                f"The server at {self.server} would not load the adapter {self._adapter_dir}: {_said(error)}. It must "
                "see that folder and run with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1."
            ) from error
        except openai.OpenAIError as error:
            raise GeneratorUnavailable(self._unavailable(error)) from error

    def generate(
        self, requests: Iterable[GenerationRequest], *, should_stop: Callable[[], bool] = never
    ) -> Iterator[Outcome]:
        """Yields one outcome per request as they finish.

        Raises GeneratorUnavailable as soon as the server is out of reach, ModelNotUsable as `ensure_served` does.
        """
        self.ensure_served()
        waiting, out = iter(requests), set[Future[Outcome]]()
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="generation")
        try:
            while not should_stop():
                while len(out) < self._concurrency and (request := next(waiting, None)) is not None:
                    out.add(pool.submit(self._ask, request))
                if not out:
                    return
                done, out = wait(out, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, request: GenerationRequest) -> Outcome:
        try:
            answer = self._client.chat.completions.create(**self._body(request))
            return self._outcome(request, answer)
        except openai.APITimeoutError:
            reason = (
                f"The server took longer than {self._client.timeout} seconds. Lower max_tokens, or ask again later."
            )
            return GenerationFailure(request.key, reason, retryable=True)
        except openai.APIConnectionError as error:
            raise GeneratorUnavailable(self._unavailable(error)) from error
        except openai.APIStatusError as error:
            return GenerationFailure(request.key, self._refusal(error), retryable=error.status_code >= 429)
        except (openai.OpenAIError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            # Not what an OpenAI-compatible server answers: the client and the parsing below stumble in many ways.
            reason = f"The server's answer makes no sense ({type(error).__name__}). Is {self.server} the right address?"
            return GenerationFailure(request.key, reason, retryable=True)

    def _body(self, request: GenerationRequest) -> dict[str, Any]:
        settings = request.settings
        extra: dict[str, Any] = {"top_k": settings.top_k} if settings.top_k else {}
        if self._is_vllm:
            # A model's generation_config.json may change what a request leaves out: everything is said, so that
            # completions depend on our settings alone.
            extra = {**VLLM_NEUTRAL, "top_k": settings.top_k, "return_token_ids": True}
        return {
            "model": self.identifier,
            "messages": request.conversation,
            "seed": request.seed,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.max_tokens,
            "logprobs": self._is_vllm,
            "extra_body": extra,
        }

    def _outcome(self, request: GenerationRequest, answer: ChatCompletion) -> Outcome:
        choice = answer.choices[0]
        if choice.finish_reason not in ("stop", "length"):
            reason = f"The server ended the completion for a reason of its own: {choice.finish_reason}."
            return GenerationFailure(request.key, reason, retryable=False)
        logprobs = choice.logprobs.content if choice.logprobs and choice.logprobs.content else None
        return GeneratedCompletion(
            key=request.key,
            text=choice.message.content or "",
            prompt_ids=list((answer.model_extra or {}).get("prompt_token_ids") or []),
            completion_ids=list((choice.model_extra or {}).get("token_ids") or []),
            finish_reason="stop" if choice.finish_reason == "stop" else "length",
            logprob_sum=sum(token.logprob for token in logprobs) if logprobs else None,
            seed=request.seed,
            settings=request.settings,
            model=self.identifier,
            server=f"{self.server} ({answer.model})",
        )

    def _refusal(self, error: openai.APIStatusError) -> str:
        if error.status_code in (401, 403):
            return f"The server at {self.server} refuses our key. Set GENERATOR_API_KEY to one it knows."
        if error.status_code == 429:
            return (
                "The server has too much to do (429), also after several tries. Ask again later, or for less at a time."
            )
        if error.status_code >= 500:
            return (
                f"The server failed ({error.status_code}), also after several tries: {_said(error)}. Look at its log."
            )
        return f"The server refused the request ({error.status_code}): {_said(error)}."

    def _unavailable(self, error: Exception) -> str:
        return (
            f"No usable answer from the server at {self.server} ({type(error).__name__}: {str(error)[:200]}). "
            "Is it running, and is GENERATOR_URL its address with /v1 at the end?"
        )


def _said(error: openai.APIStatusError) -> str:
    """The server's own sentence, cut to a length a page can show."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or error.message)[:300].rstrip(".")
