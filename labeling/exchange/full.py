"""The dialect `full`: a whole campaign as JSON lines. It loses nothing, and an import makes the same campaign of it.

Each line is an object with a `type`: campaign (the first), guidelines, annotator, prompt, comparison, round (of
practice), faq, grouping, event, in this order.
"""

from collections.abc import Iterable, Iterator

from common.phrases import gettext_noop
from labeling.exchange.containers import chunks_of, peek, require_text, unpacked
from labeling.exchange.cutting import line_records
from labeling.exchange.decoding import parse_object
from labeling.exchange.dropping import DropReport
from labeling.exchange.encodings import as_utf8, encoding_of
from labeling.exchange.errors import OF_LINE, NoCampaignFile, UnreadableInput
from labeling.exchange.options import WriteOptions
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import ByteStream, ReadLimits
from labeling.exchange.records import JsonObject, canonical_json

FULL_FORMAT = "chosen-full/1"
LIMITS = ReadLimits(record_bytes=64 << 20)
"""A comparison has all of its judgments on one line."""
TYPES = ("campaign", "guidelines", "annotator", "prompt", "comparison", "round", "faq", "grouping", "event")


def write_full(lines: Iterable[JsonObject], report: DropReport, options: WriteOptions) -> Iterator[bytes]:
    """The lines as bytes. The report counts comparisons and judgments; nothing is dropped."""
    for line in lines:
        if line["type"] == "comparison":
            report.kept += 1
            report.judgments += sum(len(one["judgments"]) for one in line["assignments"])
        yield canonical_json(line) + b"\n"


def read_full(stream: ByteStream) -> Iterator[tuple[int, JsonObject]]:
    """The number and the object of each line. Raises UnreadableInput at a line that is none of this dialect."""
    head, chunks = peek(unpacked(chunks_of(stream), LIMITS))
    encoding, mark = encoding_of(head)
    if encoding:
        head, chunks = peek(as_utf8(chunks, encoding, mark))
    require_text(head)
    reached = -1
    for raw in line_records(chunks, LIMITS.record_bytes):
        try:
            line = parse_object(raw, LIMITS)
        except BadRecordError as error:
            raise UnreadableInput(OF_LINE, line=raw.place.line, reason=error.reason) from error
        kind = line.get("type")
        format_ = line.get("format") if kind == "campaign" else None
        if reached < 0 and not (isinstance(format_, str) and format_.startswith(FULL_FORMAT.split("/")[0])):
            text = gettext_noop("Line %(line)s: it is not the first line of a whole campaign (%(format)s).")
            raise NoCampaignFile(text, line=raw.place.line, format=FULL_FORMAT)
        if reached < 0 and format_ != FULL_FORMAT:
            text = gettext_noop("Line %(line)s: the field 'format' is %(format)s; %(known)s can be read here.")
            raise UnreadableInput(text, line=raw.place.line, format=repr(format_), known=repr(FULL_FORMAT))
        if not isinstance(kind, str) or kind not in TYPES:
            text = gettext_noop("Line %(line)s: it is of an unknown type. Every line is one of %(all)s.")
            raise UnreadableInput(text, line=raw.place.line, all=", ".join(TYPES))
        if (reached >= 0 and kind == "campaign") or TYPES.index(kind) < reached:
            text = gettext_noop(
                "Line %(line)s: the first line must be the campaign, followed by the others in this order: %(all)s."
            )
            raise UnreadableInput(text, line=raw.place.line, all=", ".join(TYPES[1:]))
        reached = TYPES.index(kind)
        yield raw.place.line, line
    if reached < 0:
        raise UnreadableInput(gettext_noop("The file is empty."))
