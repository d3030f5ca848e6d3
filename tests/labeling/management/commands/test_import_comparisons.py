"""import_comparisons keeps good records and lists the others."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from labeling.models import Comparison, Event, Verdict
from tests.labeling.management.running import run
from tests.people import stage


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


def test_import_of_a_good_file_ends_well_and_again_brings_nothing(pairs: Path) -> None:
    stage()
    pairs.write_text("\n".join(line for line in pairs.read_text().splitlines() if "broken" not in line))
    run("import_comparisons", "sums", str(pairs), "--dialect", "trl", "--keep-preferences")
    assert Verdict.objects.count() == 2
    out, _ = run("import_comparisons", "sums", str(pairs), "--json")
    report = json.loads(out)
    assert (report["created"], report["duplicates"], report["rejected"]) == (0, 2, [])
