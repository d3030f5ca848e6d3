"""Promotion with servers: loaded everywhere and probed before the switch; a roll-back asks nobody."""

from pathlib import Path
from typing import Any

import pytest

from labeling.models import Event, User
from tests.training.conftest import NOW, make_version
from tests.training.stub import StubServer
from training.actions.versions import promote, roll_back
from training.errors import ServerNotReady, VersionDamaged
from training.models import ModelVersion
from training.queries.serving import serving_version
from training.versions import servers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "PATIENCE_SECONDS", 0.0)


def test_a_version_is_loaded_into_every_server_and_probed_before_it_serves(
    trained: ModelVersion, server: StubServer, second: StubServer, maya: User
) -> None:
    promote(version=trained, acting_user=None, now=NOW)

    for each in (server, second):
        assert each.calls == ["/load_lora_adapter tiny-v1", "/chat/completions tiny-v1"]
        assert each.folders == {"tiny-v1": trained.adapter_dir}
    assert serving_version() == trained
    event = Event.objects.get(verb="version.promoted", after__serving="tiny-v1")
    assert [one["server"] for one in event.after["servers"]] == [server.address, second.address]
    assert {one["probe"] for one in event.after["servers"]} == {"Hello there. 0"}


def test_while_it_is_loaded_the_old_one_serves(
    trained: ModelVersion, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ModelVersion] = []
    prepare = servers.prepare

    def looking(version: ModelVersion) -> list[servers.PreparedServer]:
        done = prepare(version)
        seen.append(serving_version())
        return done

    monkeypatch.setattr(servers, "prepare", looking)
    promote(version=trained, acting_user=None, now=NOW)
    assert (seen, serving_version()) == ([base], trained)


def test_a_server_that_refuses_it_leaves_everything_as_it_was(
    trained: ModelVersion, base: ModelVersion, server: StubServer, second: StubServer
) -> None:
    second.refuses = "tiny-v1"
    with pytest.raises(ServerNotReady, match="greater than max_lora_rank 64"):
        promote(version=trained, acting_user=None, now=NOW)
    assert serving_version() == base


def test_a_version_that_says_nothing_does_not_serve(
    trained: ModelVersion, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.generation.server.PROBE_TOKENS", 1)
    monkeypatch.setattr(
        "tests.training.stub.Handler.completion",
        lambda self, body: {"choices": [{"message": {"content": " "}, "logprobs": {"content": []}}]},
    )
    with pytest.raises(ServerNotReady, match=r"to a probe .* is empty"):
        promote(version=trained, acting_user=None, now=NOW)
    assert serving_version() == base


def test_a_server_that_is_away_is_left_out_and_named(
    trained: ModelVersion, server: StubServer, second: StubServer
) -> None:
    second.deaf = True
    promote(version=trained, acting_user=None, now=NOW)
    assert serving_version() == trained
    event = Event.objects.get(verb="version.promoted", after__serving="tiny-v1")
    assert "No usable answer" in event.after["servers"][1]["trouble"]


def test_what_is_unloaded_between_loading_and_probing_is_loaded_again(
    trained: ModelVersion, server: StubServer
) -> None:
    server.forgets = 1
    promote(version=trained, acting_user=None, now=NOW)
    assert server.calls == ["/load_lora_adapter tiny-v1", "/chat/completions tiny-v1"] * 2
    assert serving_version() == trained


def test_a_server_that_forgets_at_once_does_not_serve_it(
    trained: ModelVersion, base: ModelVersion, server: StubServer
) -> None:
    server.forgets = 9
    with pytest.raises(ServerNotReady, match="forgets tiny-v1 as soon as it is loaded"):
        promote(version=trained, acting_user=None, now=NOW)
    assert serving_version() == base


def test_servers_that_made_room_for_a_run_are_left_alone(
    trained: ModelVersion, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Training:
        pk = 12

    server.folders["tiny-v1"] = trained.adapter_dir
    monkeypatch.setattr(servers, "training_now", Training)
    with pytest.raises(ServerNotReady, match=r"tiny-v1 cannot serve now\. A training has this machine now"):
        promote(version=trained, acting_user=None, now=NOW)
    assert servers.unload_unused() == []
    assert (server.calls, serving_version()) == ([], base)


def test_with_no_server_answering_nothing_changes_and_it_is_said(
    trained: ModelVersion, base: ModelVersion, server: StubServer
) -> None:
    server.deaf = True
    with pytest.raises(ServerNotReady, match=r"tiny-v1 cannot serve now\. No usable answer from the server"):
        promote(version=trained, acting_user=None, now=NOW)
    assert serving_version() == base


def test_damaged_files_are_loaded_nowhere(trained: ModelVersion, base: ModelVersion, server: StubServer) -> None:
    (Path(trained.adapter_dir) / "adapter_model.safetensors").write_bytes(b"other weights")
    with pytest.raises(VersionDamaged):
        promote(version=trained, acting_user=None, now=NOW)
    assert server.calls == []


def test_rolling_back_asks_no_server(trained: ModelVersion, base: ModelVersion, server: StubServer) -> None:
    promote(version=trained, acting_user=None, now=NOW)
    server.deaf = True
    asked = len(server.calls)
    roll_back(acting_user=None, now=NOW)
    assert (serving_version(), len(server.calls)) == (base, asked)


def test_what_nothing_uses_any_more_is_unloaded_later(
    base: ModelVersion, trained: ModelVersion, server: StubServer, var_dir: Path
) -> None:
    line = [trained, *(make_version(base, var_dir, f"tiny-v{number}", trained) for number in (2, 3))]
    for version in line:
        promote(version=version, acting_user=None, now=NOW)
    server.folders["of somebody else"] = "/elsewhere"

    assert servers.unload_unused() == [f"{server.address} tiny-v1"]
    assert set(server.folders) == {"tiny-v2", "tiny-v3", "of somebody else"}, "what serves, and what it goes back to"
    assert servers.unload_unused() == []


def test_every_server_is_shown_as_it_is(trained: ModelVersion, server: StubServer, second: StubServer) -> None:
    second.deaf = True
    servers.prepare(trained)
    first, other = servers.states()
    assert (first.kind, first.models, first.trouble) == ("vLLM", ["tiny-base", "tiny-v1"], "")
    assert (other.address, other.models) == (second.address, [])
    assert "No usable answer" in other.trouble


def test_without_servers_nobody_is_asked(trained: ModelVersion, settings: Any) -> None:
    assert servers.prepare(trained) == []
    assert servers.states() == []
    assert servers.unload_unused() == []
