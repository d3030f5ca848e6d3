"""Posts a message to an address that somebody typed in, without letting them reach private servers (SSRF).

The host is resolved once, and all of its addresses must be public. The connection goes to a checked address, because a
second look-up could return another one. Redirects are not followed. The whole exchange has a deadline, and only the
beginning of the response is read.
"""

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from time import monotonic
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop

from common.sentences import Sentence

SECONDS = 15.0
READ_BYTES = 500


NAT64 = ipaddress.ip_network("64:ff9b::/96")
NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # of the protocol itself; also metadata of a cloud
        "168.63.129.16/32",  # a cloud's own server, known to machines in it only
        "192.88.99.0/24",  # relays of 6to4
        "::/32",  # IPv4 addresses in other clothes: mapped, compatible, translated
        "64:ff9b:1::/48",  # NAT64 within a network
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local
        "100:0:0:1::/64",  # of no use but in routers
        "3fff::/20",  # for documents
        "5f00::/16",  # parts of a route
    )
)
"""Networks that partly count as global, and lead to addresses inside."""

WEB_PORTS = (80, 443)
FIRST_FREE_PORT = 1024
"""Below this, other ports than those of the web are refused: mail servers, remote shells."""


class NotSent(Exception):
    """No response arrived. The argument is a `Sentence` for people that says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. status: of HTTP. excerpt: the beginning of the body, as text. seconds: of the whole exchange."""

    status: int
    excerpt: str
    seconds: float


def check_address(url: str, *, allow_private: bool) -> None:
    """Raises NotSent if no message can be sent to this address."""
    host, port, _ = _parts(url)
    _resolve(host, port, allow_private=allow_private)


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False, seconds: float = SECONDS
) -> Reply:
    """Posts once. allow_private: private addresses as well. seconds: the deadline. Raises NotSent."""
    host, port, path = _parts(url)
    started = monotonic()
    address = _resolve(host, port, allow_private=allow_private)
    connection = _connect(urlsplit(url).scheme, host, port, address, seconds)
    # A peer that sends a byte now and then keeps every single read alive, so a timer ends the exchange.
    # It holds the socket itself: the connection drops it once the response has begun.
    watchdog = Timer(seconds, _hang_up, [connection.sock])
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        return Reply(response.status, _excerpt(response), monotonic() - started)
    except (OSError, HTTPException) as error:
        over = monotonic() - started >= seconds
        raise NotSent(
            Sentence(gettext_noop("No response within %(seconds)s seconds."), {"seconds": format(seconds, "g")})
            if over
            else Sentence(gettext_noop("The connection broke off: %(error)s"), {"error": str(error)})
        ) from error
    finally:
        watchdog.cancel()
        connection.close()


def _excerpt(response: HTTPResponse) -> str:
    """The beginning of the body. The status is known by now, so a connection that breaks off only shortens it."""
    read = b""
    with suppress(OSError, HTTPException):
        while len(read) < READ_BYTES and (more := response.read1(READ_BYTES - len(read))):
            read += more
    return read.decode("utf-8", "replace").replace("\x00", "")


def _parts(url: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise NotSent(Sentence(gettext_noop("This is not an address."))) from error
    if parts.scheme not in ("http", "https") or not host:
        raise NotSent(Sentence(gettext_noop("The address must begin with http:// or https:// and name a host.")))
    if parts.username or parts.password:
        raise NotSent(Sentence(gettext_noop("The address must not contain a user name or password.")))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise NotSent(Sentence(gettext_noop("Percent-encode the letters of the path that are not ASCII.")))
    return host, port or (443 if parts.scheme == "https" else 80), path


def _resolve(host: str, port: int, *, allow_private: bool) -> str:
    """One address of the host. All of them are checked, and the port. Raises NotSent."""
    if not allow_private and port < FIRST_FREE_PORT and port not in WEB_PORTS:
        raise NotSent(
            Sentence(
                gettext_noop("Port %(port)s is not one for messages. Use 80, 443, or one from %(first)s on."),
                {"port": str(port), "first": str(FIRST_FREE_PORT)},
            )
        )
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(Sentence(gettext_noop("There is no host %(host)s."), {"host": host})) from error
    addresses = [str(entry[4][0]) for entry in entries]
    for one in addresses:
        if not allow_private and not _is_public(one):
            raise NotSent(
                Sentence(
                    gettext_noop(
                        "%(host)s is at an address that is not public. "
                        "An operator can allow private networks with WEBHOOKS_ALLOW_PRIVATE."
                    ),
                    {"host": host},
                )
            )
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip in NAT64:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)  # the address that the translator connects to
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in NOT_PUBLIC)


def _connect(scheme: str, host: str, port: int, address: str, seconds: float) -> HTTPConnection:
    """A connection to the checked address, under the host's name. Raises NotSent."""
    connection: HTTPConnection
    if scheme == "https":
        connection = HTTPSConnection(host, port, timeout=seconds)
    else:
        connection = HTTPConnection(host, port, timeout=seconds)
    try:
        plain = socket.create_connection((address, port), timeout=seconds)
        connection.sock = plain
        if scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except OSError as error:
        reason = Sentence(gettext_noop("%(host)s cannot be reached: %(error)s"), {"host": host, "error": str(error)})
        raise NotSent(reason) from error
    return connection


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):  # the exchange may just have ended
        connected.shutdown(socket.SHUT_RDWR)
