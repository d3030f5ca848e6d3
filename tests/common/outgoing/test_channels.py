"""A chat channel reaches its provider or a public server: no address inside, and no second URL."""

import pytest

from common.outgoing.channels import _channel, channel_problem

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("workflows://10.0.0.5:8443/a/b", "ends with one of"),
        ("workflows://logic.azure.com.evil.example/a/b", "ends with one of"),
        ("workflows://prod-1.logic.azure.com:22/a/b", "Port 22"),
        ("workflows://prod-1.uksouth.logic.azure.com/a/b?verify=no", "Leave out “verify”"),
        (f"{DISCORD}?thread=1 json://127.0.0.1:9200/", "Give an Apprise URL"),
        (f"{DISCORD}\njson://127.0.0.1:9200/", "Give an Apprise URL"),
        (f"{DISCORD},json://127.0.0.1:9200/", "one URL"),
        (f"{DISCORD};json://127.0.0.1:9200/", "one URL"),
        (f"{SLACK}?template=http://10.0.0.5/x", "Leave out “template”"),
        (f"{SLACK}?thread=1&redirect=yes", "Leave out “redirect”"),
        (f"{SLACK}?+X-Header=1", "Leave out"),
        ("matrixs://user:secret@1.1.1.1:22/#room", "Port 22"),
        ("matrixs://user:secret@127.0.0.1/#room", "not public"),
        ("matrixs://1.1.1.1@127.0.0.1/#room", "not public"),
        ("matrixs://user:secret@1.1.1.1\\@127.0.0.1/#room", "one URL"),
        ("matrixs://user:secret@1.1.1.1/#room?discovery=yes", "Leave out “discovery”"),
        ("json://1.1.1.1/", "Give an Apprise URL"),
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(url: str, problem: str) -> None:
    assert problem in channel_problem(url)


@pytest.mark.parametrize("url", [SLACK, f"{DISCORD}?thread=12&avatar=no", "matrixs://user:secret@1.1.1.1:8448/#room"])
def test_an_ordinary_one_is_taken(url: str) -> None:
    assert channel_problem(url) == ""


def test_a_server_cannot_send_the_message_on() -> None:
    channel = _channel("matrixs://user:secret@1.1.1.1/#room")
    assert (channel.redirects, channel.discovery, channel.verify_certificate) == (False, False, True)
