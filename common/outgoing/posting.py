"""Posting a message to an address that somebody typed in, without becoming their tool (SSRF).

The name is looked up once, every address it has must be a public one, and the connection goes to the address that was
checked: a second look-up could be answered otherwise. Redirects are answers like any other. The whole exchange has a
deadline, and little of the answer is read.
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

from django.utils.translation import gettext

SECONDS = 15.0
READ_BYTES = 500


class NotSent(Exception):
    """There was no answer. The message says why, in a sentence for people."""


@dataclass(frozen=True, slots=True)
class Reply:
    """status: HTTP's. excerpt: how the body began, as text. seconds: the whole exchange."""

    status: int
    excerpt: str
    seconds: float


def check_address(url: str, *, allow_private: bool) -> None:
    """Raises NotSent where a message could never be sent to this address."""
    host, port, _ = _parts(url)
    _resolve(host, port, allow_private=allow_private)


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False, seconds: float = SECONDS
) -> Reply:
    """Posts once. allow_private: also to addresses of one's own network. seconds: the deadline. Raises NotSent."""
    host, port, path = _parts(url)
    started = monotonic()
    address = _resolve(host, port, allow_private=allow_private)
    connection = _connect(urlsplit(url).scheme, host, port, address, seconds)
    # A peer that sends a byte now and then keeps every single read alive; this ends the exchange all the same.
    # The socket itself: the connection lets go of it once the answer has begun.
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
            gettext("No answer within %(seconds)s seconds.") % {"seconds": format(seconds, "g")}
            if over
            else gettext("It broke off: %(error)s") % {"error": error}
        ) from error
    finally:
        watchdog.cancel()
        connection.close()


def _excerpt(response: HTTPResponse) -> str:
    """How the body begins. The answer is known by then, so what breaks off here is just a shorter excerpt."""
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
        raise NotSent(gettext("This is no address.")) from error
    if parts.scheme not in ("http", "https") or not host:
        raise NotSent(gettext("The address must begin with http:// or https:// and name a host."))
    if parts.username or parts.password:
        raise NotSent(gettext("The address must hold no user name and no password."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port or (443 if parts.scheme == "https" else 80), path


def _resolve(host: str, port: int, *, allow_private: bool) -> str:
    """One address of the host, after all of them were checked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(gettext("There is no host %(host)s.") % {"host": host}) from error
    addresses = [str(entry[4][0]) for entry in found]
    for one in addresses:
        if not allow_private and not _is_public(one):
            raise NotSent(
                gettext(
                    "%(host)s is at %(one)s, which is no public address. "
                    "An operator can allow the own network with WEBHOOKS_ALLOW_PRIVATE."
                )
                % {"host": host, "one": one}
            )
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


def _connect(scheme: str, host: str, port: int, address: str, seconds: float) -> HTTPConnection:
    """A connection to the checked address that calls itself by the host's name."""
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
        raise NotSent(gettext("%(host)s cannot be reached: %(error)s") % {"host": host, "error": error}) from error
    return connection


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):  # it may be over in this very moment
        connected.shutdown(socket.SHUT_RDWR)
