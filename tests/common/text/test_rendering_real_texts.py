"""Real texts of models (AlpacaEval's records) as they are shown: no code, table or formula of theirs is broken."""

import gzip
import json
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from common.text.rendering import render_markdown
from config.embedded.var import PROJECT_DIR

RECORDS = PROJECT_DIR.parent / "shared" / "data" / "alpacaeval-annotations-dev.json.gz"


class Shown(HTMLParser):
    """The code on a page, and the number of its tables and formulas."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.codes: list[str] = []
        self.count = {"table": 0, "math": 0, "mfrac": 0}
        self._is_code = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            self._is_code = True
            self.codes.append("")
        if tag in self.count:
            self.count[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self._is_code = self._is_code and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._is_code:
            self.codes[-1] += data


@pytest.mark.skipif(not RECORDS.exists(), reason=f"the records are not at {RECORDS}")
def test_code_tables_and_formulas_of_real_completions_come_through_whole() -> None:
    with gzip.open(RECORDS) as file:
        records = json.load(file)
    texts = dict.fromkeys(record[name] for record in records for name in ("instruction", "output_1", "output_2"))
    plain = MarkdownIt("commonmark", {"html": False}).enable("table")
    total = {"code": 0, "table": 0, "math": 0, "mfrac": 0}
    for text in texts:
        source = render_markdown(text)
        page, tokens = Shown(source), plain.parse(text)
        assert page.codes == [one.content for one in tokens if one.type in ("fence", "code_block")], text[:200]
        assert page.count["table"] == sum(one.type == "table_open" for one in tokens), text[:200]
        assert "formula-source" not in source, text[:200]
        for name, number in {**page.count, "code": len(page.codes)}.items():
            total[name] += number
    assert (total["code"], total["table"], total["math"]) == (258, 25, 494)
