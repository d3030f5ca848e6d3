"""Marks sentences for translation without Django. Pages look them up in the reader's language."""


def gettext_noop(sentence: str) -> str:
    """Returns the sentence. Its name marks it for translation."""
    return sentence
