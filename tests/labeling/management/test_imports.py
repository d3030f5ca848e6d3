"""The shared base of both import commands: where a file is read from, what is printed, and how it ends."""

from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from labeling.actions.import_reports import MOST_NAMED
from labeling.models import Comparison, Prompt
from tests.labeling.management.running import run
from tests.people import stage


def test_import_with_refuse_all_keeps_nothing(pairs: Path) -> None:
    stage()
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("import_comparisons", "sums", str(pairs), "--refuse-all", stdout=out, stderr=StringIO())
    assert end.value.code == 1
    assert "nothing was kept" in out.getvalue()
    assert not Comparison.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "{file}"], "There is no campaign nothing. There are: sums."),
        (["sums", "/nowhere/at-all"], "cannot be read: No such file"),
        (["sums", "{file}", "--as", "nobody"], "There is no user called nobody."),
        (["sums", "{file}", "--as", "alice"], "Only a lead"),
    ],
)
def test_import_says_in_a_sentence_what_is_wrong(pairs: Path, arguments: list[str], message: str) -> None:
    stage()
    with pytest.raises(CommandError, match=message):
        run("import_comparisons", *(argument.format(file=pairs) for argument in arguments))


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stage()
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"Why?\nHow?\n")))
    out, _ = run("import_prompts", "sums", "-")
    assert out.startswith("Lines of plain text, each read as one prompt: 2.\n2 new; 0 duplicates; 0 rejected. Batch ")
    assert Prompt.objects.count() == 2


def test_rejected_records_beyond_the_listed_ones_are_counted(tmp_path: Path) -> None:
    stage()
    file = tmp_path / "broken.jsonl"
    file.write_text("{broken\n" * (MOST_NAMED + 5))
    err = StringIO()
    with pytest.raises(SystemExit):
        call_command("import_comparisons", "sums", str(file), stdout=StringIO(), stderr=err)
    *named, last = err.getvalue().splitlines()
    assert (len(named), last) == (MOST_NAMED, "... and 5 more.")


def test_the_folder_of_a_data_set_comes_in_by_its_path(tmp_path: Path) -> None:
    stage()
    folder = tmp_path / "pairs"
    (folder / ".cache").mkdir(parents=True)
    (folder / ".cache" / "train.jsonl").write_text("no data")
    (folder / "README.md").write_text("# Pairs")
    for name in ("train", "test"):
        (folder / f"{name}.jsonl").write_text(f'{{"prompt": "{name}?", "chosen": "Yes.", "rejected": "No."}}\n')
    out, _err = run("import_comparisons", "sums", str(folder))
    assert out.startswith("Used")
    assert "2 new" in out
    assert Comparison.objects.count() == 2
