"""A language model so small that every test may start it: two layers, sixty-odd words, random weights."""

from pathlib import Path

WORDS = [
    *("the", "a", "one", "two", "red", "blue", "old", "new", "cat", "dog", "tree", "house", "river", "sun", "rain"),
    *("bread", "tea", "book", "road", "hill", "sees", "likes", "finds", "makes", "gives", "takes", "keeps", "knows"),
    *("says", "asks", "walks", "runs", "sings", "reads", "writes", "cooks", "slowly", "quickly", "often", "never"),
    *("always", "here", "there", "and", "or", "but", "because", "when", "while", "with", "under", "over", "yes", "no"),
    *("maybe", "please", "thanks", ".", ",", "?", "!", "-", "*", ":"),
]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|> ' + message['role'] + ' ' + message['content'] + ' <|im_end|> ' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|> assistant ' }}{% endif %}"
)


def write_tiny_model(folder: Path, *, seed: int = 0) -> Path:
    """Writes the model with its tokenizer and chat template; the same seed gives the same weights."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    specials = ["<|im_start|>", "<|im_end|>", "<unk>"]
    vocabulary = {word: number for number, word in enumerate([*specials, "system", "user", "assistant", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=vocabulary["<|im_end|>"],
        pad_token_id=vocabulary["<|im_end|>"],
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder, safe_serialization=True)
    return folder
