"""Sphinx's settings of the documentation site (`make docs`): all documents of this repository, README first.

The source is the whole repository, so that links between documents are the same there, here and in an editor.
"""

import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
MERMAID = ROOT / "var" / "docs-scripts" / "mermaid.min.js"
"""Draws the diagrams; fetched by scripts/docs.sh. Without it they are shown as their text."""

NAVIGATION = {
    "Tutorial": ["docs/tutorial/first-loop"],
    "How-to": ["docs/howto/*"],
    "Reference": ["docs/reference/*", "docs/glossary"],
    "Explanation": ["docs/explanation/*"],
    "Operations": ["docs/operations/*", "SECURITY"],
    "The project": ["CHANGELOG", "CONTRIBUTING", "docs/architecture", "docs/benchmarks", "docs/experiments"],
    "Decisions": ["docs/decisions/*"],
}

project = "Chosen"
author = "the developers of Chosen"
release = version = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)[0]
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**"]
exclude_patterns = ["docs/conf.py"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
html_theme = "furo"
html_title = f"Chosen {version}"
html_show_sphinx = False
html_copy_source = False
html_static_path = [os.path.relpath(MERMAID, Path(__file__).parent)] if MERMAID.exists() else []
html_js_files = ["mermaid.min.js"] if MERMAID.exists() else []


class Mermaid(Directive):
    """A diagram, which the script of the page draws."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The text of the diagram as the script looks for it."""
        text = "\n".join(self.content).replace("&", "&amp;").replace("<", "&lt;")
        return [nodes.raw("", f'<pre class="mermaid">\n{text}\n</pre>', format="html")]


def add_navigation(app: Sphinx, name: str, source: list[str]) -> None:
    """The table of contents goes behind the README, where GitHub does not show it."""
    if name == root_doc:
        for caption, pages in NAVIGATION.items():
            lines = ["```{toctree}", ":hidden:", ":glob:", f":caption: {caption}", "", *pages, "```"]
            source[0] += "\n\n" + "\n".join(lines) + "\n"


def link_folders(app: Sphinx, name: str, source: list[str]) -> None:
    """A link to the folder of decisions leads to its first page: a site has no folders."""
    first = sorted((ROOT / "docs" / "decisions").glob("*.md"))[0].name
    source[0] = re.sub(r"\]\(((?:docs/)?decisions)/?\)", rf"](\1/{first})", source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("mermaid", Mermaid)
    app.connect("source-read", link_folders)
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
