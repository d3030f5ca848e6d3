"""Patterns of strangers are compiled only if that takes little memory."""

import pytest
import regex

from common.text.patterns import UnboundedPattern, compiled


@pytest.mark.parametrize(
    "pattern",
    [
        "a{100000000}",
        "(((a{1000}){1000}){1000}){1000}",
        "(?:a{500}?){500}",
        "a{1000}{1000}",
        "(?:x|y{200}[)(]){2000}",
        "[^]()]{300}{300}",
        r"(?:\(a{200}\)){2000}",
        "(?x) ( a{2 0 0}  # )\n ){2000}",
        "(?x)a{1#)\n00000000}",
        "a{0000000100000000}",
        "(?:a{200}(?#)) ){2000}",
        "(?V1)[[)]a]{300}{300}",
        "(?R)?a",
        "(a|(?1)b)",
        "(?P<one>a(?&one)?)",
        "(?P<one>a(?P>one)?)",
        r"[\](?R)]\\(?R)?",
        "(?x)a[#](?R)?\n]",
    ],
)
def test_patterns_that_need_too_much_are_refused(pattern: str) -> None:
    with pytest.raises(UnboundedPattern):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}", "4111 1111 1111 1111"),
        (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "123e4567-e89b-12d3-a456-426614174000"),
        (r"(?:[\w-]{1,63}\.){1,8}[a-z]{2,63}", "a.example.org"),
        (r"\A[\s\S]{0,4000}\Z", "x"),
        (r"(?<![\w])\p{Lu}{2}\d{2}[(\[)]{1,3}", "DE12(["),
        (r"(?i:knight|day){2,3}", "KnightDay"),
        ("{user}", "{user}"),
        (r"\(?0\d{2,4}\)?[ /-]?\d+", "(030) 123456"),
        (r"\(?Room \d{1,500}.{0,900}", "Room 12"),
        (r"\(?xylo", "(xylo"),
        ("[(?R]", "?"),
    ],
)
def test_usual_patterns_are_compiled(pattern: str, text: str) -> None:
    assert compiled(pattern).fullmatch(text)


def test_what_is_no_pattern_is_named_by_the_library() -> None:
    with pytest.raises(regex.error):
        compiled("(a")
