"""Shared parts of the commands."""

import pytest
from django.core.management import call_command


@pytest.mark.parametrize("name", ["create_user", "import_comparisons", "import_prompts", "export", "agreement"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        call_command(name, "--help")
    assert end.value.code == 0
    assert "usage:" in capsys.readouterr().out
