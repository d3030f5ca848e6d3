"""import_comparisons keeps good records and lists the others."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Comparison, Event, Verdict
from tests.people import stage


def run(*arguments: str, **options: Any) -> tuple[str, str]:
    """A command's stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A file with two good records and a bad one between them."""
    good = [{"prompt": f"What is {number}?", "chosen": "Yes.", "rejected": f"No {number}."} for number in range(2)]
    file = tmp_path / "pairs.jsonl"
    file.write_text(f"{json.dumps(good[0])}\n{{broken\n{json.dumps(good[1])}\n")
    return file


def test_import_keeps_the_good_names_the_bad_by_line_and_ends_with_1(pairs: Path) -> None:
    scene = stage()
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("import_comparisons", "sums", str(pairs), "--as", "maya", stdout=out, stderr=err)
    assert end.value.code == 1
    assert "line 2: Not valid JSON" in err.getvalue()
    assert "2 new; 0 duplicates; 1 rejected." in out.getvalue()
    assert Comparison.objects.count() == 2
    assert Event.objects.get(verb="comparisons.added").actor == scene.maya


def test_import_with_refuse_all_keeps_nothing(pairs: Path) -> None:
    stage()
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("import_comparisons", "sums", str(pairs), "--refuse-all", stdout=out, stderr=StringIO())
    assert end.value.code == 1
    assert "nothing was kept" in out.getvalue()
    assert not Comparison.objects.exists()


def test_import_of_a_good_file_ends_well_and_again_brings_nothing(pairs: Path) -> None:
    stage()
    pairs.write_text("\n".join(line for line in pairs.read_text().splitlines() if "broken" not in line))
    run("import_comparisons", "sums", str(pairs), "--dialect", "trl", "--keep-preferences")
    assert Verdict.objects.count() == 2
    out, _ = run("import_comparisons", "sums", str(pairs), "--json")
    report = json.loads(out)
    assert (report["created"], report["duplicates"], report["rejected"]) == (0, 2, [])


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
