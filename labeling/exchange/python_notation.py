"""Messages in Python's notation, as a table prints a list of them: read without running anything."""

import ast
import json
import re

IN_PYTHON = re.compile(r"\[?\s*\{\s*'(?:role|from|content|value|name|tool_calls)'\s*:")
"""The beginning of a message, or of a list of them. JSON has other quotation marks."""

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?P<word>None|True|False)\b|"""
    r"""(?P<next>\}\s*\{)|(?P<other>[\[\]{}:,\s]+?|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)""",
    re.DOTALL,
)
_WORDS = {"None": "null", "True": "true", "False": "false"}


def as_json(text: str) -> str | None:
    """The same as JSON. None: it holds more than lists, dictionaries, texts, numbers, None, True and False.

    NumPy prints a list without commas between its elements.
    """
    parts: list[str] = []
    at, is_after_text = 0, False
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["text"]:
            if is_after_text:
                parts.append(",")
            try:
                parts.append(json.dumps(ast.literal_eval(match["text"]), ensure_ascii=False))
            except (ValueError, SyntaxError):
                return None
        elif match["next"]:
            parts.append("},{")
        else:
            parts.append(_WORDS.get(match[0], match[0]))
        is_after_text = bool(match["text"]) or (is_after_text and match[0].isspace())
    return "".join(parts)
