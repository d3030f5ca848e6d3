"""The CPU time that rendering costs at worst: made-up texts of one piece repeated, in Markdown and in every language.

    python -m benchmarks.rendering

Each text is as long as it may be. Prints the slowest ones, and fails if one takes longer than half a second.
"""

import sys
from time import thread_time

from common.text.highlighting import CODE_LIMIT, LANGUAGES
from common.text.rendering import MARKDOWN_LIMIT, render_markdown

PIECES = (
    "a \n", "\n", "\t\n", " \n", "(", "[", "{", "<", '"', "'", "\\", "/*", "//", "#", "a", " ", "a ", "<a ", "<!--",
    "-", "=", '"\\', "${", "#{", "{{", "%", "@a ", "a.", "a,", "a(", "f(x) ", "0", "0x", "::", "->", "=>", "`", 'r"',
    "<<A\n", "def a\n", "class a ", "if a ", "a:", "*", "!", "&", "|", "~", "$", "\\(", "a\n\n", ": ", "- a\n", "\r",
)  # fmt: skip
OF_MARKDOWN = (
    "![", "[a](", "[a][", "*a ", "**a ", "_a ", "> ", "- ", "1. ", "| a ", "|a\n", "~~", "<http", "\\*", "&amp;", "`a",
    "``a ", "![](", "[![", "* [", "#a\n", "# a\n", "- a\n  ", "a|b\n-|-\n", "$x$ ", "$$x$$\n", "\\(x\\) ",
)  # fmt: skip
LIMIT = 0.5


def repeated(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def seconds(text: str) -> float:
    started = thread_time()
    render_markdown(text)
    return thread_time() - started


def main() -> int:
    """Returns the exit status."""
    taken = [(seconds(repeated(piece, MARKDOWN_LIMIT)), "Markdown", piece) for piece in (*PIECES, *OF_MARKDOWN)]
    for number, language in enumerate(sorted(LANGUAGES), 1):
        print(f"\r{number} of {len(LANGUAGES)} languages", end="", file=sys.stderr)
        taken += [
            (seconds(f"```{language}\n{repeated(piece, CODE_LIMIT - 1)}\n```"), language, piece) for piece in PIECES
        ]
    print(file=sys.stderr)
    taken.sort(reverse=True)
    for cost, kind, piece in taken[:12]:
        print(f"{cost:6.3f} s  {kind:<12} {piece!r} repeated")
    over = sum(cost > LIMIT for cost, *_ in taken)
    print(f"{len(taken):,} texts; {over} over {LIMIT} s")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
