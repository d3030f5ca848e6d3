"""Two whole conversations in fields of other names than chosen and rejected."""

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

ASKED = [message("system", "Be brief."), message("user", "Hi")]
GOOD, BAD = ([*ASKED, message("assistant", text)] for text in ("Hello.", "Go away."))


@pytest.mark.parametrize(
    "names", [("messages", "rejected_messages"), ("chosen_conversations", "rejected_conversations")]
)
def test_conversations_of_trainers_are_pairs(names: tuple[str, str]) -> None:
    """Of ms-swift and of torchtune."""
    [one] = read([{names[0]: GOOD, names[1]: BAD, "source": "web"}])
    assert isinstance(one, ImportedComparison), one
    assert (one.prompt, one.first.text, one.second.text, one.preference) == (ASKED, "Hello.", "Go away.", "first")
    assert one.metadata == {"source": "web"}


def test_conversations_with_other_beginnings_are_refused_by_the_names_of_their_fields() -> None:
    other = [message("user", "Bye"), message("assistant", "Bye.")]
    [refused] = read([{"messages": GOOD, "rejected_messages": other}])
    assert isinstance(refused, Rejected)
    assert str(refused.reason).startswith("'messages' and 'rejected_messages' differ before")
