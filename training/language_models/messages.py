"""A conversation, as chat templates take it."""

from typing import TypedDict


class Message(TypedDict):
    """One turn of a conversation."""

    role: str
    content: str
