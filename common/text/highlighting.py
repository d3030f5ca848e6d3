"""Syntax highlighting of code blocks, by Pygments.

Pure: no Django, no database.
"""

import html
from functools import lru_cache
from itertools import groupby
from time import thread_time

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Literal, Name, Number, Operator, String, Token, _TokenType
from pygments.util import ClassNotFound

from common.text.budget import seconds_left

CODE_LIMIT = 6_000
"""Characters. A longer block is not highlighted."""

SECONDS = 0.1
"""Of this thread's CPU time, for one block. Usually 0.02 is enough; a made-up text can cost minutes."""

LANGUAGES = frozenset((
    "asm", "bash", "c", "c#", "c++", "clojure", "cmake", "console", "cpp", "cs", "csharp", "css", "dart", "diff",
    "docker", "dockerfile", "elixir", "elm", "erlang", "f#", "fortran", "fsharp", "go", "golang", "graphql",
    "groovy", "haskell", "hcl", "hs", "html", "http", "ini", "java", "javascript", "js", "json", "jsx", "julia",
    "kotlin", "latex", "less", "lua", "make", "makefile", "markdown", "matlab", "md", "nasm", "nginx", "nim",
    "objc", "objective-c", "objectivec", "ocaml", "pascal", "perl", "php", "powershell", "properties", "proto",
    "protobuf", "ps1", "py", "pycon", "python", "python3", "r", "rb", "rs", "ruby", "rust", "scala", "scheme",
    "scss", "sh", "shell", "shell-session", "solidity", "sql", "svelte", "swift", "terraform", "tex", "toml", "ts",
    "tsx", "typescript", "vb", "vb.net", "verilog", "vhdl", "vim", "vue", "xml", "yaml", "yml", "zig", "zsh",
))  # fmt: skip
"""The names of languages that are highlighted."""

KINDS: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (String, "s"),
    (Number, "n"),
    (Literal, "n"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Tag, "k"),
    (Name.Attribute, "f"),
    (Name.Builtin, "b"),
    (Name.Decorator, "b"),
    (Name.Variable, "b"),
    (Generic.Deleted, "d"),
    (Generic.Inserted, "i"),
    (Generic.Heading, "k"),
    (Generic.Prompt, "c"),
)
"""The highlighted kinds of token, and the letter of each one's class (`hl-k`). The first match counts."""


def highlighted(code: str, language: str, *, seconds: float = SECONDS) -> str:
    """The code as escaped HTML, with highlighted tokens in `<span class="hl-…">`. Its text is exactly the code.

    seconds: the CPU time that it may cost; a block that needs more is not highlighted, nor one after the budget.
    """
    seconds = min(seconds, seconds_left())
    lexer = _lexer(language.lower()) if len(code) <= CODE_LIMIT and seconds > 0 else None
    tokens = _tokens(lexer, code, seconds) if lexer else []
    # The tokens of a lexer that changes the text (tabs, line ends) are not used: annotators must see the text itself.
    if "".join(text for _, text in tokens) != code:
        return html.escape(code)
    pieces = []
    for kind, run in groupby(tokens, key=lambda token: _kind(token[0])):
        text = html.escape("".join(text for _, text in run))
        pieces.append(f'<span class="hl-{kind}">{text}</span>' if kind and not text.isspace() else text)
    return "".join(pieces)


def _tokens(lexer: Lexer, code: str, seconds: float) -> list[tuple[_TokenType, str]]:
    """The tokens of the code; none if finding them takes longer. A lexer finds them one by one, so it can be left."""
    over = thread_time() + seconds
    tokens = []
    for token in lexer.get_tokens(code):
        tokens.append(token)
        if thread_time() > over:
            return []
    return tokens


@lru_cache(maxsize=256)
def _lexer(language: str) -> Lexer | None:
    if language not in LANGUAGES:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _kind(token: _TokenType) -> str:
    if token is Token.Text:
        return ""
    return next((letter for parent, letter in KINDS if token in parent), "")
