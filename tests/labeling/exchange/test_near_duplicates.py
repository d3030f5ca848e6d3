"""Near-duplicate prompts, by MinHash."""

import random

from labeling.exchange.near_duplicates import EXAMPLES, near_duplicates
from tests.people import asks

WORDS = [str(random.Random(number).getrandbits(30)) for number in range(400)]
BREAD = "How do I bake a good loaf of sourdough bread at home?"


def test_a_later_prompt_that_is_much_like_an_earlier_one_is_found() -> None:
    prompts = [asks(text) for text in (BREAD, "What is 3 plus one?", "What is 4 plus one?", f"  {BREAD.upper()}!")]
    found = near_duplicates(prompts, similarity=0.8)
    assert [found.holds(prompt) for prompt in prompts] == [False, False, False, True]
    (example,) = found.examples
    assert example.earlier == BREAD
    assert example.similarity > 0.9


def test_the_threshold_decides() -> None:
    prompts = [asks(BREAD), asks(f"{BREAD} I have an old oven.")]
    assert near_duplicates(prompts, similarity=0.5).holds(prompts[1])
    assert not near_duplicates(prompts, similarity=0.95).holds(prompts[1])


def test_all_are_found_among_many_and_no_other() -> None:
    chance = random.Random(7)
    texts = [" ".join(chance.choices(WORDS, k=40)) for _ in range(2500)]
    copies = [f"{text} please" for text in texts[:50]]
    prompts = [asks(text) for text in texts + copies]
    found = near_duplicates(prompts, similarity=0.8)
    assert [found.holds(prompt) for prompt in prompts] == [False] * 2500 + [True] * 50
    assert len(found.examples) == EXAMPLES


def test_none_and_one_have_no_duplicate() -> None:
    assert not near_duplicates([], similarity=0.8).repeated
    assert not near_duplicates([asks("Why?")], similarity=0.8).repeated
