"""One vLLM server, or another OpenAI-compatible one: its models, loading adapters, and completions from it.

vLLM also reports the token ids it read and wrote and their log-probabilities, which training uses as they are; other
servers report text only. The list of models shows which kind a server is.

A prompt that spells a control token of the model (`<|im_end|>`) goes to a vLLM as token ids, in which it is text. So
does one with a call whose arguments are no JSON object. Other servers take no ids and read it as the control token:
they are asked all the same, and the log says so.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.generation.contract import GeneratedCompletion, GenerationFailure, GenerationRequest, Outcome
from training.generation.errors import GeneratorUnavailable, ModelForgotten, ModelNotUsable
from training.generation.http import HttpServer, NotJson, Refusal, TooSlow, Unreachable, finite_sum
from training.language_models.chat_templates import TemplateRefusal
from training.language_models.messages import opaque_arguments, template_tools
from training.language_models.prompt_tokens import PromptTokens
from training.language_models.token_ids import IdOutsideVocabulary, SpelledControlToken

ADMINISTRATION_SECONDS = 15.0
LOADING_SECONDS = 120.0
VLLM_NEUTRAL = {"min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
PROBE = "Say hello to me in a few words."
PROBE_TOKENS = 8

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model by its name on a server. root: where its files are, as the server sees it; empty if it does not say."""

    name: str
    root: str
    is_adapter: bool


class ModelServer:
    """A server at an address."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str = "",
        timeout: float = 300.0,
        retries: int = 4,
        connections: int = 32,
        prompts: PromptTokens | None = None,
    ) -> None:
        """`base_url` ends in /v1; `timeout` in seconds is for one request; `prompts`: of the model that is asked."""
        self.http = HttpServer(base_url, api_key=api_key, timeout=timeout, retries=retries, connections=connections)
        self.address = self.http.address
        self.is_vllm = False
        self._prompts = prompts

    # --- Its models ---

    def models(self, *, timeout: float = ADMINISTRATION_SECONDS) -> list[ServedModel]:
        """The models that it serves; also finds out whether it is vLLM. Raises GeneratorUnavailable."""
        try:
            listed = self.http.get("/models", timeout=timeout)["data"]
            self.is_vllm = any(one.get("owned_by") == "vllm" for one in listed)
            return [ServedModel(one["id"], str(one.get("root") or ""), bool(one.get("parent"))) for one in listed]
        except (Unreachable, TooSlow, NotJson, Refusal) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise GeneratorUnavailable(self.unavailable(NotJson("not a list of models"))) from error

    def ensure_served(self, name: str, adapter_dir: Path | None) -> None:
        """Makes sure that the server serves the model under its name; a vLLM loads the adapter if need be.

        A name stands for one folder for ever. Raises GeneratorUnavailable, or ModelNotUsable if it cannot be served.
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
            self.http.send("/load_lora_adapter", body, timeout=LOADING_SECONDS)
        except Refusal as error:
            if "already been loaded" in str(error):  # by another process at the same moment
                return
            raise ModelNotUsable(
                f"The server at {self.address} would not load the adapter {adapter_dir}. {error} It must see that "
                "folder and run with --enable-lora, VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 and a --max-lora-rank as large "
                "as the adapter's (`make vllm` and `make run`: VLLM_LORA_RANK)."
            ) from error
        except (Unreachable, TooSlow) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    def unload(self, name: str) -> None:
        """Unloads an adapter from a vLLM. Raises GeneratorUnavailable."""
        try:
            self.http.send("/unload_lora_adapter", {"lora_name": name}, timeout=ADMINISTRATION_SECONDS)
        except (Unreachable, TooSlow, Refusal) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    def probe(self, name: str) -> str:
        """The model's answer to a fixed prompt, the likeliest token each time.

        Raises GeneratorUnavailable, ModelForgotten where it is not served (any longer), and ModelNotUsable where the
        answer is empty or its log-probabilities are not finite.
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
            raise ModelNotUsable(
                f"The answer of {name} to a probe at {self.address} cannot be read: {error}."
            ) from error
        if not text.strip():
            raise ModelNotUsable(f"The answer of {name} to a probe at {self.address} is empty.")
        return text

    # --- Releasing its memory ---

    def sleep(self) -> None:
        """Makes a vLLM release the GPU's memory until `wake`. Raises GeneratorUnavailable."""
        self._administer("/sleep?level=1")

    def wake(self) -> None:
        """Makes a vLLM take the memory back. Raises GeneratorUnavailable."""
        self._administer("/wake_up")

    def is_asleep(self) -> bool:
        """Whether a vLLM has released its memory. Raises GeneratorUnavailable."""
        try:
            return bool(self.http.get(f"{self.http.root}/is_sleeping", timeout=ADMINISTRATION_SECONDS)["is_sleeping"])
        except (Unreachable, TooSlow, NotJson, Refusal, KeyError) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    def _administer(self, path: str) -> None:
        try:
            self.http.send(f"{self.http.root}{path}", timeout=LOADING_SECONDS)
        except Refusal as error:
            raise GeneratorUnavailable(
                f"The server at {self.address} cannot sleep and wake. {error} It must run with --enable-sleep-mode and "
                "VLLM_SERVER_DEV_MODE=1."
            ) from error
        except (Unreachable, TooSlow) as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error

    # --- Completions ---

    def complete(self, model: str, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        """An outcome for each request, in order. The requests differ only in their seeds: s, s + 1, ...

        A vLLM gets several as one request, and reads the prompt once. Raises GeneratorUnavailable and ModelForgotten.
        """
        if len(requests) > 1 and not self.is_vllm:  # the meaning of `seed` beside `n` is vLLM's own
            return [outcome for request in requests for outcome in self.complete(model, [request])]
        try:
            ids = self._protected_ids(requests[0])
            path, asked = ("/completions", {"prompt": ids}) if ids else ("/chat/completions", _messages(requests[0]))
            answer = self.http.post(path, self._body(model, requests) | asked | {"logprobs": self._logprobs(ids)})
            return self._outcomes(model, requests, answer, sent=ids)
        except (SpelledControlToken, IdOutsideVocabulary, TemplateRefusal) as error:
            return _all_failed(requests, f"The prompt cannot be read as text: {error}.", retryable=False)
        except Unreachable as error:
            raise GeneratorUnavailable(self.unavailable(error)) from error
        except TooSlow:
            reason = f"The server took longer than {self.http.timeout:g} seconds. Lower max_tokens, or try again later."
            return _all_failed(requests, reason, retryable=True)
        except Refusal as error:
            if error.status == 404:
                raise ModelForgotten(str(error)) from error
            return _all_failed(requests, str(error), retryable=error.status >= 429 or error.status in (408, 409))
        except (NotJson, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            # No answer of an OpenAI-compatible server.
            reason = (
                f"The server's answer cannot be read ({type(error).__name__}). Is {self.address} the right address?"
            )
            return _all_failed(requests, reason, retryable=True)

    def _protected_ids(self, request: GenerationRequest) -> list[int]:
        """The prompt's token ids where its text spells a control token, or a call's arguments are no JSON object, which
        a vLLM would read otherwise or refuse; empty: the server may read its messages."""
        if self._prompts is None:
            return []
        spelled = self._prompts.spelled(request.conversation)
        if self.is_vllm:
            wanted = spelled or opaque_arguments(request.conversation)
            return self._prompts.ids(request.conversation) if wanted else []
        if spelled:
            text = "A prompt spells %s, and the server at %s reads it as a control token"
            logger.warning(text, spelled, self.address)
        return []

    def _logprobs(self, ids: list[int]) -> bool | int:
        """Completions count the likeliest tokens beside the sampled one, chat completions know yes and no."""
        return 1 if ids else self.is_vllm

    def _body(self, model: str, requests: Sequence[GenerationRequest]) -> dict[str, Any]:
        first, settings = requests[0], requests[0].settings
        body: dict[str, Any] = {
            "model": model,
            "seed": first.seed,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.max_tokens,
        }
        if settings.top_k:
            body["top_k"] = settings.top_k
        if self.is_vllm:
            # A model's generation_config.json fills in settings that a request leaves out: all are given, so that
            # completions depend on ours alone. Of n choices, the one with index i is drawn with seed + i.
            body |= {**VLLM_NEUTRAL, "top_k": settings.top_k, "return_token_ids": True, "n": len(requests)}
        return body

    def _outcomes(
        self, model: str, requests: Sequence[GenerationRequest], answer: dict[str, Any], *, sent: list[int]
    ) -> list[GeneratedCompletion | GenerationFailure]:
        choices = sorted(answer["choices"], key=lambda choice: int(choice["index"]))
        if [choice["index"] for choice in choices] != list(range(len(requests))):
            raise ValueError(f"{len(choices)} choices for {len(requests)}")
        prompt_ids = sent or _ids(answer.get("prompt_token_ids"))
        read = int((answer.get("usage") or {}).get("prompt_tokens") or len(prompt_ids))
        written = int((answer.get("usage") or {}).get("completion_tokens") or 0)
        server = f"{self.address} ({answer.get('model', model)})"
        outcomes: list[Outcome] = []
        for request, choice in zip(requests, choices, strict=True):
            finish = choice["finish_reason"]
            if finish not in ("stop", "length"):
                reason = f"The server ended the completion for a reason of its own: {str(finish)[:50]!r}."
                outcomes.append(GenerationFailure(request.key, reason, retryable=False))
                continue
            logprobs = _logprobs(choice)
            ids = _ids(choice.get("token_ids"))
            outcomes.append(
                GeneratedCompletion(
                    key=request.key,
                    text=_text(choice["text"] if sent else choice["message"]["content"]),
                    prompt_ids=prompt_ids,
                    completion_ids=ids,
                    finish_reason=finish,
                    logprob_sum=finite_sum(logprobs) if logprobs else None,
                    seed=request.seed,
                    settings=request.settings,
                    model=model,
                    server=server,
                    tokens_read=read,
                    tokens_written=len(ids) or written // len(requests),
                )
            )
            read = 0  # counted once for all of them
        return outcomes

    def unavailable(self, error: Exception) -> str:
        """The sentence for a server without a usable answer."""
        return (
            f"No usable answer from the server at {self.address} ({type(error).__name__}: {str(error)[:200]}). "
            "Is it running, and is GENERATOR_URL (of a judge: JUDGE_URL) its address with /v1 at the end?"
        )


def _all_failed(requests: Sequence[GenerationRequest], reason: str, *, retryable: bool) -> list[Outcome]:
    return [GenerationFailure(request.key, reason, retryable) for request in requests]


def _messages(request: GenerationRequest) -> dict[str, Any]:
    """A conversation as chat completions take it."""
    turns = [{name: one for name, one in turn.items() if name != "tools"} for turn in request.conversation]
    tools = template_tools(request.conversation)
    # The model reads the tools, and its calls come back as it wrote them: they are the completion's text.
    return {"messages": turns} | ({"tools": tools, "tool_choice": "none"} if tools else {})


def _logprobs(choice: dict[str, Any]) -> list[Any]:
    """Of the tokens of a choice, in both forms of completions; empty: it has none."""
    logprobs = choice.get("logprobs") or {}
    of_chat = [token["logprob"] for token in logprobs.get("content") or []]
    return of_chat or list(logprobs.get("token_logprobs") or [])


def _ids(values: Any) -> list[int]:
    ids = list(values or [])
    if not set(map(type, ids)) <= {int}:
        raise ValueError("token ids that are not integers")
    return ids


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError("a text that is not a string")
    return value or ""
