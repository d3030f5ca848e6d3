"""What the import form offers, in words."""

from django.utils.translation import gettext_lazy as _

COMPARISONS, PROMPTS = "comparisons", "prompts"

KINDS = (
    (COMPARISONS, _("Comparisons: a prompt with two completions, judged or not")),
    (PROMPTS, _("Prompts only: the model writes the completions")),
)

DIALECTS = (
    ("auto", _("Find out by itself")),
    ("trl", _("TRL preference records")),
    ("trl-implicit", _("TRL records with the prompt inside")),
    ("hh", _("Anthropic HH")),
    ("alpacaeval", _("AlpacaEval annotations")),
    ("openai", _("OpenAI preference fine-tuning")),
)

EXPORTS = (
    ("trl", _("TRL"), _("prompt, chosen and rejected as messages; trains as it is")),
    ("trl-implicit", _("TRL, prompt inside"), _("chosen and rejected as whole conversations")),
    ("kto", _("KTO"), _("one completion a line, with a label; both-bad included")),
    ("openai", _("OpenAI"), _("preference fine-tuning")),
    ("hh", _("Anthropic HH"), _("Human: … Assistant: … transcripts")),
    ("alpacaeval", _("AlpacaEval"), _("annotations, one for each judgment, by pseudonym")),
    ("arena", _("Arena battles"), _("one for each judgment, by pseudonym, ties included")),
    ("labelstudio", _("Label Studio"), _("comparisons with their annotations")),
    ("csv", _("CSV"), _("a table for spreadsheets: verdict, judgments, agreement, versions")),
    ("parquet", _("Parquet"), _("the same table for pandas, DuckDB, Spark")),
)
"""Dialect, name, and what is in it."""
