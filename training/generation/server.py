"""One vLLM server, or another OpenAI-compatible one: what it serves, loading adapters, and completions from it.

vLLM also tells the token ids it read and wrote and their log-probabilities, which training uses as they are; from other
servers the text is all there is. Which kind a server is shows in its list of models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.generation.contract import GeneratedCompletion, GenerationFailure, GenerationRequest, Outcome
from training.generation.errors import GeneratorUnavailable, ModelForgotten, ModelNotUsable
from training.generation.http import HttpServer, NotJson, Refusal, TooSlow, Unreachable, finite_sum

ADMINISTRATION_SECONDS = 15.0
LOADING_SECONDS = 120.0
VLLM_NEUTRAL = {"min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
PROBE = "Say hello to me in a few words."
PROBE_TOKENS = 8


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A name a server answers to. root: where its files are, as the server sees it; empty if it does not say."""

    name: str
    root: str
    is_adapter: bool


class ModelServer:
    """A server at an address."""

    def __init__(
        self, base_url: str, *, api_key: str = "", timeout: float = 300.0, retries: int = 4, connections: int = 32
    ) -> None:
        """`base_url` ends in /v1; `timeout` in seconds is for one request."""
        self.http = HttpServer(base_url, api_key=api_key, timeout=timeout, retries=retries, connections=connections)
        self.address = self.http.address
        self.is_vllm = False

    # --- What it serves ---

    def models(self, *, timeout: float = ADMINISTRATION_SECONDS) -> list[ServedModel]:
        """What it answers to; also finds out whether it is vLLM. Raises GeneratorUnavailable."""
        try:
            listed = self.http.get("/models", timeout=timeout)["data"]
            self.is_vllm = any(one.get("owned_by") == "vllm" for one in listed)
            return [ServedModel(one["id"], str(one.get("root") or ""), bool(one.get("parent"))) for one in listed]
        except (Unreachable, TooSlow, NotJson, Refusal) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise GeneratorUnavailable(self.unavailable(NotJson("not a list of models"))) from error

    def ensure_served(self, name: str, adapter_dir: Path | None) -> None:
        """It answers to the name; a vLLM that does not yet is asked to load the adapter.

        A name stands for one folder for ever. Raises GeneratorUnavailable, and ModelNotUsable where it cannot serve it.
        """
        served = {model.name: model for model in self.models()}
        if name in served:
            if adapter_dir is not None and served[name].is_adapter and served[name].root != str(adapter_dir):
                raise ModelNotUsable(
                    f"The server at {self.address} serves another folder under the name {name}: "
                    f"{served[name].root}. Restart it: a name stands for one version for ever."
                )
            return
        if adapter_dir is None or not self.is_vllm:
            raise ModelNotUsable(
                f"The server at {self.address} does not serve {name}; it serves {', '.join(served) or 'nothing'}. "
                f"Start it with the model under that name (vLLM: --served-model-name {name})."
            )
        try:
            body = {"lora_name": name, "lora_path": str(adapter_dir)}
            self.http.tell("/load_lora_adapter", body, timeout=LOADING_SECONDS)
        except Refusal as error:
            if "already been loaded" in str(error):  # by somebody who asked at the same moment
                return
            raise ModelNotUsable(
                f"The server at {self.address} would not load the adapter {adapter_dir}. {error} It must see that "
                "folder and run with --enable-lora, VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 and a --max-lora-rank as large "
                "as the adapter's (`make vllm` and `make run`: VLLM_LORA_RANK)."
            ) from error
        except (Unreachable, TooSlow) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    def unload(self, name: str) -> None:
        """Lets a vLLM forget an adapter. Raises GeneratorUnavailable."""
        try:
            self.http.tell("/unload_lora_adapter", {"lora_name": name}, timeout=ADMINISTRATION_SECONDS)
        except (Unreachable, TooSlow, Refusal) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    def probe(self, name: str) -> str:
        """What the model says to a fixed prompt, the likeliest token each time.

        Raises GeneratorUnavailable, ModelForgotten where it is not served (any more), and ModelNotUsable where it says
        nothing or its log-probabilities are no numbers.
        """
        body = {
            "model": name,
            "messages": [{"role": "user", "content": PROBE}],
            "temperature": 0,
            "max_tokens": PROBE_TOKENS,
        }
        try:
            answer = self.http.post("/chat/completions", body | {"logprobs": self.is_vllm}, timeout=LOADING_SECONDS)
            choice = answer["choices"][0]
            finite_sum([token["logprob"] for token in (choice.get("logprobs") or {}).get("content") or []])
            text = str(choice["message"]["content"] or "")
        except (Unreachable, TooSlow) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error
        except Refusal as error:
            if error.status == 404:
                raise ModelForgotten(str(error)) from error
            raise ModelNotUsable(f"{name} did not answer a probe at {self.address}: {error}") from error
        except (NotJson, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise ModelNotUsable(f"{name} answers a probe at {self.address} with no sense: {error}.") from error
        if not text.strip():
            raise ModelNotUsable(f"{name} answers a probe at {self.address} with nothing.")
        return text

    # --- Giving its memory away ---

    def sleep(self) -> None:
        """Lets a vLLM give the GPU's memory away until `wake`. Raises GeneratorUnavailable."""
        self._administer("/sleep?level=1")

    def wake(self) -> None:
        """Takes the memory back. Raises GeneratorUnavailable."""
        self._administer("/wake_up")

    def is_asleep(self) -> bool:
        """Raises GeneratorUnavailable."""
        try:
            return bool(self.http.get(f"{self.http.root}/is_sleeping", timeout=ADMINISTRATION_SECONDS)["is_sleeping"])
        except (Unreachable, TooSlow, NotJson, Refusal, KeyError) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    def _administer(self, path: str) -> None:
        try:
            self.http.tell(f"{self.http.root}{path}", timeout=LOADING_SECONDS)
        except Refusal as error:
            raise GeneratorUnavailable(
                f"The server at {self.address} cannot sleep and wake. {error} It must run with --enable-sleep-mode and "
                "VLLM_SERVER_DEV_MODE=1."
            ) from error
        except (Unreachable, TooSlow) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    # --- Completions ---

    def complete(self, model: str, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        """An outcome for each request, in order. Those of one call differ in nothing but their seeds: s, s + 1, ...

        Several are one request to a vLLM, which then reads the prompt once. Raises GeneratorUnavailable and
        ModelForgotten.
        """
        if len(requests) > 1 and not self.is_vllm:  # what `seed` means beside `n` is vLLM's own
            return [outcome for request in requests for outcome in self.complete(model, [request])]
        try:
            answer = self.http.post("/chat/completions", self._body(model, requests))
            return self._outcomes(model, requests, answer)
        except Unreachable as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error
        except TooSlow:
            reason = f"The server took longer than {self.http.timeout:g} seconds. Lower max_tokens, or ask again later."
            return _all_failed(requests, reason, retryable=True)
        except Refusal as error:
            if error.status == 404:
                raise ModelForgotten(str(error)) from error
            return _all_failed(requests, str(error), retryable=error.status >= 429 or error.status in (408, 409))
        except (NotJson, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            # Not what an OpenAI-compatible server answers.
            reason = (
                f"The server's answer makes no sense ({type(error).__name__}). Is {self.address} the right address?"
            )
            return _all_failed(requests, reason, retryable=True)

    def _body(self, model: str, requests: Sequence[GenerationRequest]) -> dict[str, Any]:
        first, settings = requests[0], requests[0].settings
        body: dict[str, Any] = {
            "model": model,
            "messages": first.conversation,
            "seed": first.seed,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.max_tokens,
            "logprobs": self.is_vllm,
        }
        if settings.top_k:
            body["top_k"] = settings.top_k
        if self.is_vllm:
            # A model's generation_config.json may change what a request leaves out: everything is said, so that
            # completions depend on our settings alone. Of n, the one with index i is drawn with seed + i.
            body |= {**VLLM_NEUTRAL, "top_k": settings.top_k, "return_token_ids": True, "n": len(requests)}
        return body

    def _outcomes(
        self, model: str, requests: Sequence[GenerationRequest], answer: dict[str, Any]
    ) -> list[GeneratedCompletion | GenerationFailure]:
        choices = sorted(answer["choices"], key=lambda choice: int(choice["index"]))
        if [choice["index"] for choice in choices] != list(range(len(requests))):
            raise ValueError(f"{len(choices)} choices for {len(requests)}")
        prompt_ids = _ids(answer.get("prompt_token_ids"))
        read = int((answer.get("usage") or {}).get("prompt_tokens") or len(prompt_ids))
        written = int((answer.get("usage") or {}).get("completion_tokens") or 0)
        server = f"{self.address} ({answer.get('model', model)})"
        outcomes: list[Outcome] = []
        for request, choice in zip(requests, choices, strict=True):
            finish = choice["finish_reason"]
            if finish not in ("stop", "length"):
                reason = f"The server ended the completion for a reason of its own: {finish}."
                outcomes.append(GenerationFailure(request.key, reason, retryable=False))
                continue
            tokens = (choice.get("logprobs") or {}).get("content")
            ids = _ids(choice.get("token_ids"))
            outcomes.append(
                GeneratedCompletion(
                    key=request.key,
                    text=_text(choice["message"]["content"]),
                    prompt_ids=prompt_ids,
                    completion_ids=ids,
                    finish_reason=finish,
                    logprob_sum=finite_sum([token["logprob"] for token in tokens]) if tokens else None,
                    seed=request.seed,
                    settings=request.settings,
                    model=model,
                    server=server,
                    tokens_read=read,
                    tokens_written=len(ids) or written // len(requests),
                )
            )
            read = 0  # once for all of them
        return outcomes

    def unavailable(self, error: Exception) -> str:
        """The sentence for a server that gives no usable answer."""
        return (
            f"No usable answer from the server at {self.address} ({type(error).__name__}: {str(error)[:200]}). "
            "Is it running, and is GENERATOR_URL its address with /v1 at the end?"
        )


def _all_failed(requests: Sequence[GenerationRequest], reason: str, *, retryable: bool) -> list[Outcome]:
    return [GenerationFailure(request.key, reason, retryable) for request in requests]


def _ids(values: Any) -> list[int]:
    ids = list(values or [])
    if not set(map(type, ids)) <= {int}:
        raise ValueError("token ids that are no numbers")
    return ids


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError("a text that is none")
    return value or ""
