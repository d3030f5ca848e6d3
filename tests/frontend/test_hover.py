"""Colours under a pointer are for pointers: on a touch screen they would stay after the tap, and look like a choice."""

import re

from config.embedded.var import PROJECT_DIR

GUARDED = re.compile(r"@media \(hover: hover\) \{\n(?:  .*\n|\n)*\}\n")


def test_every_rule_for_a_pointer_stands_where_there_is_one() -> None:
    sheets = {path: path.read_text() for path in (PROJECT_DIR / "frontend" / "css").rglob("*.css")}
    assert any(":hover" in css for css in sheets.values())
    assert [path.name for path, css in sheets.items() if ":hover" in GUARDED.sub("", css)] == []
