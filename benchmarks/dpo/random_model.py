"""Models of random weights with a tokenizer of bytes, and pairs of random text: nothing has to be downloaded."""

import json
import random
import string
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

TEMPLATE = (
    "{% for message in messages %}<s>{{ message['role'] }}\n{{ message['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
SHAPES: dict[str, dict[str, int]] = {
    # Llama 3.2 1B, with its vocabulary
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32}
    | {"num_key_value_heads": 8, "vocab_size": 128256},
    "tiny": {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4}
    | {"num_key_value_heads": 2, "vocab_size": 2048},
}


def write_model(folder: Path, shape: str, *, device: str) -> Path:
    """A Llama of random weights in bf16, as a folder that every trainer loads."""
    config = LlamaConfig(**SHAPES[shape], max_position_embeddings=8192, tie_word_embeddings=True, eos_token_id=256)  # type: ignore[arg-type]
    torch.manual_seed(0)
    with torch.device(device):
        model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={character: number for number, character in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(["</s>", "<s>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", bos_token="<s>", pad_token="</s>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return folder


def write_pairs(path: Path, count: int, *, letters: int) -> Path:
    """Pairs of random letters in which the chosen one is written small and the rejected one large."""
    chance = random.Random(0)

    def text(alphabet: str) -> str:
        return "".join(chance.choices(alphabet, k=letters))

    lines = [
        json.dumps(
            {
                "id": f"pair-{number}",
                "prompt": [{"role": "user", "content": text(string.ascii_letters)}],
                "chosen": text(string.ascii_lowercase),
                "rejected": text(string.ascii_uppercase),
            }
        )
        for number in range(count)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path
