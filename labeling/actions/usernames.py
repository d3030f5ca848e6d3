"""The names that new accounts may have: none that is taken for another, and none that we need ourselves."""

import re
import unicodedata

from django.utils.translation import gettext as _

from common.errors import Invalid
from labeling.models import User

RESERVED = re.compile(r"erased-|outside-|annotator-[0-9a-flo]{8}$")
"""Names that we give: to erased people, to outside annotators, and pseudonyms. Matched with a name's skeleton."""

LIKE_LATIN = str.maketrans({
    # Cyrillic
    "\u0430": "a", "\u0432": "b", "\u0435": "e", "\u043a": "k", "\u043c": "m", "\u043d": "h", "\u043e": "o",
    "\u0440": "p", "\u0441": "c", "\u0442": "t", "\u0443": "y", "\u0445": "x", "\u0455": "s", "\u0456": "i",
    "\u0458": "j", "\u0501": "d", "\u051b": "q", "\u051d": "w", "\u04bb": "h", "\u04cf": "l",
    # Greek
    "\u03b1": "a", "\u03b2": "b", "\u03b5": "e", "\u03b7": "n", "\u03b9": "i", "\u03ba": "k", "\u03bd": "v",
    "\u03bf": "o", "\u03c1": "p", "\u03c4": "t", "\u03c5": "u", "\u03c7": "x", "\u03c9": "w",
    # Digits, and the i without a dot
    "0": "o", "1": "l", "\u0131": "i",
})  # fmt: skip
"""Letters and digits that look like small Latin letters, after Unicode's table of confusables."""


def check_name(username: str) -> None:
    """Raises Invalid for a name that an address or another account needs."""
    if username.strip(".") == "":
        raise Invalid.of("username", _("A name needs a letter or a digit: dots alone are no address."))
    if RESERVED.match(skeleton(username)):
        raise Invalid.of("username", _("Names like this are for erased people and pseudonyms. Choose another."))


def looks_taken(username: str, *, other_than: int | None = None) -> bool:
    """Whether some account has this name, or one that people would take for it. Reads the names of all accounts.

    other_than: the id of an account that may have it.
    """
    others = User.objects.all() if other_than is None else User.objects.exclude(pk=other_than)
    names = others.values_list("username", flat=True)
    wanted = skeleton(username)
    return any(skeleton(taken) == wanted for taken in names.iterator())


def skeleton(username: str) -> str:
    """The name without case and accents, with Latin letters for their look-alikes: equal for names that look alike."""
    plain = unicodedata.normalize("NFKD", username)
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return bare.casefold().translate(LIKE_LATIN)
