"""The names that new accounts may have: none that is taken for another, and none that we need ourselves."""

import re
import unicodedata

from django.db import connection
from django.utils.translation import gettext as _

from common.errors import Invalid
from labeling.models import User

RESERVED = re.compile(r"erased-|outs[i|]de-|annotator-[0-9a-flo|]{8}$")
"""Names that we give: to erased people, to outside annotators, and pseudonyms. Matched with a name's skeleton."""

LIKE_LATIN = str.maketrans({
    # Cyrillic
    "\u0430": "a", "\u0432": "b", "\u0435": "e", "\u043a": "k", "\u043c": "m", "\u043d": "h", "\u043e": "o",
    "\u0440": "p", "\u0441": "c", "\u0442": "t", "\u0443": "y", "\u0445": "x", "\u0455": "s", "\u0456": "i",
    "\u0458": "j", "\u0501": "d", "\u051b": "q", "\u051d": "w", "\u04bb": "h", "\u04cf": "l",
    # Greek
    "\u03b1": "a", "\u03b2": "b", "\u03b5": "e", "\u03b7": "n", "\u03b9": "i", "\u03ba": "k", "\u03bd": "v",
    "\u03bf": "o", "\u03c1": "p", "\u03c4": "t", "\u03c5": "u", "\u03c7": "x", "\u03c9": "w",
    # Armenian
    "\u0566": "q", "\u0570": "h", "\u0578": "n", "\u057d": "u", "\u0581": "g", "\u0585": "o",
    # Digits, the i without a dot, and letters of phonetics
    "0": "o", "1": "l", "\u0131": "i", "\u0251": "a", "\u0261": "g", "\u0269": "i",
})  # fmt: skip
"""Letters and digits that look like small Latin letters, after Unicode's table of confusables."""


EITHER = "|"
"""In a skeleton: a capital I, which some take for an i and some for an l."""
CAPITAL_I = str.maketrans(dict.fromkeys("I\u0399\u0406\u04c0", EITHER))

UNSEEN = "\u115f\u1160\u3164\uffa0"
"""Letters, as Unicode has it, of which nothing is seen."""
UNSEEN_KINDS = ("Cc", "Cf", "Zs")
DIGITS = "0123456789"
CLICKS = "\u01c0\u01c1\u01c2\u01c3"
"""Letters of phonetics that look like strokes: the first like an l."""
SIDE_BY_SIDE = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
"""Scripts that are written together: Japanese and Korean, and Chinese with its phonetic letters."""


def check_name(username: str) -> None:
    """Raises Invalid for a name that an address or another account needs, or that does not look like what it is."""
    if username.strip(".") == "":
        raise Invalid.of("username", _("A name needs a letter or a digit: dots alone are no address."))
    if any(letter in UNSEEN or unicodedata.category(letter) in UNSEEN_KINDS for letter in username):
        raise Invalid.of("username", _("A name cannot contain spaces or invisible characters."))
    plain = unicodedata.normalize("NFKC", username)
    scripts = {_script(letter) for letter in plain if unicodedata.category(letter)[0] == "L"}
    if len(scripts) > 1 and not any(scripts <= together for together in SIDE_BY_SIDE):
        raise Invalid.of("username", _("Write the name in one alphabet: letters of different ones look alike."))
    if any(letter in CLICKS or (unicodedata.category(letter)[0] == "N" and letter not in DIGITS) for letter in plain):
        raise Invalid.of("username", _("Write digits as 0 to 9, and leave out letters that look like strokes."))
    if RESERVED.match(skeleton(username)):
        raise Invalid.of("username", _("Names like this are for erased people and pseudonyms. Choose another."))


def looks_taken(username: str, *, other_than: int | None = None) -> bool:
    """Whether some account has this name, or one that people would take for it. Reads the names of all accounts.

    One at a time until the end of the transaction: of two names that look alike, only one is free at the same moment.
    other_than: the id of an account that may have it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('usernames'), 0)")
    others = User.objects.all() if other_than is None else User.objects.exclude(pk=other_than)
    names = others.values_list("username", flat=True)
    wanted = skeleton(username)
    return any(_meet(skeleton(taken), wanted) for taken in names.iterator())


def _script(letter: str) -> str:
    """The alphabet of a letter, which its name in Unicode begins with."""
    name = unicodedata.name(letter, "")
    return "KATAKANA" if name.startswith("KATAKANA-HIRAGANA") else name.partition(" ")[0].partition("-")[0]


def skeleton(username: str) -> str:
    """The name without case and accents, with Latin letters for their look-alikes, and `EITHER` for a capital I."""
    plain = unicodedata.normalize("NFKD", username)
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return bare.translate(CAPITAL_I).casefold().translate(LIKE_LATIN)


def _meet(one: str, other: str) -> bool:
    """Whether two skeletons look alike, with each capital I read as the other has it."""
    return len(one) == len(other) and all(
        a == b or (EITHER in (a, b) and {a, b} <= {EITHER, "i", "l"}) for a, b in zip(one, other, strict=True)
    )
