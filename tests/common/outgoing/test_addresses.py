"""Which addresses count as public, and which ports are used: everything else is refused before a connection."""

import pytest

from common.outgoing.posting import NotSent, check_address

INSIDE = [
    "127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "192.88.99.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1",
    "fec0::1", "ff02::1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_leads_inside_is_refused(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotSent, match="not a public address"):
        check_address(f"https://{host}/", allow_private=False)


@pytest.mark.parametrize("host", ["1.1.1.1", "[2606:4700:4700::1111]", "[64:ff9b::101:101]"])
def test_a_public_one_is_taken(host: str) -> None:
    check_address(f"https://{host}/", allow_private=False)


@pytest.mark.parametrize("port", [22, 25, 53, 445, 993])
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(NotSent, match=f"Port {port}"):
        check_address(f"https://1.1.1.1:{port}/", allow_private=False)
    check_address(f"https://127.0.0.1:{port}/", allow_private=True)
