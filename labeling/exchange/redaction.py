"""Redaction of personal data in texts: e-mail addresses, phone numbers, IBANs, and own patterns.

Numbers are validated: a phone number by the numbering plan of its country (phonenumbers, Google's library), an IBAN by
its check digits (python-stdnum). Names of people are not found: no rule finds them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers
import regex
from stdnum import iban

from labeling.exchange.errors import UnfitOption
from labeling.exchange.records import CompletionText, Message, VerdictRecord

KINDS = ("email", "phone", "iban")
CUSTOM = "custom"
PLACEHOLDERS = {"email": "[EMAIL]", "phone": "[PHONE]", "iban": "[IBAN]", CUSTOM: "[REDACTED]"}
MOST_PATTERNS, PATTERN_CHARACTERS = 20, 500
SECONDS = 2.0
"""The longest that a pattern may take for one text: some patterns take years for some texts."""

EMAIL = regex.compile(r"(?<![\w.+%'-])[\w+%'-][\w.+%'-]{0,63}+@(?:[\w-]{1,63}\.)+[\p{L}\d-]{2,63}(?![\w-])")
IBAN = regex.compile(r"(?<![\w])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z\d]){11,30}(?!\w)", regex.IGNORECASE)
DIGITS = regex.compile(r"(?:\d[^\d\n]{0,4}){6}\d")
"""A text without seven digits in a row has no phone number, which is quick to see."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The choices of a redaction. kinds: of KINDS. patterns: regular expressions.

    region: the country (ISO 3166, "DE") whose phone numbers may stand without a country code; empty: none. Raises
    UnfitOption for values that cannot be used.
    """

    kinds: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    region: str = ""

    def __post_init__(self) -> None:
        if unknown := [kind for kind in self.kinds if kind not in KINDS]:
            raise UnfitOption("redact", f"{unknown[0]!r} is none of {', '.join(KINDS)}.")
        if self.region and self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise UnfitOption("region", f"{self.region!r} is no code of a country, such as DE or US.")
        if len(self.patterns) > MOST_PATTERNS:
            raise UnfitOption("patterns", f"At most {MOST_PATTERNS} patterns.")
        for pattern in self.patterns:
            _compiled(pattern)

    def __bool__(self) -> bool:
        return bool(self.kinds or self.patterns)


class Redactor:
    """Redacts records. counts: the places that were redacted, by kind."""

    def __init__(self, redaction: Redaction) -> None:
        rules: dict[str, Callable[[str], tuple[str, int]]] = {
            "email": lambda text: EMAIL.subn(PLACEHOLDERS["email"], text) if "@" in text else (text, 0),
            "iban": _without_ibans,
            "phone": lambda text: _without_phones(text, redaction.region),
        }
        # An IBAN has digits like a phone number, so it is looked for first.
        self._rules = [(kind, rules[kind]) for kind in ("email", "iban", "phone") if kind in redaction.kinds]
        self._patterns = [_compiled(pattern) for pattern in redaction.patterns]
        self.counts: Counter[str] = Counter()

    def record(self, record: VerdictRecord) -> VerdictRecord:
        """The record with all its texts redacted. Raises UnfitOption if a pattern takes too long."""
        return replace(
            record,
            prompt=[Message(role=turn["role"], content=self.text(turn["content"])) for turn in record.prompt],
            a=self._completion(record.a),
            b=self._completion(record.b),
            votes=tuple(
                replace(
                    vote,
                    comment=self.text(vote.comment),
                    edit=self.text(vote.edit),
                    skip_reason=self.text(vote.skip_reason),
                )
                for vote in record.votes
            ),
            external_id=self.text(record.external_id),
            tags=tuple(self.text(tag) for tag in record.tags),
            source=self.text(record.source),
            metadata=self._json(record.metadata),
        )

    def text(self, text: str) -> str:
        """The text with placeholders."""
        for kind, rule in self._rules:
            text, count = rule(text)
            self.counts[kind] += count
        for pattern in self._patterns:
            try:
                text, count = pattern.subn(PLACEHOLDERS[CUSTOM], text, timeout=SECONDS)
            except TimeoutError as error:
                sentence = f"The pattern {pattern.pattern!r} takes too long on a text. Make it simpler."
                raise UnfitOption("patterns", sentence) from error
            self.counts[CUSTOM] += count
        return text

    def _completion(self, completion: CompletionText) -> CompletionText:
        return replace(
            completion,
            text=self.text(completion.text),
            metadata=self._json(completion.metadata) if completion.metadata else completion.metadata,
        )

    def _json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {name: self._json(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._json(one) for one in value]
        return value


def _compiled(pattern: str) -> "regex.Pattern[str]":
    if len(pattern) > PATTERN_CHARACTERS:
        raise UnfitOption("patterns", f"A pattern has at most {PATTERN_CHARACTERS} characters.")
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise UnfitOption("patterns", f"{pattern!r} is no regular expression: {error}.") from error
    if compiled.fullmatch("") is not None:
        raise UnfitOption("patterns", f"{pattern!r} matches an empty text, so it would match everywhere.")
    return compiled


def _without_ibans(text: str) -> tuple[str, int]:
    count = 0

    def placeholder(match: "regex.Match[str]") -> str:
        nonlocal count
        found: str = match.group()
        # The words behind it may look like a part of it: the longest valid beginning counts.
        for end in range(len(found), 14, -1):
            rest = found[end:]
            is_whole = found[end - 1].isalnum() and not rest[:1].isalnum()
            if is_whole and iban.is_valid(found[:end]):
                count += 1
                return PLACEHOLDERS["iban"] + rest
        return found

    return IBAN.sub(placeholder, text), count


def _without_phones(text: str, region: str) -> tuple[str, int]:
    if DIGITS.search(text) is None:
        return text, 0
    matches: Sequence[Any] = list(phonenumbers.PhoneNumberMatcher(text, region or None))
    return _replaced(text, ((match.start, match.end) for match in matches), PLACEHOLDERS["phone"]), len(matches)


def _replaced(text: str, spans: Iterable[tuple[int, int]], placeholder: str) -> str:
    pieces, reached = list[str](), 0
    for start, end in spans:
        pieces += [text[reached:start], placeholder]
        reached = end
    return "".join([*pieces, text[reached:]])
