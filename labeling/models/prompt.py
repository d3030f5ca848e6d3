"""Prompts (input conversations) and the completions written for them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Upper

from common.wording import beginning
from labeling.exchange import as_asked, identity
from labeling.models.batch import ImportBatch
from labeling.models.campaign import Campaign
from labeling.models.token_ids import TokenIdsField


def prompt_text(messages: str) -> Func:
    """The contents of a prompt's messages as one JSON text, in which a search looks. messages: path of the column."""
    template = "(jsonb_path_query_array(%(expressions)s, '$[*].content'))::text"
    return Func(F(messages), template=template, output_field=models.TextField())


PROMPT_TEXT = prompt_text("messages")

INDEXED_HELP = "Whether the index of text search has it. An import leaves that to a job in the background."


class Prompt(models.Model):
    """An input conversation of chat messages. A campaign has each only once."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="prompts", db_index=False)
    messages = models.JSONField(
        help_text='[{"role": "system|user|assistant|tool", "content": "..."}], ending with the user or a tool, with '
        "calls of tools and the tools that are offered as in labeling.exchange.turns."
    )
    messages_hash = models.CharField(max_length=64, help_text="SHA-256 of the canonical messages.")
    external_id = models.CharField(max_length=200, blank=True, help_text="The id in the imported file.")
    tags = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    metadata = models.JSONField(
        null=True, blank=True, help_text="Other fields of the imported record, as the file has them; null: none."
    )
    batch = models.ForeignKey(
        ImportBatch,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="prompts",
        db_index=False,
        help_text="The import that brought it first; null: none did.",
    )
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when it has been out, with its comparisons: no model writes for it. Null: it is in use.",
    )
    text_indexed = models.BooleanField(default=True, db_default=True, help_text=INDEXED_HELP)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "messages_hash"], name="prompt_once_per_campaign"),)
        indexes = (
            models.Index(fields=["batch"], name="prompt_batch", condition=Q(batch__isnull=False)),
            models.Index(fields=["campaign", "id"], name="prompt_campaign"),
            GinIndex(fields=["tags"], name="prompt_tags"),
            GinIndex(
                fields=["metadata"],
                name="prompt_metadata",
                opclasses=["jsonb_path_ops"],
                condition=Q(metadata__isnull=False),
            ),
            # A search reads the one for the rows that are in it, and the other for the few that are not yet.
            GinIndex(
                OpClass(Upper(PROMPT_TEXT), name="gin_trgm_ops"),
                name="prompt_text_search",
                condition=Q(text_indexed=True),
            ),
            models.Index(fields=["id"], name="prompt_text_unindexed", condition=Q(text_indexed=False)),
        )

    def __str__(self) -> str:
        return beginning(as_asked(self.messages[-1]), 90) if self.messages else f"prompt {self.pk}"


class Completion(models.Model):
    """One sampled or imported text for a prompt, with its sampling settings. Its text never changes.

    It may also be a conversation that goes on: several turns, or calls of tools.
    """

    class FinishReason(models.TextChoices):
        STOP = "stop", "Ended by itself"
        LENGTH = "length", "Cut at the token limit"
        UNKNOWN = "", "Unknown (imported)"

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="completions", db_index=False)
    text = models.TextField(help_text="Of a completion with turns, these as one text.")
    text_hash = models.CharField(max_length=64, help_text="SHA-256 of the text, or of the turns.")
    turns = models.JSONField(
        null=True, blank=True, help_text="The messages of a completion that is more than one text; null: it is a text."
    )
    model_version = models.CharField(
        max_length=120, blank=True, help_text="The name of the model version that wrote it; empty: unknown."
    )
    seed = models.BigIntegerField(null=True, blank=True)
    sampling = models.JSONField(default=dict, blank=True, help_text="Temperature, top-p and so on, as sent.")
    prompt_token_ids = TokenIdsField(models.IntegerField(), null=True, blank=True)
    token_ids = TokenIdsField(
        models.IntegerField(), null=True, blank=True, help_text="With EOS if and only if the text ended by itself."
    )
    finish_reason = models.CharField(
        max_length=8, choices=FinishReason.choices, default=FinishReason.UNKNOWN, blank=True
    )
    logprob_sum = models.FloatField(null=True, blank=True, help_text="In nats, under the version that wrote it.")
    server = models.CharField(max_length=200, blank=True, help_text="The sampler: the embedded one, or a server.")
    metadata = models.JSONField(
        null=True, blank=True, help_text="Other fields of the imported record, as the file has them; null: none."
    )
    created_at = models.DateTimeField()
    text_indexed = models.BooleanField(default=True, db_default=True, help_text=INDEXED_HELP)

    class Meta:
        constraints = (
            # The same text by the same version and seed is the same completion, however often it is added.
            models.UniqueConstraint(
                fields=["prompt", "text_hash", "model_version", "seed"],
                nulls_distinct=False,
                name="completion_once",
            ),
        )
        indexes = (
            models.Index(fields=["model_version", "prompt"], name="completion_version_prompt"),
            GinIndex(
                OpClass(Upper("text"), name="gin_trgm_ops"),
                name="completion_text_search",
                condition=Q(text_indexed=True),
            ),
            models.Index(fields=["id"], name="completion_text_unindexed", condition=Q(text_indexed=False)),
            GinIndex(
                fields=["metadata"],
                name="completion_metadata",
                opclasses=["jsonb_path_ops"],
                condition=Q(metadata__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def identity(self) -> str:
        """The text that names it: see labeling.exchange.identity."""
        return identity(self.text, self.turns or ())

    @property
    def is_cut(self) -> bool:
        """Whether the text was cut off at the token limit. False where nobody knows why it ended."""
        return self.finish_reason == self.FinishReason.LENGTH
