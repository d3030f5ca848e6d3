"""Messages to chat channels (Slack, Teams, Matrix, Discord) through Apprise, which is an optional extra.

A person types the URL in, and the server connects: so a URL may reach its provider or a public server, and nothing else
(SSRF). Apprise itself takes several URLs in one text, templates from other addresses, and follows redirects.
"""

import re
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _

from common.outgoing.posting import NotSent, check_address

HOSTED = ("slack", "discord")
"""Kinds of channels whose server is fixed by their provider."""
TEAMS = "workflows"
TEAMS_HOSTS = (".logic.azure.com", ".api.powerplatform.com")
"""Workflows of Teams name a server. It is one of Microsoft's."""
KINDS = ("slack", "workflows", "discord", "matrixs")
OPTIONS = frozenset(
    {"avatar", "footer", "image", "pa", "powerautomate", "route", "thread", "tts", "ver", "api-version"}
)
"""Options of a URL that change a message's looks or a workflow's version. Others name templates, hosts and files."""
_ONE_URL = re.compile(r"[!-~]+")
_ENDS_A_URL = re.compile(r"""[,;\\"'<>]""")


class ChannelRefused(Exception):
    """The message did not arrive. The argument says why."""


def channels_available() -> bool:
    """Whether Apprise is installed."""
    return find_spec("apprise") is not None


def channel_problem(url: str) -> str:
    """Why no message can be sent to this Apprise URL, in the active language; empty: it looks right."""
    try:
        _channel(url)
    except ChannelRefused as error:
        return str(error)
    return ""


def send_to_channel(url: str, title: str, body: str) -> None:
    """Sends one message. Raises ChannelRefused."""
    channel = _channel(url)
    import apprise

    sender = apprise.Apprise()
    sender.add(channel)  # the object: a text would be split at spaces and commas into several URLs
    if not sender.notify(title=title, body=body):
        raise ChannelRefused("The channel's server did not accept the message.")


def _channel(url: str) -> Any:
    """Apprise's channel, which follows no redirect and looks for no other server. Raises ChannelRefused."""
    if not channels_available():
        raise ChannelRefused(_("Channels need the package apprise. Ask an admin to install it."))
    kind = urlsplit(url).scheme.lower() if _ONE_URL.fullmatch(url) else ""
    if kind not in KINDS:
        raise ChannelRefused(
            _("Give an Apprise URL that begins with one of: %(kinds)s.")
            % {"kinds": ", ".join(f"{name}://" for name in KINDS)}
        )
    if _ENDS_A_URL.search(url):
        raise ChannelRefused(_("Give one URL, without commas, semicolons, quotes or backslashes."))
    unknown = sorted({name for name, _value in parse_qsl(url.partition("?")[2], keep_blank_values=True)} - OPTIONS)
    if unknown:
        raise ChannelRefused(
            _("Leave out “%(option)s”. A channel's URL can have these options: %(allowed)s.")
            % {"option": unknown[0], "allowed": ", ".join(sorted(OPTIONS))}
        )
    import apprise

    channel: Any = apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(http_redirects=False))
    if channel is None:
        raise ChannelRefused(_("This URL lacks a part that its kind of channel needs. See Apprise's documentation."))
    if kind not in HOSTED:
        _check_server(kind, channel)
    channel.discovery = False  # Matrix: the server's answer would name the host that gets the messages
    return channel


def _check_server(kind: str, channel: Any) -> None:
    """Checks the host and the port that Apprise has read, which are those it connects to."""
    host = str(channel.host or "").lower()
    if kind == TEAMS and not host.endswith(TEAMS_HOSTS):
        raise ChannelRefused(
            _("A workflow of Teams is at a host that ends with one of: %(hosts)s.") % {"hosts": ", ".join(TEAMS_HOSTS)}
        )
    address = f"[{host}]" if ":" in host else host
    try:
        check_address(f"https://{address}:{channel.port or 443}/", allow_private=False)
    except NotSent as error:
        raise ChannelRefused(str(error.args[0])) from error
