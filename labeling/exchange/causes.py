"""Why a library gave up on a file, in sentences of our own: the library's words are English, and for programmers."""

import csv
import lzma
from zipfile import BadZipFile

from common.phrases import Marked, Phrase, gettext_noop

Causes = tuple[tuple[type[Exception], str, Marked], ...]

CAUSES: Causes = (
    (lzma.LZMAError, "Memory usage limit", gettext_noop("it needs more memory to unpack than is allowed")),
    (RuntimeError, "password", gettext_noop("it is encrypted")),
    (NotImplementedError, "", gettext_noop("it is packed in a way that is not known here")),
    (BadZipFile, "not a zip file", gettext_noop("its list of files is missing, so its end is probably cut off")),
    (EOFError, "", gettext_noop("it ends too early")),
    (UnicodeError, "unexpected end", gettext_noop("it ends in the middle of a character")),
    (UnicodeError, "truncated data", gettext_noop("it ends in the middle of a character")),
    (UnicodeError, "", gettext_noop("it holds bytes that are no character")),
    (csv.Error, "field larger", gettext_noop("a cell is too long; perhaps a quotation mark is not closed")),
    (csv.Error, "new-line", gettext_noop("its lines end as on an old Macintosh; save it with other line ends")),
    (csv.Error, "NUL", gettext_noop("a line holds the NUL character")),
    (csv.Error, "", gettext_noop("its quotation marks do not match")),
    (ValueError, "digits", gettext_noop("a number has too many digits")),
)
"""The type of an error, a part of its words, and the cause. The first that fits counts."""

CHANGED = gettext_noop("its bytes were changed or cut off on the way")


def cause_of(error: BaseException) -> Phrase:
    """The cause of an error that a library raised while it read a file, as a part of a sentence."""
    words = str(error)
    return Phrase(next((cause for kind, part, cause in CAUSES if isinstance(error, kind) and part in words), CHANGED))
