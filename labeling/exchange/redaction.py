"""Redaction of personal data in texts: e-mail addresses, phone numbers, IBANs, and own patterns.

Numbers are validated: a phone number by the numbering plan of its country (phonenumbers, Google's library), an IBAN by
its check digits (python-stdnum). Names of people are not found: no rule finds them.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from time import perf_counter
from typing import Any, cast

import phonenumbers
import regex
from stdnum import iban

from common.phrases import gettext_noop
from common.text import patterns
from labeling.exchange.errors import NONE_OF, UnfitOption
from labeling.exchange.records import CompletionText, Message, ToolCall, VerdictRecord
from labeling.exchange.turns import flattened, written

KINDS = ("email", "phone", "iban")
CUSTOM = "custom"
PLACEHOLDERS = {"email": "[EMAIL]", "phone": "[PHONE]", "iban": "[IBAN]", CUSTOM: "[REDACTED]"}
MOST_PATTERNS, PATTERN_CHARACTERS = 20, 500
SECONDS = 2.0
"""The longest that a pattern may take for one text: some patterns take years for some texts."""
SLOW, SLOW_SECONDS = 0.1, 30.0
"""The longest that all texts together may take that take a pattern longer than SLOW (seconds)."""
SAMPLE = "".join(map(chr, range(32, 127))) + "\n a1 \tA-b. \xe4\u4e00\n"
"""A text with many kinds of characters and edges of words, to find patterns that match between characters."""

DOMAIN = regex.compile(r"@(?:[\p{L}\p{M}\d-]{1,63}\.)+[\p{L}\p{M}\d-]{1,62}[\p{L}\p{M}\d]")
LOCAL_CHARACTER = regex.compile(r"[\w.+%'-]")
"""Of the part before the @."""
MARKS = "._+%'-"
"""At the beginning of that part they belong to the text around the address: `_ada@example.org_` is Markdown."""

IBAN = regex.compile(r"(?<![\w])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z\d]){11,30}(?!\w)", regex.IGNORECASE)
DIGITS = regex.compile(r"(?:\d[^\d\n]{0,4}){6}\d")
"""A text without seven digits in a row has no phone number, which is quick to see."""
PHONE_DIGITS = range(11, 16)
"""The lengths of a number that may be a phone number with its country's code. Unix times are shorter, or not valid."""


UNBOUNDED = gettext_noop("The pattern “%(pattern)s” repeats too much, or calls itself. Make it simpler.")
TOO_SLOW = gettext_noop("The pattern “%(pattern)s” takes too long on a text. Make it simpler.")


@dataclass(frozen=True, slots=True)
class Redaction:
    """Personal data to redact. kinds: of KINDS. patterns: regular expressions. region: the country (ISO 3166, "DE")
    whose phone numbers may stand without a country code; empty: none. Raises UnfitOption for unusable values.
    """

    kinds: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    region: str = ""

    def __post_init__(self) -> None:
        if unknown := [kind for kind in self.kinds if kind not in KINDS]:
            raise UnfitOption("redact", NONE_OF, value=unknown[0], all=", ".join(KINDS))
        if self.region and self.region not in phonenumbers.SUPPORTED_REGIONS:
            text = gettext_noop("“%(region)s” is no code of a country, such as DE or US.")
            raise UnfitOption("region", text, region=self.region)
        if len(self.patterns) > MOST_PATTERNS:
            raise UnfitOption("patterns", gettext_noop("At most %(most)s patterns."), most=MOST_PATTERNS)
        for pattern in self.patterns:
            _compiled(pattern)

    def __bool__(self) -> bool:
        return bool(self.kinds or self.patterns)


class Redactor:
    """Redacts records of one export. counts: the places that were redacted, by kind."""

    def __init__(self, redaction: Redaction) -> None:
        rules: dict[str, Callable[[str], tuple[str, int]]] = {
            "email": _without_emails,
            "iban": _without_ibans,
            "phone": lambda text: _without_phones(text, redaction.region),
        }
        # An IBAN has digits like a phone number, so it is looked for first.
        self._rules = [(kind, rules[kind]) for kind in ("email", "iban", "phone") if kind in redaction.kinds]
        self._patterns = [_compiled(pattern) for pattern in redaction.patterns]
        self._slow_seconds = 0.0
        self._names: dict[str, str] = {}
        self._taken: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def record(self, record: VerdictRecord) -> VerdictRecord:
        """The record with all its texts redacted. Raises UnfitOption if a pattern takes too long."""
        return replace(
            record,
            prompt=[self._message(turn) for turn in record.prompt],
            a=self._completion(record.a),
            b=self._completion(record.b),
            votes=tuple(
                replace(
                    vote,
                    comment=self.text(vote.comment),
                    edit=self.text(vote.edit),
                    skip_reason=self.text(vote.skip_reason),
                    metadata=self._json(vote.metadata),
                    criteria=self._json(vote.criteria),
                )
                for vote in record.votes
            ),
            external_id=self.text(record.external_id),
            tags=tuple(self.text(tag) for tag in record.tags),
            source=self.text(record.source),
            metadata={owner: self._json(values) for owner, values in record.metadata.items()},
        )

    def text(self, text: str) -> str:
        """The text with placeholders."""
        for kind, rule in self._rules:
            text, places = rule(text)
            self.counts[kind] += places
        for pattern in self._patterns:
            text = self._without(pattern, text)
        return text

    def name(self, name: str) -> str:
        """The name of a model, a function or a call with placeholders. Different names stay different."""
        redacted = self.text(name)
        if redacted == name:
            return name
        if name not in self._names:
            self._names[name] = _free_name(redacted, self._taken)
            self._taken[self._names[name]] = name
        return self._names[name]

    def _without(self, pattern: "regex.Pattern[str]", text: str) -> str:
        places = 0

        def placeholder(match: "regex.Match[str]") -> str:
            nonlocal places
            places += bool(match.group())
            return PLACEHOLDERS[CUSTOM] if match.group() else ""

        started = perf_counter()
        try:
            text = pattern.sub(placeholder, text, timeout=SECONDS)
        except TimeoutError as error:
            raise UnfitOption("patterns", TOO_SLOW, pattern=pattern.pattern) from error
        seconds = perf_counter() - started
        self._slow_seconds += seconds if seconds > SLOW else 0
        if self._slow_seconds > SLOW_SECONDS:
            text = gettext_noop("The patterns, lastly “%(pattern)s”, take too long on many texts. Make them simpler.")
            raise UnfitOption("patterns", text, pattern=pattern.pattern)
        self.counts[CUSTOM] += places
        return text

    def _completion(self, completion: CompletionText) -> CompletionText:
        if turns := tuple(self._message(turn) for turn in completion.turns):
            completion = replace(completion, text=flattened(turns), turns=turns)
        return replace(
            completion,
            model=self.name(completion.model),
            text=completion.text if turns else self.text(completion.text),
            metadata=self._json(completion.metadata) if completion.metadata else completion.metadata,
        )

    def _message(self, message: Message) -> Message:
        """The message with its content, its calls and its tools redacted, and their JSON kept valid."""
        redacted: Message = {**message, "content": self.text(message["content"])}
        if "tool_calls" in message:
            redacted["tool_calls"] = [self._call(call) for call in message["tool_calls"]]
        if "tool_call_id" in message:
            redacted["tool_call_id"] = self.name(message["tool_call_id"])
        if "name" in message:
            redacted["name"] = self.name(message["name"])
        if "tools" in message:
            redacted["tools"] = self._json_text(message["tools"])
        return redacted

    def _call(self, call: ToolCall) -> ToolCall:
        function = call["function"]
        named = {**function, "name": self.name(function["name"]), "arguments": self._json_text(function["arguments"])}
        redacted = {**call, "function": named}
        return cast(ToolCall, redacted | ({"id": self.name(call["id"])} if "id" in call else {}))

    def _json_text(self, text: str) -> str:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self.text(text)
        redacted = self._json(value)
        return text if redacted == value else written(redacted)

    def _json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            fields: dict[str, Any] = {}
            for name, one in value.items():
                fields[_free_name(self.text(name), fields)] = self._json(one)
            return fields
        if isinstance(value, list):
            return [self._json(one) for one in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value)
        return value

    def _number(self, value: float) -> Any:
        """The number, or its placeholder as a text. A phone number that became a number has lost its plus."""
        written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        forms = (written, f"+{written}") if written.isdigit() and len(written) in PHONE_DIGITS else (written,)
        for form in forms:
            if (redacted := self.text(form)) != form:
                return redacted
        return value


def _compiled(pattern: str) -> "regex.Pattern[str]":
    if len(pattern) > PATTERN_CHARACTERS:
        text = gettext_noop("A pattern has at most %(most)s characters.")
        raise UnfitOption("patterns", text, most=PATTERN_CHARACTERS)
    try:
        compiled = patterns.compiled(pattern)
    except patterns.UnboundedPattern as error:
        raise UnfitOption("patterns", UNBOUNDED, pattern=pattern) from error
    except regex.error as error:
        text = gettext_noop("“%(pattern)s” is no regular expression: %(reason)s.")
        raise UnfitOption("patterns", text, pattern=pattern, reason=error) from error
    try:
        is_empty = any(not match.group() for text in ("", SAMPLE) for match in compiled.finditer(text, timeout=SECONDS))
    except TimeoutError as error:
        raise UnfitOption("patterns", TOO_SLOW, pattern=pattern) from error
    if is_empty:
        text = gettext_noop("“%(pattern)s” matches places without characters: there is nothing to redact.")
        raise UnfitOption("patterns", text, pattern=pattern)
    return compiled


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    """The name of a field, with a number if another one has it: two addresses become the same placeholder."""
    names = (f"{name} {number}" if number > 1 else name for number in count(1))
    return next(one for one in names if one not in taken)


def _without_emails(text: str) -> tuple[str, int]:
    if "@" not in text:
        return text, 0
    spans, reached = list[tuple[int, int]](), 0
    for domain in DOMAIN.finditer(text):
        begin = at = domain.start()
        while begin > reached and LOCAL_CHARACTER.match(text[begin - 1]):
            begin -= 1
        local = text[begin:at]
        if name := local.lstrip(MARKS) or local.lstrip("."):
            spans.append((at - len(name), domain.end()))
        reached = domain.end()
    return _replaced(text, spans, PLACEHOLDERS["email"]), len(spans)


def _without_ibans(text: str) -> tuple[str, int]:
    valid = 0

    def placeholder(match: "regex.Match[str]") -> str:
        nonlocal valid
        found: str = match.group()
        # The words behind it may look like a part of it: the longest valid beginning counts.
        for end in range(len(found), 14, -1):
            rest = found[end:]
            is_whole = found[end - 1].isalnum() and not rest[:1].isalnum()
            if is_whole and iban.is_valid(found[:end]):
                valid += 1
                return PLACEHOLDERS["iban"] + rest
        return found

    return IBAN.sub(placeholder, text), valid


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
