"""Messages to chat channels (Slack, Teams, Matrix) through Apprise, which is an optional extra."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from common.outgoing.posting import NotSent, check_address

HOSTED = ("slack", "msteams", "workflows", "discord")
"""Kinds of channels whose server is fixed by their provider."""
OWN_SERVER = ("matrixs",)
"""Kinds whose URL names a server: only public ones are allowed."""


class ChannelRefused(Exception):
    """The message did not arrive. The argument says why."""


def channels_available() -> bool:
    """Whether Apprise is installed."""
    return find_spec("apprise") is not None


def channel_problem(url: str) -> str:
    """Why no message can be sent to this Apprise URL, in the active language; empty: it looks right."""
    if not channels_available():
        return _("Channels need the package apprise. Ask an admin to install it.")
    kind = urlsplit(url).scheme.lower()
    if kind not in HOSTED + OWN_SERVER:
        return _("Give an Apprise URL that begins with one of: %(kinds)s.") % {
            "kinds": ", ".join(f"{name}://" for name in HOSTED + OWN_SERVER)
        }
    if kind in OWN_SERVER:
        try:
            check_address(f"https://{urlsplit(url).hostname or ''}/", allow_private=False)
        except NotSent as error:
            return str(error.args[0])
    import apprise

    if apprise.Apprise.instantiate(url) is None:
        return _("This URL lacks a part that its kind of channel needs. See Apprise's documentation.")
    return ""


def send_to_channel(url: str, title: str, body: str) -> None:
    """Sends one message. Raises ChannelRefused."""
    problem = channel_problem(url)
    if problem:
        raise ChannelRefused(problem)
    import apprise

    channel = apprise.Apprise()
    channel.add(url)
    if not channel.notify(title=title, body=body):
        raise ChannelRefused("The channel's server did not accept the message.")
