"""Personal data in texts is replaced, and nothing else."""

from collections import deque
from time import process_time
from typing import Any

import pytest

from labeling.exchange import KINDS, CompletionText, Redaction, UnfitOption, VerdictRecord, Vote
from labeling.exchange import redaction as module
from labeling.exchange.redaction import Redactor
from tests.people import asks


def redacted(text: str, *patterns: str, region: str = "DE") -> str:
    return Redactor(Redaction(KINDS, patterns, region)).text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail o'neil.x+1@mail.example.co.uk.", "Mail [EMAIL]."),
        ("müller@bücher.de and a@b.io", "[EMAIL] and [EMAIL]"),
        ("_ada@example.org_ and __ada@example.org__", "_[EMAIL]_ and __[EMAIL]__"),
        ("Email: .....ada@example.org", "Email: .....[EMAIL]"),
        (f"{'-' * 70}ada@example.org", f"{'-' * 70}[EMAIL]"),
        (f"{'x' * 90}@example.org, 'ada@example.org'", "[EMAIL], '[EMAIL]'"),
        ("a@x.org,b@x.org;c@x.org@d.org", "[EMAIL],[EMAIL];[EMAIL]@d.org"),
        ("@handle, a@b, 3 @ 4.50", "@handle, a@b, 3 @ 4.50"),
        ("DE89 3704 0044 0532 0130 00 is mine", "[IBAN] is mine"),
        ("GB82WEST12345698765432, de89370400440532013000", "[IBAN], [IBAN]"),
        ("DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0532 0130 01"),
        ("Call 030 901820 or +1 650-253-0000.", "Call [PHONE] or [PHONE]."),
        ("On 2024-01-02 at 12:34, 3.14159265, 1 2 3 4 5 6 7", "On 2024-01-02 at 12:34, 3.14159265, 1 2 3 4 5 6 7"),
    ],
)
def test_addresses_and_numbers_that_are_valid_are_replaced(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_a_long_line_before_an_address_takes_no_long_time() -> None:
    line = "-" * 200_000
    started = process_time()
    assert redacted(f"{line} {line}@ ada@example.org").endswith("@ [EMAIL]")
    assert process_time() - started < 5


def test_a_country_is_needed_for_numbers_without_its_code() -> None:
    assert redacted("Call 030 901820, +49 30 901820", region="") == "Call 030 901820, [PHONE]"


def test_own_patterns_are_replaced() -> None:
    assert redacted("Case-12 and case-13", r"(?i)case-\d+") == "[REDACTED] and [REDACTED]"


def test_every_text_of_a_record_is_redacted_and_counted() -> None:
    address = "a@example.org"
    record = VerdictRecord(
        prompt=asks(f"I am {address}"),
        a=CompletionText(f"Hello {address}", model=address, metadata={"by": address}),
        b=CompletionText("Hello"),
        winner="a",
        votes=(
            Vote(
                "p1",
                "a",
                criteria={address: "a"},
                comment=f"by {address}",
                edit=address,
                metadata={"worker": {"mail": address}},
            ),
        ),
        external_id=address,
        tags=(address, "math"),
        metadata={"prompt": {"author": [address, 1], "score": 0.5}},
    )
    redactor = Redactor(Redaction(("email",)))
    clean = redactor.record(record)
    assert address not in repr(clean)
    assert clean.tags == ("[EMAIL]", "math")
    assert clean.metadata == {"prompt": {"author": ["[EMAIL]", 1], "score": 0.5}}
    assert dict(redactor.counts) == {"email": 11}


def test_two_names_stay_two_and_a_result_keeps_its_call() -> None:
    calls = [{"type": "function", "id": "a@example.org", "function": {"name": "b@example.org", "arguments": "{}"}}]
    result = {"role": "tool", "content": "1", "tool_call_id": "a@example.org", "name": "b@example.org"}
    turns: Any = ({"role": "assistant", "content": "", "tool_calls": calls}, result)
    record = VerdictRecord(
        asks("Hi"), CompletionText("", "c@example.org", turns=turns), CompletionText("2", "d@example.org"), None
    )
    clean = Redactor(Redaction(("email",))).record(record)
    assert "example.org" not in repr(clean)
    assert clean.a.model != clean.b.model
    call, answer = clean.a.turns
    assert (call["tool_calls"][0]["id"], call["tool_calls"][0]["function"]["name"]) == (
        answer["tool_call_id"],
        answer["name"],
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4915112345678, "[PHONE]"),
        (4915112345678.0, "[PHONE]"),
        (1700000000, 1700000000),
        (1700000000000, 1700000000000),
        (0.12345678901, 0.12345678901),
        (True, True),
    ],
)
def test_a_phone_number_may_be_a_number(value: float, expected: object) -> None:
    record = VerdictRecord(asks("Hi"), CompletionText("1"), CompletionText("2"), None, metadata={"a": {"n": [value]}})
    assert Redactor(Redaction(("phone",))).record(record).metadata == {"a": {"n": [expected]}}


def test_names_of_fields_are_redacted_and_none_is_lost() -> None:
    fields = {"ada@example.org": 1, "bob@example.org": 2, "other": 3}
    record = VerdictRecord(asks("Hi"), CompletionText("1"), CompletionText("2"), None, metadata={"a": fields})
    clean = Redactor(Redaction(("email",))).record(record)
    assert clean.metadata == {"a": {"[EMAIL]": 1, "[EMAIL] 2": 2, "other": 3}}


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"kinds": ("name",)}, "redact"),
        ({"patterns": ("(",)}, "patterns"),
        ({"patterns": ("a{100000000}",)}, "patterns"),
        ({"patterns": ("a*",)}, "patterns"),
        ({"patterns": (r"\b",)}, "patterns"),
        ({"patterns": ("(?=a)",)}, "patterns"),
        ({"patterns": ("(?<=a)",)}, "patterns"),
        ({"patterns": ("secret|$",)}, "patterns"),
        ({"patterns": ("a" * 501,)}, "patterns"),
        ({"patterns": ("a",) * 21}, "patterns"),
        ({"region": "XX"}, "region"),
    ],
)
def test_values_that_cannot_be_used_are_refused_by_name(values: dict[str, tuple[str, ...]], option: str) -> None:
    with pytest.raises(UnfitOption) as refused:
        Redaction(**values)  # type: ignore[arg-type]
    assert refused.value.option == option


def test_a_pattern_that_would_never_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.05)
    redactor = Redactor(Redaction(patterns=(r"(?:a|aa|aaa)+b",)))
    with pytest.raises(UnfitOption, match="too long"):
        redactor.text("a" * 5000)


def test_places_without_characters_stay_as_they_are() -> None:
    redactor = Redactor(Redaction(patterns=("secret|(?=\u0416)",)))  # no Cyrillic in the sample
    assert redactor.text("A secret \u0416.") == "A [REDACTED] \u0416."
    assert redactor.counts["custom"] == 1


def test_patterns_that_are_slow_on_many_texts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW", 0.0)
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.05)
    redactor = Redactor(Redaction(patterns=(r"(?:a|b)+\d",)))
    with pytest.raises(UnfitOption, match="many texts"):
        deque(map(redactor.text, ["ab" * 500] * 1000), maxlen=0)
