"""What the import form offers, in words."""

COMPARISONS, PROMPTS = "comparisons", "prompts"

KINDS = (
    (COMPARISONS, "Comparisons: a prompt with two completions, judged or not"),
    (PROMPTS, "Prompts only: the model writes the completions"),
)

DIALECTS = (
    ("auto", "Find out by itself"),
    ("trl", "TRL preference records"),
    ("trl-implicit", "TRL records with the prompt inside"),
    ("hh", "Anthropic HH"),
    ("alpacaeval", "AlpacaEval annotations"),
    ("openai", "OpenAI preference fine-tuning"),
)

EXPORTS = (
    ("trl", "TRL", "prompt, chosen and rejected as messages; trains as it is"),
    ("trl-implicit", "TRL, prompt inside", "chosen and rejected as whole conversations"),
    ("kto", "KTO", "one completion a line, with a label; both-bad included"),
    ("openai", "OpenAI", "preference fine-tuning"),
    ("hh", "Anthropic HH", "Human: … Assistant: … transcripts"),
    ("alpacaeval", "AlpacaEval", "annotations, one for each judgment, by pseudonym"),
    ("arena", "Arena battles", "one for each judgment, by pseudonym, ties included"),
    ("labelstudio", "Label Studio", "comparisons with their annotations"),
    ("csv", "CSV", "a table for spreadsheets: verdict, judgments, agreement, versions"),
    ("parquet", "Parquet", "the same table for pandas, DuckDB, Spark"),
)
"""Dialect, name, and what is in it."""
