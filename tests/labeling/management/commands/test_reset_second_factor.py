"""The command that takes a second factor off an account."""

import pytest
from django.core.management import CommandError, call_command

from labeling.actions.second_factor import has_second_factor
from labeling.models import Event
from tests.labeling.authenticator_app import with_app
from tests.people import person


@pytest.mark.django_db
def test_a_command_resets_a_second_factor(capsys: pytest.CaptureFixture[str]) -> None:
    alice = person("alice")
    with_app(alice)
    call_command("reset_second_factor", "alice")
    assert "Two-step sign-in of alice is off" in capsys.readouterr().out
    assert not has_second_factor(alice)
    assert Event.objects.get(verb="user.second_factor_reset").actor is None
    with pytest.raises(CommandError, match="is off for this account"):
        call_command("reset_second_factor", "alice")
