"""Contamination: texts of an export that contain prompts of an evaluation.

A text contains an evaluation prompt if 13 words in a row are the same (T. Brown et al., Language Models are Few-Shot
Learners, 2020, appendix C), or all words of a prompt with 5 to 12. A shorter one must be the whole text: it would occur
anywhere. Case, punctuation and spaces do not matter; a Chinese or Japanese character is a word.
"""

from collections.abc import Iterable, Sequence

import regex

from labeling.exchange.records import ImportedPrompt, Message, Rejected

LONGEST, SHORTEST = 13, 5
WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{M}\p{N}]+?(?=[\p{Han}\p{Hiragana}\p{Katakana}]|\b)")


class EvaluationPrompts:
    """The prompts of an evaluation, indexed by runs of words. count: how many; rejected: lines that hold none."""

    def __init__(self, prompts: Iterable[ImportedPrompt | Rejected]) -> None:
        self.count = self.rejected = 0
        self._whole: dict[tuple[str, ...], str] = {}
        self._runs: dict[int, dict[int, str]] = {}
        for one in prompts:
            if isinstance(one, Rejected):
                self.rejected += 1
                continue
            self.count += 1
            for message in one.messages:
                if message["role"] == "user":
                    self._add(message["content"])

    def match(self, texts: Iterable[str]) -> str | None:
        """The first evaluation prompt that one of the texts contains; None: none does."""
        for text in texts:
            words = _words(text)
            if (found := self._whole.get(tuple(words))) is not None:
                return found
            for size, runs in self._runs.items():
                for start in range(len(words) - size + 1):
                    if (found := runs.get(hash(tuple(words[start : start + size])))) is not None:
                        return found
        return None

    def _add(self, text: str) -> None:
        words = _words(text)
        if len(words) < SHORTEST:
            if words:
                self._whole.setdefault(tuple(words), text)
            return
        size = min(len(words), LONGEST)
        runs = self._runs.setdefault(size, {})
        for start in range(len(words) - size + 1):
            runs.setdefault(hash(tuple(words[start : start + size])), text)


def texts_of(prompt: Sequence[Message], *completions: str) -> list[str]:
    """The texts of a comparison in which an evaluation prompt could stand."""
    return [*(message["content"] for message in prompt), *completions]


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]
