"""Text in UTF-16 or UTF-32, as spreadsheets and Windows tools write it, becomes UTF-8 on the way."""

import codecs
from collections.abc import Iterator

from common.phrases import gettext_noop
from labeling.exchange.causes import cause_of
from labeling.exchange.errors import UnreadableInput

MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The first bytes by encoding. UTF-32 comes first: its mark begins like that of UTF-16."""

PLAIN = range(9, 127)
"""Characters with which a file of records begins: the white space and the ASCII of JSON, and the names of columns."""


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that the first bytes show, and the length of its mark. Empty: UTF-8, or no text at all."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name, len(mark)
    start = head[:8]
    if len(start) == 8 and start[1::2] == b"\0" * 4 and all(one in PLAIN for one in start[::2]):
        return "utf-16-le", 0
    if len(start) == 8 and start[::2] == b"\0" * 4 and all(one in PLAIN for one in start[1::2]):
        return "utf-16-be", 0
    return "", 0


def as_utf8(chunks: Iterator[bytes], encoding: str, mark: int) -> Iterator[bytes]:
    """The chunks in UTF-8, without the mark. Raises UnreadableInput at bytes that the encoding does not have."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    left = mark
    try:
        for chunk in chunks:
            skipped, left = chunk[left:], max(0, left - len(chunk))
            if text := decoder.decode(skipped):
                yield text.encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        name = encoding[:6].upper()
        raise UnreadableInput(
            gettext_noop("The %(name)s text is damaged (%(error)s). Save the file again, as UTF-8."),
            name=name,
            error=cause_of(error),
        ) from error
