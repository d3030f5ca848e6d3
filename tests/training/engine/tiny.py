"""Small things that the engine's tests share: a byte tokenizer, random models built from a config, random pairs, and
the oracle: one plain forward pass per sequence, batch 1, no padding, nothing shared."""

from __future__ import annotations

import copy
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from training.engine.data.records import TokenPair
from training.engine.model.lora import AdapterShape
from training.engine.model.policy import Policy, TrainedModel

EOS, START = 256, 257
VOCABULARY = 258

DEEPSEEK = {
    "q_lora_rank": 8,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
}
"""The sizes that DeepSeek's configs have beside those of all models."""
TEMPLATE = (
    "{% for message in messages %}<s>{{ message['role'] }}\n{{ message['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "smollm3", "olmo2")
SHAPE = AdapterShape(
    rank=4, alpha=8.0, target_modules=("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
)


def tokenizer() -> PreTrainedTokenizerFast:
    """Every byte is a token; ``</s>`` (256) ends a turn and is EOS, ``<s>`` (257) begins one."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={character: index for index, character in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["</s>", "<s>"])
    fast = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", bos_token="<s>")
    fast.chat_template = TEMPLATE
    assert (fast.eos_token_id, fast.bos_token_id, len(fast)) == (EOS, START, VOCABULARY)
    return fast


def model(family: str = "llama", *, seed: int = 0, vocabulary: int = VOCABULARY, **overrides: Any) -> Any:
    """A random two-layer causal language model in fp32 with grouped queries."""
    settings: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "initializer_range": 0.3,
        "bos_token_id": START,
        "eos_token_id": EOS,
        "pad_token_id": None,
        "attention_dropout": 0.1,
        **({"head_dim": 8} if family != "olmo2" else {}),
        **({"sliding_window": None} if family == "mistral" else {}),
        **overrides,
    }
    config = AutoConfig.for_model(family, **settings)
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32)


def save_model(directory: Path, *, seed: int = 0, **overrides: Any) -> Path:
    """A tiny llama with its tokenizer, as a model folder."""
    model(seed=seed, **overrides).save_pretrained(directory)
    tokenizer().save_pretrained(directory)
    return directory


def save_adapter(directory: Path, policy: Policy, *, base_model: str) -> None:
    """A policy's adapter as a run writes it, into an existing folder."""
    weights = policy.weights(Path(base_model))
    weights.write(directory, weights.state())


def widen(built: Any) -> Any:
    """To fp64, the normalisation layers included (transformers computes them in fp32 whatever comes in)."""
    built = built.double()
    for module in built.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = types.MethodType(_rms_norm, module)
    return built


def _rms_norm(module: Any, hidden: Tensor) -> Tensor:
    scale: Tensor = module.weight * hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + module.variance_epsilon)
    return scale


def policy_of(
    built: Any, *, dtype: torch.dtype = torch.float64, shape: AdapterShape = SHAPE, seed: int | None = 1
) -> Policy:
    """A policy on a copy of ``built``. A seed fills A and B with noise, so that the adapter does something."""
    policy = Policy(copy.deepcopy(built), dtype=dtype, shape=shape)
    policy.adapter.initialise(0)
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in policy.adapter.parameters().values():
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return policy


def pair(prompt: list[int], chosen: list[int], rejected: list[int], **more: Any) -> TokenPair:
    """A pair from lists of token ids."""
    return TokenPair("pair", 1, tuple(prompt), tuple(chosen), tuple(rejected), **more)


def random_pairs(count: int, *, seed: int = 0, vocabulary: int = 200, longest: int = 9) -> list[TokenPair]:
    """Pairs of random tokens; every third shares a beginning of the completions, every fourth ends without EOS."""
    random = np.random.default_rng(seed)

    def tokens(low: int, high: int) -> list[int]:
        return [int(token) for token in random.integers(0, vocabulary, random.integers(low, high))]

    pairs = []
    for number in range(count):
        shared = tokens(1, 4) if number % 3 == 0 else []
        end = [EOS] if number % 4 else []
        chosen, rejected = shared + tokens(1, longest) + end, shared + tokens(1, longest) + [EOS]
        extra: Any = {"confidence": float(random.uniform(0.5, 1.0)), "weight": float(random.uniform(0.5, 2.0))}
        pairs.append(TokenPair(f"p{number}", number + 1, tuple(tokens(1, 12)), tuple(chosen), tuple(rejected), **extra))
    return pairs


def naive_log_prob(
    built: Any, prompt: tuple[int, ...], completion: tuple[int, ...], weights: dict[str, Tensor] | None = None
) -> Tensor:
    """Summed log-probability of one completion by one plain forward pass of the whole sequence."""
    ids = torch.tensor([prompt + completion])
    logits = torch.func.functional_call(
        built, weights or {}, args=(), kwargs={"input_ids": ids, "use_cache": False}
    ).logits
    log_probs = torch.log_softmax(logits[0, len(prompt) - 1 : -1], dim=-1)
    return log_probs.gather(1, ids[0, len(prompt) :, None]).sum()


class Oracle:
    """The adapter folded into the weights of an untouched model: W + scale B A, with A and B as leaves."""

    def __init__(self, built: Any, policy: TrainedModel) -> None:
        self.model = copy.deepcopy(built).eval()
        self.model.requires_grad_(False)
        self.model.set_attn_implementation("sdpa")  # eager rounds its softmax to fp32
        own = policy.adapter.parameters()
        self.leaves = {name: each.detach().clone().double().requires_grad_() for name, each in own.items()}
        shape = policy.adapter.shape
        self.weights: dict[str, Tensor] = {}
        for path in policy.adapter.layers:
            linear = self.model.get_submodule(path)
            assert isinstance(linear, nn.Linear)
            product = self.leaves[f"{path}.lora_B"] @ self.leaves[f"{path}.lora_A"]
            self.weights[f"{path}.weight"] = linear.weight + shape.alpha / shape.rank * product

    def log_probs(self, pairs: list[TokenPair]) -> Tensor:
        """(pairs, 2), chosen and rejected."""
        rows = [
            [
                naive_log_prob(self.model, each.prompt_ids, side, self.weights)
                for side in (each.chosen_ids, each.rejected_ids)
            ]
            for each in pairs
        ]
        return torch.stack([torch.stack(row) for row in rows])
