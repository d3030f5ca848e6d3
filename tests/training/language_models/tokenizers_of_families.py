"""Small tokenizers of the kinds that model families have, with their templates and control tokens."""

from __future__ import annotations

from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

CORPUS = [
    "The quick brown fox jumps over the lazy dog. How do I boil an egg? Put it into water.",
    "Name two fruits that grow on trees: apples and plums. user assistant system model \n\n",
] * 20
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LLAMA2 = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% elif m['role'] == 'assistant' %} {{ m['content'] }}{{ eos_token }}{% endif %}{% endfor %}"
)
PHI = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
ZEPHYR = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
DEEPSEEK = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}<｜User｜>{{ m['content'] }}"
    "{% elif m['role'] == 'assistant' %}<｜Assistant｜>{{ m['content'] }}<｜end▁of▁sentence｜>"
    "{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<｜Assistant｜><think>\n{% endif %}"
)
PLAIN = ["<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"]
"""Tokens that DeepSeek's tokenizers add without calling them special."""

FAMILIES: dict[str, dict[str, Any]] = {
    "qwen": {"template": CHATML, "control": ["<|im_start|>", "<|im_end|>", "<|endoftext|>"], "eos": "<|im_end|>"},
    "llama3": {
        "template": LLAMA3,
        "control": ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        "bos": "<|begin_of_text|>",
        "eos": "<|eot_id|>",
    },
    "llama2": {"template": LLAMA2, "control": ["<s>", "</s>"], "bos": "<s>", "eos": "</s>", "kind": "first"},
    "mistral": {
        "template": LLAMA2,
        "control": ["<s>", "</s>", "[INST]", "[/INST]"],
        "bos": "<s>",
        "eos": "</s>",
        "kind": "first",
    },
    "tinyllama": {"template": ZEPHYR, "control": ["<s>", "</s>"], "bos": "<s>", "eos": "</s>", "kind": "always"},
    "gemma": {
        "template": GEMMA,
        "control": ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"],
        "bos": "<bos>",
        "eos": "<eos>",
        "ends": "<end_of_turn>",
        "kind": "never",
    },
    "phi": {
        "template": PHI,
        "control": ["<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|endoftext|>"],
        "eos": "<|end|>",
        "kind": "first",
    },
}


def deepseek() -> PreTrainedTokenizerFast:
    """A tokenizer like DeepSeek's: the tokens that open turns are added, and none of them is special."""
    fast = tokenizer_of("qwen")
    fast.add_special_tokens({"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"})
    fast.add_tokens([AddedToken(name, special=False, normalized=False) for name in PLAIN])
    fast.chat_template = DEEPSEEK
    return fast


def tokenizer_of(family: str, *, puts: str = "$A") -> PreTrainedTokenizerFast:
    """A tokenizer of a family. ``puts``: the tokens that it puts around a text by itself."""
    told = FAMILIES[family]
    special = ["<unk>", *told["control"]]
    if told.get("kind") is None:
        backend = Tokenizer(models.BPE())
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        alphabet, size = pre_tokenizers.ByteLevel.alphabet(), 400
    else:  # as SentencePiece does it: spaces become U+2581
        backend = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
        backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=told["kind"])
        backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        special += [f"<0x{number:02X}>" for number in range(256)]
        alphabet, size = [], 500
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(CORPUS, trainer)
    if puts != "$A":
        names = [(name, backend.token_to_id(name)) for name in told["control"]]
        backend.post_processor = processors.TemplateProcessing(single=puts, special_tokens=names)
    named = {"bos_token": told.get("bos"), "eos_token": told["eos"], "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=backend, **{name: text for name, text in named.items() if text is not None}
    )
    if family == "gemma":  # its tokenizers add line breaks and runs of them, which are no marks
        fast.add_tokens([AddedToken(breaks, special=False, normalized=False) for breaks in ("\n", "\n\n")])
    fast.chat_template = told["template"]
    return fast
