"""Where comparisons came from, in the reader's words: the rows name a job, a file, or an interface."""

from django.utils.translation import gettext as _


def origin_in_words(source: str) -> str:
    """A generation, an import or the API, from the `source` of comparisons; any other name stays as it is."""
    kind, _space, name = source.partition(" ")
    if kind == "generation" and name.isdecimal():
        return _("Generation %(number)s") % {"number": name}
    if kind == "import" and name:
        return _("Import of %(name)s") % {"name": name}
    return {"api": _("API"), "demo": _("Demo")}.get(source, source)
