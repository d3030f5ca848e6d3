"""How a text looks to a person: whether it seems empty, or the same as another."""

import re
import unicodedata

# Format characters (zero width, direction), fillers that show nothing, and variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_BEGINNING, _MARKS = 64, 8
"""Characters in which most pairs differ already, and of those the last ones, whose marks may be cut off."""

_UNSEEN_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FIXED_SPACE = re.compile("[\u00a0\u2007\u202f]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

TURN_TOKENS = re.compile(
    r"\s*(?:<\|(?:im_|start|begin|header_start|role_start|system|user|assistant|human|prompter|bos|endoftext|turn)[^|>]{0,24}\|?>|"
    r"<(?:s|bos|bos_token|sop|start_of_turn|\|start_of_turn_token\||extra_id_0|human|reserved_10[0-9])>|"
    r"\[/?(?:INST|SYSTEM_PROMPT|gMASK|\|(?:user|system|human)\||UNUSED_TOKEN_\d+)\]|<<SYS>>|\]~b\]|"
    r"<[\uff5c|](?:begin|User|Assistant|hy_))",
    re.IGNORECASE,
)
"""The beginning of a text that a chat template has rendered."""

CONTROL_TOKENS = re.compile(
    r"<\|[A-Za-z_][\w ]{0,30}\|>|<\uff5c[A-Za-z_][\w\u2581 ]{0,30}\uff5c>|"
    r"</?s>|<(?:bos|eos|start_of_turn|end_of_turn)>|\[/?INST\]"
)


_MISSING = frozenset({"nan", "null", "none", "nil", "undefined", "<na>", "#n/a", "n/a", "nat", "[null]", "\\n"})
"""Words that programs write into a table where a value is missing. A few can be an answer, too."""


def looks_missing(text: str) -> bool:
    """Whether the text is the word by which a program says that it has no value."""
    return len(text) <= 12 and text.strip().casefold() in _MISSING


def looks_empty(text: str) -> bool:
    """Whether a person sees nothing: only spaces, control characters and characters of no width."""
    stripped = text.strip()
    if not stripped or (stripped[0].isascii() and stripped[0].isalnum()):
        return not stripped
    return not _CONTROL.sub("", _INVISIBLE.sub("", stripped)).strip()


def look_alike(first: str, second: str) -> bool:
    """Whether a person sees no difference.

    They differ only in outer spaces, Unicode form, line ends, no-break spaces, or invisible and control characters.
    """
    one, other = first.strip(), second.strip()
    if one == other:
        return True
    beginnings = _visible(one[:_BEGINNING]), _visible(other[:_BEGINNING])
    known = min(map(len, beginnings)) - _MARKS
    if known > 0 and beginnings[0][:known] != beginnings[1][:known]:
        return False
    return _visible(one) == _visible(other)


def is_rendered(text: str) -> bool:
    """Whether the text is a whole chat template: it begins with a control token that opens a turn."""
    return TURN_TOKENS.match(text) is not None


OPEN_TURNS = ("ASSISTANT:", "Assistant:", "### Response:")


def is_open(text: str) -> bool:
    """Whether the text ends where a reply begins, so that it is a whole conversation and no single message."""
    return text.rstrip().endswith(OPEN_TURNS)


def is_alpaca(text: str) -> bool:
    """Whether the text begins as Alpaca's template does."""
    return text.lstrip().startswith(("### Instruction:", "Below is an instruction that describes a task"))


def control_token(text: str) -> str:
    """The first control token of a common chat template in the text; empty: there is none."""
    if "<" not in text and "[" not in text:
        return ""
    match = CONTROL_TOKENS.search(text)
    return match.group() if match else ""


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _UNSEEN_CONTROL.sub("", text.replace("\r\n", "\n"))
    if not text.isascii():
        text = unicodedata.normalize("NFC", _FIXED_SPACE.sub(" ", _INVISIBLE.sub("", text)))
    return text.strip()
