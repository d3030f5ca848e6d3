"""Finds formulas in Markdown: `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]` and LaTeX's own environments.

Prices are not formulas. A dollar opens a formula only before a character that is not a space and closes one only after
such a character, with no letter or digit next to it outside. A text that begins like a price and goes on like a
sentence is not a formula either.

Pure: no Django, no database.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

SEARCHED = 2000
"""The most characters of an inline formula."""

LINES = 60
"""The most lines of a formula that stands on lines of its own."""

BLOCKS = {"$$": "$$", "\\[": "\\]"}
INLINE = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
ENVIRONMENT = re.compile(r"\\begin\{((?:equation|align|gather|multline|displaymath)\*?)\}")
SENTENCE_ABOUT_MONEY = re.compile(r"\d[^\\]*[a-zA-Z]{3}[^\\]*")
OPENINGS = ("$$", "\\[", "\\begin{equation", "\\begin{align}", "\\begin{align*}", "\\begin{gather", "\\begin{multline")
INDENTED_CODE = 4


def add_formulas(markdown: MarkdownIt) -> None:
    """Adds formulas to a parser: tokens `formula` with `meta` {"display": bool, "source": the text as written}."""
    markdown.inline.ruler.before("escape", "formula", _inline)
    markdown.block.ruler.before("fence", "formula", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    markdown.inline.add_terminator_char("$")


def _inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    opening = source[start : start + 2]
    closing = INLINE.get(opening)
    if closing:
        end = source.find(closing, start + 2, min(state.posMax, start + SEARCHED))
        # Escaped brackets before an address are the source of a link, not a formula.
        is_link = opening == "\\[" and source.startswith("(", end + 2)
        if end < 0 or is_link or not source[start + 2 : end].strip():
            return False
    elif source[start] == "$":
        opening = closing = "$"
        end = _closing_dollar(source, start, min(state.posMax, start + SEARCHED))
        if end < 0:
            return False
    else:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = source[start + len(opening) : end]
        token.meta = {"display": opening in BLOCKS, "source": source[start : end + len(closing)]}
    state.pos = end + len(closing)
    return True


def _closing_dollar(source: str, start: int, limit: int) -> int:
    """The place of the dollar that closes the one at `start`; -1: that one opens no formula."""
    if start and (source[start - 1].isalnum() or source[start - 1] == "$"):
        return -1
    end = start + 1
    while True:
        end = source.find("$", end, limit)
        if end < 0:
            return -1
        if source[end - 1] != "\\":
            break
        end += 1
    content, after = source[start + 1 : end], source[end + 1 : end + 2]
    if not content or content[0].isspace() or content[-1].isspace() or after.isalnum():
        return -1
    return -1 if SENTENCE_ABOUT_MONEY.fullmatch(content) else end


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A formula on lines of its own: its opening begins a line and its closing ends one, before the next empty line."""
    if state.sCount[first] - state.blkIndent >= INDENTED_CODE:
        return False
    line = _line(state, first)
    environment = ENVIRONMENT.match(line)
    opening = environment[0] if environment else line[:2]
    closing = f"\\end{{{environment[1]}}}" if environment else BLOCKS.get(opening)
    if closing is None:
        return False
    lines: list[str] = []
    for number in range(first, min(last, first + LINES)):
        text = _line(state, number).rstrip()
        # It also ends where another one begins, so that a text full of openings is read only once.
        opens_another = number > first and text.startswith(OPENINGS) and not text.startswith(closing)
        if not text or opens_another or state.sCount[number] < state.blkIndent:
            return False
        lines.append(text)
        rest = text.removeprefix(opening) if number == first else text
        if closing in rest:
            if not rest.endswith(closing) or rest.count(closing) > 1:
                return False
            break
    else:
        return False
    if silent:
        return True
    source = "\n".join(lines)
    token = state.push("formula", "", 0)
    token.block = True
    token.content = source if environment else source[len(opening) : -len(closing)]
    token.meta = {"display": True, "source": source}
    token.map = [first, first + len(lines)]
    state.line = first + len(lines)
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
