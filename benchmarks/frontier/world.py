"""A small world: reviews written by a grammar, a language model that learned them, and a graded gold reward.

The gold reward is the sum of AFINN-111's scores of the completion's words, halved (F. Å. Nielsen, "A new ANEW",
arXiv 1103.2903; the list is under the ODbL 1.0). ``AFINN`` holds the words that the grammar uses.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

AFINN = {
    "superb": 5, "breathtaking": 5, "outstanding": 5, "wonderful": 4, "brilliant": 4, "funny": 4, "fantastic": 4,
    "good": 3, "great": 3, "lovely": 3, "charming": 3, "beautiful": 3, "impressive": 3, "fine": 2, "clever": 2,
    "interesting": 2, "solid": 2, "elegant": 2, "fresh": 1, "warm": 1, "cool": 1, "weak": -2, "dull": -2, "poor": -2,
    "sad": -2, "tired": -2, "confusing": -2, "annoying": -2, "bad": -3, "boring": -3, "awful": -3, "terrible": -3,
    "horrible": -3, "ugly": -3, "dreadful": -3, "worst": -3, "catastrophic": -4, "loved": 3, "admired": 3, "enjoy": 2,
    "regret": -2, "hated": -3,
}  # fmt: skip
_ADJECTIVES = [word for word in AFINN if word not in ("loved", "admired", "enjoy", "regret", "hated", "worst")]
_PLAIN = ["long", "short", "quiet", "loud", "slow", "french", "old", "new"]
_THINGS = ["film", "movie", "play", "series", "musical", "comedy", "drama"]
_PARTS = ["plot", "acting", "music", "ending", "cast", "dialogue", "first half", "second half", "camera", "script"]
_WHERE = [
    "at home",
    "on friday",
    "in a small cinema",
    "with my sister",
    "with an old friend",
    "on a train",
    "last week",
]
EOS = "</s>"


def gold(prompt: str, completion: str) -> float:
    """The gold reward of a completion. The prompt does not matter."""
    return sum(AFINN.get(word, 0) for word in completion.split()) / 2.0


def opening(chance: random.Random) -> str:
    """The beginning of a review: a prompt."""
    start = chance.choice(["i saw the", "we watched the", "they showed the", "i went to the"])
    return f"{start} {chance.choice(_PLAIN)} {chance.choice(_THINGS)} {chance.choice(_WHERE)} ."


def rest(chance: random.Random) -> str:
    """The rest: one to three sentences in one mood, which is a chance of kind words."""
    mood = chance.uniform(0.1, 0.9)
    return " ".join(_sentence(chance, mood) for _ in range(chance.choice([1, 2, 2, 3])))


def _sentence(chance: random.Random, mood: float) -> str:
    kind, part = chance.random(), chance.choice(_PARTS)
    if kind < 0.15:
        return f"i {chance.choice(['loved', 'admired'] if chance.random() < mood else ['hated'])} the {part} ."
    if kind < 0.25:
        return f"you will {'enjoy' if chance.random() < mood else 'regret'} it ."
    if kind < 0.3:
        return f"the {part} was the worst part ."
    second = f" and the {chance.choice(_PARTS)} was {_adjective(chance, mood)}" if chance.random() < 0.5 else ""
    return f"the {part} was {_adjective(chance, mood)}{second} ."


def _adjective(chance: random.Random, mood: float) -> str:
    if chance.random() < 0.25:
        return chance.choice(_PLAIN)
    kind = chance.random() < mood
    return chance.choice([word for word in _ADJECTIVES if (AFINN[word] > 0) == kind])


def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each word of the grammar."""
    chance = random.Random(0)
    words = sorted({word for _ in range(20_000) for word in f"{opening(chance)} {rest(chance)}".split()} | set(AFINN))
    vocabulary = {word: number for number, word in enumerate([EOS, "<unk>", *words])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=EOS, unk_token="<unk>")


def make_model(folder: Path, *, width: int, layers: int, steps: int, seed: int = 0) -> float:
    """Train a llama of this size on the grammar's reviews, 32 a step, and write it; returns its last loss, nats a
    token."""
    words, chance = tokenizer(), random.Random(seed)
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        "llama",
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        num_key_value_heads=width // 32,
        max_position_embeddings=128,
        bos_token_id=None,
        eos_token_id=words.eos_token_id,
        tie_word_embeddings=True,
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    mean = float("nan")
    for step in range(steps):
        texts = [f"{opening(chance)} {rest(chance)} {EOS}" for _ in range(32)]
        rows = [torch.tensor(words(text)["input_ids"]) for text in texts]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)  # padding is EOS, behind the text
        labels = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
        loss = model(input_ids=ids, labels=labels).loss
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 50) * (1.0 - step / steps)
        optimizer.step()
        optimizer.zero_grad()
        mean = float(loss.detach()) if step == 0 else 0.95 * mean + 0.05 * float(loss.detach())
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return mean
