"""How a text looks to a person: whether it seems empty, or the same as another."""

import re
import unicodedata

# Format characters (zero width, direction), fillers that show nothing, and variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")

TURN_TOKENS = re.compile(
    r"\s*(?:<\|(?:im_start|begin_of_text|start_header_id|start_of_role|user|system|assistant|endoftext|bos)\b[^|>]{0,20}\|>|"
    r"<s>|<bos>|\[INST\]|<<SYS>>|<start_of_turn>|<[\uff5c|](?:begin|User|Assistant))"
)
"""The beginning of a text that a chat template has rendered."""

CONTROL_TOKENS = re.compile(r"<\|[A-Za-z_][\w ]{0,30}\|>|</?s>|<(?:bos|eos|start_of_turn|end_of_turn)>|\[/?INST\]")


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
    """Whether a person sees no difference: they differ only in outer spaces, Unicode form or invisible characters."""
    if first.isascii() and second.isascii():
        return first.strip() == second.strip()
    return _visible(first) == _visible(second)


def is_rendered(text: str) -> bool:
    """Whether the text is a whole chat template: it begins with a control token that opens a turn."""
    return TURN_TOKENS.match(text) is not None


def control_token(text: str) -> str:
    """The first control token of a common chat template in the text; empty: there is none."""
    if "<" not in text and "[" not in text:
        return ""
    match = CONTROL_TOKENS.search(text)
    return match.group() if match else ""


def _visible(text: str) -> str:
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()
