"""The commands: what they do, what they print, and how they end."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from labeling.models import ApiToken, Comparison, Event, Prompt, User, Verdict
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


def test_create_user_prints_a_password_that_works_and_a_token() -> None:
    out, _ = run("create_user", "maya", "--role", "lead", "--token")
    told = dict(line.split(": ", 1) for line in out.splitlines() if ": " in line)
    assert authenticate(username="maya", password=told["password"]) is not None
    assert ApiToken.objects.get().key_hash == ApiToken.hash_key(told["token"])
    assert User.objects.get().role == "lead"


def test_create_user_again_changes_nothing_and_another_role_is_refused() -> None:
    run("create_user", "maya", "--role", "lead")
    out, _ = run("create_user", "maya", "--role", "lead", "--json")
    assert json.loads(out) == {
        "username": "maya",
        "role": "lead",
        "created": False,
        "password": None,
        "token": None,
    }
    with pytest.raises(CommandError, match="already, as lead"):
        run("create_user", "maya", "--role", "admin")


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
    ("arguments", "told"),
    [
        (["nothing", "{file}"], "There is no campaign nothing. There are: sums."),
        (["sums", "/nowhere/at-all"], "cannot be read: No such file"),
        (["sums", "{file}", "--as", "nobody"], "There is no user called nobody."),
        (["sums", "{file}", "--as", "alice"], "Only a lead"),
    ],
)
def test_import_says_in_a_sentence_what_is_wrong(pairs: Path, arguments: list[str], told: str) -> None:
    stage()
    with pytest.raises(CommandError, match=told):
        run("import_comparisons", *(argument.format(file=pairs) for argument in arguments))


def test_import_prompts_takes_text_and_json(tmp_path: Path) -> None:
    stage()
    file = tmp_path / "prompts.txt"
    file.write_text("Why?\nHow?\n")
    out, _ = run("import_prompts", "sums", str(file))
    assert "2 new" in out
    assert Prompt.objects.count() == 2


def test_export_writes_the_file_and_its_report_beside_it(tmp_path: Path) -> None:
    scene = stage(comparisons=4)
    scene.settle(["a", "tie"])
    target = tmp_path / "pairs.jsonl"
    _, err = run("export", "sums", "--dialect", "trl", "--out", str(target))
    assert len(target.read_text().splitlines()) == 1
    report = json.loads((tmp_path / "pairs.jsonl.report.json").read_text())
    assert (report["dialect"], report["total"], report["kept"], report["dropped"]["unsettled"]) == ("trl", 4, 1, 2)
    assert "1 of 4 comparisons written" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pairs.jsonl", "pairs.jsonl.report.json"]


def test_export_into_nowhere_is_a_sentence(tmp_path: Path) -> None:
    stage()
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", "sums", "--out", str(tmp_path / "no" / "such" / "folder.jsonl"))


def test_agreement_prints_figures_or_json() -> None:
    scene = stage(comparisons=3, overlap=2)
    for user, letters in ((scene.alice, "aab"), (scene.bob, "abb")):
        for letter in letters:
            scene.vote(scene.given(user), letter)
    out, _ = run("agreement", "sums", "--json")
    told = json.loads(out)
    assert (told["campaign"], told["include_simulated"]) == ("sums", False)
    assert told["percent_with_ties"]["value"] == pytest.approx(2 / 3)
    assert told["alpha_nominal"]["comparisons"] == 3
    out, _ = run("agreement", "sums")
    assert "Krippendorff's alpha" in out
    assert "over 3 comparisons" in out


def test_agreement_of_nothing_says_why() -> None:
    stage()
    out, _ = run("agreement", "sums")
    assert out.count("undefined:") == 4


@pytest.mark.parametrize("name", ["create_user", "import_comparisons", "import_prompts", "export", "agreement"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command(name, "--help")
    assert end.value.code == 0
    assert "usage:" in capsys.readouterr().out
