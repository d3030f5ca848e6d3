"""Writes docs/glossary.md from the terms of the product (common/glossary.py).

Run after a term has changed: python scripts/glossary.py
"""

import sys
from pathlib import Path

from django.conf import settings
from django.utils.translation import override

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "glossary.md"
HEAD = """# Glossary

The words of the product, in the code and on its pages. Made from `common/glossary.py` by `python scripts/glossary.py`;
the product shows the same at `/glossary/`.
"""


def glossary() -> str:
    """The page, in English."""
    from common.glossary import CHAPTERS

    with override("en"):
        parts = [HEAD]
        for chapter in CHAPTERS:
            parts.append(f"\n## {chapter.title}\n\n| Term | Meaning |\n|---|---|\n")
            parts += [f"| **{term.name}** | {term.meaning} |\n" for term in chapter.terms]
        return "".join(parts)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    settings.configure(USE_I18N=False)
    PAGE.write_text(glossary(), encoding="utf-8")
