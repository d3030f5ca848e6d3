"""Renders Markdown to HTML that can be put into a page as it is. Completions are hostile input.

There are two defences. Raw HTML in the text is shown as text, never parsed (markdown-it-py with html off). The
renderer's output still passes an allow-list (nh3). The result loads nothing: images become links.

Nothing is hidden, because annotators judge the text they see. Reference definitions stay text, and single line breaks
stay line breaks. A text that Markdown would cut (nested too deeply) or inflate is shown as it is, and so is a formula
that cannot be converted.

Pure: no Django, no database.
"""

import hashlib
import html
import re
from collections.abc import Sequence
from time import thread_time
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from common.text.budget import seconds_left
from common.text.formula_syntax import add_formulas
from common.text.formulas import ELEMENTS as FORMULA_ELEMENTS
from common.text.formulas import NotAFormula, formula_html
from common.text.highlighting import SECONDS, highlighted

MARKDOWN_LIMIT = 50_000
"""Characters. A longer text is shown as plain text."""

MOST_BRACKETS = 8_000
"""markdown-it looks from each bracket that opens to the end of the text: with more, the text is shown as plain text."""

MAX_NESTING = 40
"""Levels of lists and quotes. markdown-it drops deeper ones, so a text that reaches it is shown as plain text."""

MOST_CELLS = 5_000
"""Vertical bars in one text: tables with more are shown as plain text."""

EXTRA_SECONDS = 0.2
"""CPU time for all code blocks and formulas of one text. Further ones are shown as they were written."""

SLOW_SECONDS = 0.02
"""Texts that take longer are remembered, so that showing one again costs nothing."""

REMEMBERED = 64
"""Texts in each process."""

MOST_FORMULAS = 200
"""In one text. Further ones are shown as they were written."""

LANGUAGE = re.compile(r"language-[a-zA-Z0-9_+#.-]{1,30}")
ALIGNMENT = re.compile(r"align-(left|center|right)")
LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

CLASSES = {
    "code": re.compile(rf"{LANGUAGE.pattern}|formula-source"),
    "th": ALIGNMENT,
    "td": ALIGNMENT,
    "div": re.compile("table-scroll|plain-text"),
    "span": re.compile("hl-[a-z]|formula"),
}
TEXT_TAGS = {"a", "br", "code", "em", "s", "span", "strong"}
BLOCK_TAGS = {"blockquote", "div", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
TABLE_TAGS = {"table", "tbody", "td", "th", "thead", "tr"}


def render_markdown(text: str, *, breaks: bool = True) -> str:
    """The text as safe HTML: CommonMark with tables, strikethrough, formulas and highlighted code, without images.

    A budget that is used up (`common.text.budget`): the text as it is.

    breaks: True: a single line break stays one, as models mean it. False: it becomes a space, as people who write
    Markdown (guidelines) mean it.
    """
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), breaks
    if (known := _slow_ones.get(key)) is not None:
        return known
    started = thread_time()
    shown = _rendered(text, breaks=breaks)
    if thread_time() - started > SLOW_SECONDS and seconds_left() > 0:  # otherwise something may be missing
        while len(_slow_ones) >= REMEMBERED:
            _slow_ones.pop(next(iter(_slow_ones)), None)
        _slow_ones[key] = shown
    return shown


_slow_ones: dict[tuple[bytes, bool], str] = {}


def _rendered(text: str, *, breaks: bool) -> str:
    text = text.encode("utf-8", "replace").decode()
    if _is_too_much(text) or seconds_left() <= 0:
        return render_plain(text)
    environment: dict[str, Any] = {}
    markdown = _WITH_BREAKS if breaks else _WITHOUT_BREAKS
    tokens = markdown.parse(text, environment)
    if _is_cut_or_inflated(tokens, text):
        return render_plain(text)
    return _CLEANER.clean(markdown.renderer.render(tokens, markdown.options, environment))


def plain_words(text: str) -> str:
    """The words of a Markdown text on one line, without its markup: for lists, where the text is only named."""
    if _is_too_much(text):
        return " ".join(text.split())
    inline = [token for token in _WITH_BREAKS.parse(text, {}) if token.type in ("inline", "fence", "code_block")]
    return " ".join(" ".join(_as_text([token]).split()) for token in inline)


def render_plain(text: str) -> str:
    """The text as it is, with spaces and line breaks."""
    return f'<div class="plain-text">{html.escape(text, quote=False)}</div>'


def _is_too_much(text: str) -> bool:
    return len(text) > MARKDOWN_LIMIT or text.count("[") > MOST_BRACKETS or text.count("|") > MOST_CELLS


def _is_cut_or_inflated(tokens: Sequence[Token], text: str) -> bool:
    # A table row of n cells pads every other row to n cells: a few kilobytes of text can become a megabyte of HTML.
    return len(tokens) > len(text) + 2000 or any(token.level >= MAX_NESTING - 1 for token in tokens)


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    """nh3's filter of attribute values: allowed classes, and links to other sites (never to our own pages)."""
    if attribute == "class":
        return value if tag in CLASSES and CLASSES[tag].fullmatch(value) else None
    if attribute == "href":
        return value if LINK.match(value) else None
    if tag in FORMULA_ELEMENTS:
        return value if FORMULA_ELEMENTS[tag][attribute].fullmatch(value) else None
    return value


def _rewrite_blocks(state: StateCore) -> None:
    """Starts headings at h3, below the page's own. Table alignment becomes a class, as inline styles are forbidden."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs["class"] = f"align-{str(token.attrs.pop('style')).removeprefix('text-align:')}"


def _render_image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """An image as a link with its alternative text; within a link, or with another kind of address, as that text."""
    token = tokens[index]
    label = html.escape(_as_text(token.children or []).strip() or "image")
    opened = sum({"link_open": 1, "link_close": -1}.get(before.type, 0) for before in tokens[:index])
    source = str(token.attrs.get("src", ""))
    if opened or not LINK.match(source):
        return f"[{label}]"
    return f'<a href="{html.escape(source)}">[{label}]</a>'


def _as_text(tokens: Sequence[Token]) -> str:
    """The text of inline tokens, without their markup."""
    parts = {"softbreak": " ", "hardbreak": " "}
    return "".join(
        _as_text(token.children)
        if token.children
        else token.meta["source"]
        if token.type == "formula"
        else parts.get(token.type, token.content)
        for token in tokens
    )


def _left(env: EnvType) -> float:
    """The seconds that are left for code and formulas of this text."""
    return min(float(env.get("extra", EXTRA_SECONDS)), seconds_left())


def _render_fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A code block, highlighted if its language is known."""
    language = tokens[index].info.strip().split(maxsplit=1)[0] if tokens[index].info.strip() else ""
    if not LANGUAGE.fullmatch(f"language-{language}"):
        language = ""
    attribute = f' class="language-{language}"' if language else ""
    started = thread_time()
    code = highlighted(tokens[index].content, language, seconds=min(_left(env), SECONDS))
    env["extra"] = _left(env) - (thread_time() - started)
    return f"<pre><code{attribute}>{code}</code></pre>\n"


def _render_formula(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A formula, or its source if it cannot be converted."""
    token = tokens[index]
    env["formulas"] = env.get("formulas", 0) + 1
    try:
        if env["formulas"] > MOST_FORMULAS or _left(env) <= 0:
            raise NotAFormula("There are too many.")
        started = thread_time()
        math = formula_html(token.content, display=token.meta["display"])
        env["extra"] = _left(env) - (thread_time() - started)
    except NotAFormula:
        source = f'<code class="formula-source">{html.escape(token.meta["source"])}</code>'
        return f"<p>{source}</p>\n" if token.block else source
    if not token.meta["display"]:
        return math
    return f'<span class="formula">{math}</span>' + ("\n" if token.block else "")


def _render_table_open(*_: object) -> str:
    return '<div class="table-scroll"><table>\n'


def _render_table_close(*_: object) -> str:
    return "</table></div>\n"


def _markdown(*, breaks: bool) -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": breaks, "linkify": False, "maxNesting": MAX_NESTING})
    markdown.enable(["table", "strikethrough"])
    # Reference definitions would be invisible, and a long one that is used often would inflate the result.
    markdown.disable("reference")
    markdown.core.ruler.push("rewrite_blocks", _rewrite_blocks)
    add_formulas(markdown)
    markdown.add_render_rule("image", _render_image)
    markdown.add_render_rule("fence", _render_fence)
    markdown.add_render_rule("formula", _render_formula)
    markdown.add_render_rule("table_open", _render_table_open)
    markdown.add_render_rule("table_close", _render_table_close)
    return markdown


_WITH_BREAKS, _WITHOUT_BREAKS = _markdown(breaks=True), _markdown(breaks=False)
_CLEANER = nh3.Cleaner(
    tags=TEXT_TAGS | BLOCK_TAGS | TABLE_TAGS | set(FORMULA_ELEMENTS),
    clean_content_tags=set(),
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
        **{tag: {"class"} for tag in CLASSES},
        **{tag: set(attributes) for tag, attributes in FORMULA_ELEMENTS.items()},
    },
    attribute_filter=_keep_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    strip_comments=True,
)
