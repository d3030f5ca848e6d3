"""Regular expressions of strangers: refused before they are compiled if that alone could fill the memory.

A time limit on matching comes too late: `a{100000000}` takes 12 GB before any text is looked at. Pure: no Django.
"""

from typing import Any, Final

import regex

MOST_PARTS: Final = 20_000
"""The library makes a copy of a part for each time that it must be there."""

CALLS = regex.compile(r"\(\?(?:R|&|P>|[+-]?\d)")
"""A pattern within itself needs memory for as long as it is matched."""
UNUSUAL = regex.compile(r"\(\?(?:#|[a-zA-Z]*[xV])")
"""Comments, and flags that change what brackets mean: the parts of such a pattern are not told apart."""
TOKEN = regex.compile(
    r"(?P<escaped>\\.)|(?P<set>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*+\])|(?P<times>\{(?P<count>[^{}]*)\})|(?P<other>.)",
    regex.DOTALL,
)


class UnboundedPattern(ValueError):
    """The pattern repeats too much, or calls itself."""


def compiled(pattern: str, flags: int = 0) -> "regex.Pattern[str]":
    """The pattern, compiled. Raises UnboundedPattern, or what the library raises."""
    if CALLS.search(_told_apart(pattern)) or _parts(pattern) > MOST_PARTS:
        raise UnboundedPattern("it repeats too much, or calls itself")
    return regex.compile(pattern, flags)


def _told_apart(pattern: str) -> str:
    r"""The pattern without letters that stand for themselves: `\\(?` is a bracket that may be missing. All of it where
    flags change what brackets mean."""
    bare = TOKEN.sub(lambda found: "." if found["escaped"] or found["set"] else found[0], pattern)
    return pattern if UNUSUAL.search(bare) else bare


def _parts(pattern: str) -> int:
    """At least as many parts as the compiled pattern has."""
    if UNUSUAL.search(_told_apart(pattern)):
        parts = len(pattern)  # as if all its numbers were counts within each other
        for found in regex.findall(r"\d(?:[\d\s]|#[^\n]*\n)*+", pattern):
            parts *= _count(regex.sub(r"\D", "", found))
        return parts
    groups, last = [0], 0
    for token in TOKEN.finditer(pattern):
        if times := token["count"]:
            groups[-1] += last * (_count(times) - 1)
            last *= _count(times)
        elif token["other"] == "(":
            groups.append(1)
        elif token["other"] == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif token["other"] is None or token["other"] not in "*+?":  # these repeat what is before them
            groups[-1] += 1
            last = 1
    return sum(groups)


def _count(text: str) -> int:
    """The largest number in the text, at least 1. Nobody needs more than six digits."""
    numbers: list[Any] = regex.findall(r"0*(\d+)", text)
    return max([1, *(int(number[:7]) for number in numbers)])
