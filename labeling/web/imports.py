"""The choices of the import form and the export list, with their labels."""

from django.utils.translation import gettext_lazy as _

COMPARISONS, PROMPTS = "comparisons", "prompts"

KINDS = (
    (COMPARISONS, _("Comparisons: a prompt with two completions, judged or not")),
    (PROMPTS, _("Prompts only: the model writes the completions")),
)

DIALECTS = (
    ("auto", _("Detect automatically")),
    ("own-table", _("Table of an export of ours")),
    ("own-tasks", _("Label Studio tasks of an export of ours")),
    ("trl", _("TRL preference records")),
    ("trl-implicit", _("TRL records without a separate prompt")),
    ("hh", _("Anthropic HH")),
    ("alpacaeval", _("AlpacaEval annotations")),
    ("openai", _("OpenAI preference fine-tuning")),
    ("implicit-text", _("Texts with a shared beginning")),
    ("labelstudio", _("Label Studio")),
    ("labelstudio-min", _("Label Studio, JSON-MIN")),
    ("argilla", _("Argilla")),
    ("argilla-flattened", _("Argilla, as a table")),
    ("argilla-columns", _("Argilla, with columns of responses")),
    ("potato", _("Potato")),
    ("prodigy", _("Prodigy: choices")),
    ("arena", _("Arena battles")),
    ("arena-table", _("Arena battles, as a table")),
    ("shp", _("Stanford Human Preferences")),
    ("helpsteer2", _("HelpSteer2")),
    ("helpsteer2-preference", _("HelpSteer2: preferences")),
    ("helpsteer3", _("HelpSteer3")),
    ("better-response", _("PKU-SafeRLHF")),
    ("nectar", _("Nectar: ranked answers")),
    ("ultrafeedback", _("UltraFeedback: scored completions")),
    ("oasst", _("OpenAssistant trees")),
    ("oasst-messages", _("OpenAssistant messages")),
    ("kto", _("KTO")),
    ("kto-messages", _("KTO of LlamaFactory: labeled conversations")),
    ("gemini", _("Gemini: preference tuning")),
    ("nemo", _("NeMo RL: ranked completions")),
    ("prism", _("PRISM: conversations")),
    ("prism-utterances", _("PRISM: utterances")),
    ("labelstudio-ranker", _("Label Studio: rankings")),
    ("scored-lists", _("Lists of completions with scores")),
    ("good-and-bad", _("RewardBench 2: lists of chosen and rejected")),
    ("swift", _("ms-swift")),
    ("conversation-pairs", _("Preferred and rejected conversations")),
    ("listed", _("A list of completions, with or without a preference")),
    ("stack-exchange", _("Stack Exchange: answers with votes")),
    ("summaries", _("TL;DR: two summaries of a post")),
    ("comparia", _("compar:IA battles")),
    ("nova", _("Amazon Nova: candidates")),
    ("sides", _("Two completions, with or without a preference")),
)

FILE_FORMATS = _("JSON, JSONL, CSV, TSV, Parquet or plain text; also packed as gz, zip, bz2, xz or zst.")
"""The hint of every form that takes a file of prompts or comparisons."""

RANKINGS = (
    ("best-worst", _("Best against worst")),
    ("neighbours", _("Each against the next")),
    ("all", _("All pairs")),
)
"""The comparisons that a ranking becomes."""

DIALECT_NAMES = dict(DIALECTS) | {
    "json": _("JSON"),
    "text": _("Plain text: every line is a prompt"),
    "mapping": _("Columns, as you mapped them"),
}
"""The names of formats as detected: of comparisons and of prompts."""

EXPORTS = (
    ("full", _("Whole campaign"), _("everything, to import it elsewhere: rules, guidelines, prompts, all judgments")),
    ("trl", _("TRL"), _("prompt, chosen and rejected as messages, ready to train on")),
    ("trl-implicit", _("TRL, no separate prompt"), _("chosen and rejected as whole conversations")),
    ("kto", _("KTO"), _("one labeled completion per line, including both bad")),
    ("openai", _("OpenAI"), _("preference fine-tuning")),
    ("hh", _("Anthropic HH"), _("Human: … Assistant: … transcripts")),
    ("alpacaeval", _("AlpacaEval"), _("one annotation per judgment, by pseudonym")),
    ("arena", _("Arena battles"), _("one battle per judgment, by pseudonym, ties included")),
    ("labelstudio", _("Label Studio"), _("tasks with their annotations, skips included")),
    ("csv", _("CSV"), _("a table: texts, verdicts, and every judgment")),
    ("parquet", _("Parquet"), _("the same table for pandas, DuckDB or Spark")),
)
"""Dialect, name and content."""

INCLUDES = (
    ("verdicts", _("Comparisons with a verdict")),
    ("judged", _("Also conflicts, and others with judgments but no verdict")),
    ("all", _("All, even those that nobody has judged")),
)
