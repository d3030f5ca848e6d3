"""Which addresses count as public, and which ports are used: everything else is refused before a connection."""

import pytest

from common.outgoing.posting import NotSent, check_address, post

INSIDE = [
    "127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "192.88.99.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1",
    "fec0::1", "ff02::1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001::1", "2001:db8::1", "100:0:0:1::1", "3fff::1", "5f00::1", "192.0.0.192", "168.63.129.16",
    "64:ff9b::a83f:8110",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_leads_inside_is_refused(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotSent, match="address that is not public"):
        check_address(f"https://{host}/", allow_private=False)


@pytest.mark.parametrize("host", ["1.1.1.1", "[2606:4700:4700::1111]", "[64:ff9b::101:101]"])
def test_a_public_one_is_taken(host: str) -> None:
    check_address(f"https://{host}/", allow_private=False)


@pytest.mark.parametrize("port", [22, 25, 53, 445, 993])
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(NotSent, match=f"Port {port}"):
        check_address(f"https://1.1.1.1:{port}/", allow_private=False)
    check_address(f"https://127.0.0.1:{port}/", allow_private=True)


def test_where_inside_a_name_leads_is_not_told() -> None:
    with pytest.raises(NotSent) as refused:
        check_address("https://localhost/", allow_private=False)
    assert "127.0.0.1" not in str(refused.value)
    assert "::1" not in str(refused.value)


def test_a_path_of_other_letters_is_refused_before_it_is_sent() -> None:
    with pytest.raises(NotSent, match="Percent-encode"):
        post("https://1.1.1.1/\u00fcber?a=\u00e4", b"", {})
