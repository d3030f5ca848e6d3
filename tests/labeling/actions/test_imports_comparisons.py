"""Files of comparisons: good records kept, bad ones named by line and reason."""

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import NotAllowed
from labeling.actions import imports
from labeling.actions.comparisons import add_comparisons
from labeling.actions.import_reports import EmptyFile, ImportReport, ImportSettings, UnreadableFile
from labeling.actions.imports import import_comparisons
from labeling.models import CampaignTally, Comparison, Event, ImportBatch, Verdict
from labeling.tally import count_tally, read_tally
from tests.clients import Visiting
from tests.people import Stage, stage

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def record(number: int, **changes: Any) -> dict[str, Any]:
    """A TRL record like no other number's."""
    return {
        "prompt": [{"role": "user", "content": f"What is {number}?"}],
        "chosen": [{"role": "assistant", "content": f"It is {number}."}],
        "rejected": [{"role": "assistant", "content": f"Not {number}."}],
    } | changes


def lines(*records: Any) -> bytes:
    """JSON lines; bytes stay as they are."""
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in records) + b"\n"


def bring_in(scene: Stage, content: bytes, *, source: str = "import", **settings: Any) -> ImportReport:
    return import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(content),
        settings=ImportSettings(**settings),
        source=source,
        acting_user=scene.maya,
        now=scene.now,
    )


def reply(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


BAD: list[tuple[str, bytes, str]] = [
    ("broken", b'{"prompt": [{"role": "user", "con', "Not valid JSON"),
    ("empty", json.dumps(record(2, chosen=reply("  "))).encode(), "empty"),
    ("identical", json.dumps(record(3, chosen=reply("Same."), rejected=reply("Same."))).encode(), "identical"),
    ("10 MB", json.dumps(record(4, chosen=reply("x" * 10_000_000))).encode(), "1,048,576 are allowed"),
    ("wrong UTF-8", b'{"prompt": "\xff\xfe", "chosen": "a", "rejected": "b"}', "UTF-8"),
    ("NUL", json.dumps(record(5, chosen=reply("\x00"))).encode(), "NUL"),
]


def test_every_bad_record_is_named_by_its_line_and_reason_and_the_rest_is_kept() -> None:
    scene = stage()
    content = lines(record(100), *(bad for _, bad, _ in BAD), record(101))
    report = bring_in(scene, content)
    assert report.created == 2
    assert [one.line for one in report.rejected] == [2, 3, 4, 5, 6, 7]
    assert report.rejected_count == 6
    for one, (name, _, word) in zip(report.rejected, BAD, strict=True):
        assert word in one.reason, f"{name}: {one.reason}"
        assert len(one.excerpt) < 200, name
    assert Comparison.objects.count() == 2


@pytest.mark.parametrize(("name", "bad", "word"), BAD, ids=[name for name, _, _ in BAD])
def test_with_refuse_all_a_single_bad_record_keeps_everything_out(name: str, bad: bytes, word: str) -> None:
    scene = stage()
    report = bring_in(scene, lines(*map(record, range(700)), bad), refuse_all=True)
    assert (report.refused, report.created, report.rejected_count) == (True, 0, 1)
    assert report.rejected[0].line == 701
    assert not Comparison.objects.exists()
    assert read_tally(scene.campaign.pk).comparisons == 0


def test_with_refuse_all_a_good_file_is_kept() -> None:
    scene = stage()
    report = bring_in(scene, lines(*map(record, range(7))), refuse_all=True)
    assert (report.refused, report.created, Comparison.objects.count()) == (False, 7, 7)


def test_the_same_file_again_creates_nothing_and_counts_duplicates() -> None:
    scene = stage()
    content = lines(*map(record, range(600)), record(5))
    first, again = bring_in(scene, content), bring_in(scene, content)
    assert (first.created, first.duplicates) == (600, 1)
    assert (again.created, again.duplicates) == (0, 601)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_preferences_are_left_aside_unless_they_are_wanted() -> None:
    scene = stage()
    bring_in(scene, lines(record(1)))
    assert not Verdict.objects.exists()
    report = bring_in(scene, lines(record(1), record(2)), keep_preferences=True)
    assert (report.created, report.duplicates, report.settled, report.judgments) == (1, 0, 1, 1)
    verdicts = Verdict.objects.select_related("comparison__completion_a", "comparison__completion_b")
    preferred = {getattr(one.comparison, f"completion_{one.winner}").text: one.settled_by for one in verdicts}
    assert preferred == {"It is 1.": "import", "It is 2.": "import"}


def test_an_array_and_a_gzipped_file_are_read_too() -> None:
    scene = stage()
    assert bring_in(scene, json.dumps([record(1), record(2)]).encode()).created == 2
    assert bring_in(scene, gzip.compress(lines(record(3)))).created == 1


def test_a_gzipped_file_that_breaks_off_keeps_what_came_before_and_says_so() -> None:
    scene = stage()
    whole = gzip.compress(lines(*map(record, range(3000))))
    report = bring_in(scene, whole[: len(whole) // 2])
    assert 0 < report.created < 3000
    assert report.rejected[-1].code == "unreadable"
    assert report.created == Comparison.objects.count()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (json.dumps({"question": "?", "answer": "!"}).encode(), "dialect"),
        ("prompt".encode("utf-16")[:-1], "UTF-16"),
        (b"\x1f\x8bnot gzip at all", "gzip"),
    ],
)
def test_a_file_in_which_nothing_can_be_read_is_refused_in_a_sentence(content: bytes, word: str) -> None:
    scene = stage()
    with pytest.raises(UnreadableFile, match=word):
        bring_in(scene, content)


@pytest.mark.parametrize("content", [b"", b" \n\n", b"[]", gzip.compress(b"")])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(EmptyFile):
        bring_in(stage(), content)


def test_only_leads_bring_files_in() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        import_comparisons(campaign=scene.campaign, stream=io.BytesIO(), acting_user=scene.alice, now=scene.now)


def test_an_import_is_an_event_with_its_source() -> None:
    scene = stage()
    bring_in(scene, lines(record(1)), source="import of pairs.jsonl")
    assert Event.objects.get(verb="comparisons.added").after["source"] == "import of pairs.jsonl"
    assert Comparison.objects.get().source == "import of pairs.jsonl"


def test_memory_stays_flat_however_long_the_file_is() -> None:
    class Endless:
        """A stream of so many records that are never all in memory."""

        def __init__(self, records: int) -> None:
            self.pieces: Iterator[bytes] = (lines(record(number % 50, pad="p" * 20_000)) for number in range(records))

        def read(self, size: int, /) -> bytes:
            return next(self.pieces, b"")

    scene = stage()
    peaks = []
    for records in (600, 2400):
        tracemalloc.start()
        import_comparisons(campaign=scene.campaign, stream=Endless(records), acting_user=scene.maya, now=scene.now)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5, peaks


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the folder with real data is not there")
def test_real_human_preferences_come_in_whole() -> None:
    scene = stage()
    with (SHARED_DATA / "hh-harmless-dev.jsonl.gz").open("rb") as stream:
        report = import_comparisons(campaign=scene.campaign, stream=stream, acting_user=scene.maya, now=scene.now)
    with gzip.open(SHARED_DATA / "hh-harmless-dev.jsonl.gz") as stream:
        records = sum(1 for _ in stream)
    assert report.created + report.duplicates + report.rejected_count == records
    assert report.created > records * 0.99
    assert report.rejected_count < 10
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


HOSTILE: list[Any] = [
    {"prompt": "bad?", "chosen": [{"role": ["assistant"], "content": "yes"}], "rejected": "no"},
    {"prompt": [[[]]], "chosen": {"role": {}}, "rejected": 1e300},
    {"prompt": 10**400, "chosen": True, "rejected": None},
    {"prompt": "Q", "chosen": [[{"role": "assistant"}]], "rejected": [None]},
    {"prompt": "Q", "chosen": "a", "rejected": "b", "tools": {"a": []}},
    {"prompt": {"replies": 7}, "chosen": "a", "rejected": "b"},
    {"prompt": [{"role": "user", "content": [{"type": ["text"], "text": {}}]}], "chosen": "a", "rejected": "b"},
    {"prompt": [{"from": {}, "value": 1}], "chosen": "a", "rejected": "b"},
    {"prompt": "Q", "history": {"a": 1}, "system": ["x"], "input": 5, "chosen": [], "rejected": {}},
    [[]],
    7,
    b'{"prompt": "\\ud800", "chosen": "a", "rejected": "b"}',
]


@pytest.mark.parametrize("bad", HOSTILE)
def test_whatever_a_record_holds_the_import_ends_in_a_report(bad: Any) -> None:
    scene = stage()
    report = bring_in(scene, lines(*map(record, range(600)), bad, *map(record, range(600, 700))))
    assert (report.created, report.rejected_count) == (700, 1)
    assert (report.rejected[0].line, report.rejected[0].code != "unexpected") == (601, True)
    assert report.batch is not None
    assert report.batch.status == "imported"


def test_a_record_that_cannot_be_stored_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(**arguments: Any) -> Any:
        if any(draft.external_id == "unstorable" for draft in arguments["drafts"]):
            raise RuntimeError("as a fault of our own would be")
        return add_comparisons(**arguments)

    monkeypatch.setattr(imports, "add_comparisons", add)
    scene = stage()
    report = bring_in(scene, lines(*map(record, range(9)), record(9, id="unstorable"), *map(record, range(10, 20))))
    assert (report.created, report.rejected_count, Comparison.objects.count()) == (19, 1, 19)
    assert (report.rejected[0].line, report.rejected[0].reason) == (10, "The record cannot be stored.")


class Watched(io.BytesIO):
    """A file that notes, at each read, how much is stored and how many totals the transaction has locked."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.seen: list[tuple[int, int]] = []

    def read(self, size: int | None = -1) -> bytes:
        self.seen.append((Comparison.objects.count(), CampaignTally.objects.count()))
        return super().read(1000 if size is None or size < 0 else min(size, 1000))


@pytest.mark.parametrize("refuse_all", [True, False])
def test_an_import_in_one_transaction_locks_totals_only_at_its_end(refuse_all: bool) -> None:
    scene = stage()
    file = Watched(lines(*map(record, range(1100))))
    import_comparisons(
        campaign=scene.campaign,
        stream=file,
        settings=ImportSettings(refuse_all=refuse_all),
        acting_user=scene.maya,
        now=scene.now,
    )
    assert max(stored for stored, _ in file.seen) >= 500
    assert {locked for stored, locked in file.seen if stored < 1100} == {0}
    assert read_tally(scene.campaign.pk).comparisons == 1100
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_an_import_that_was_killed_says_what_it_brought_and_the_same_file_adds_the_rest(
    visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, content, parts = stage(), lines(*map(record, range(1500))), iter(range(2))

    def dies(**values: Any) -> Any:
        if next(parts):
            raise SystemExit
        return add_comparisons(**values)

    with monkeypatch.context() as patch:
        patch.setattr(imports, "add_comparisons", dies)
        with pytest.raises(SystemExit):
            bring_in(scene, content)
    batch, held = ImportBatch.objects.get(), Comparison.objects.count()
    assert 0 < held < 1500
    assert (batch.status, batch.created, batch.comparisons.count()) == ("importing", held, held)
    page = visiting(scene.maya).get(f"/campaigns/sums/data/imports/{batch.pk}/").content.decode()
    assert "Being imported" in page
    assert "import the same file again" in page
    report = bring_in(scene, content)
    assert (report.created, report.duplicates) == (1500 - held, held)


def test_the_count_of_an_import_is_never_behind_what_it_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, save = stage(), ImportBatch.save

    def dies(batch: ImportBatch, **options: Any) -> None:
        if "update_fields" in options:
            raise SystemExit
        save(batch, **options)

    monkeypatch.setattr(ImportBatch, "save", dies)
    with pytest.raises(SystemExit):
        bring_in(scene, lines(record(1)))
    assert (ImportBatch.objects.get().created, Comparison.objects.count()) == (0, 0)
