"""The card and the Croissant metadata of a data set, written from facts.

The card is a README.md with the YAML head that `datasets` and hubs read. Croissant 1.0 (MLCommons) describes the same
files for other tools.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from labeling.exchange.manifest import Split
from labeling.exchange.records import JsonObject

MESSAGES = [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]
EXTRAS: tuple[tuple[str, str], ...] = (
    ("pair", "string"),
    ("id", "string"),
    ("tags", "list"),
    ("source", "string"),
    ("confidence", "float64"),
    ("weight", "float64"),
    ("settled_by", "string"),
    ("chosen_model", "string"),
    ("rejected_model", "string"),
)
COLUMNS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "trl": (("prompt", "messages"), ("chosen", "messages"), ("rejected", "messages")),
    "trl-implicit": (("chosen", "messages"), ("rejected", "messages")),
    "kto": (("prompt", "messages"), ("completion", "messages"), ("label", "bool")),
}
"""The columns of each dialect that can be a data set."""
FORMATS = {
    "trl": ("conversational", "preference"),
    "trl-implicit": ("conversational", "preference with an implicit prompt"),
    "kto": ("conversational", "unpaired preference"),
}
"""Format and type in TRL's words."""
MEANINGS = {
    "prompt": "The conversation up to the completion, as messages.",
    "chosen": "The preferred completion, as messages.",
    "rejected": "The other completion, as messages.",
    "completion": "A completion, as messages.",
    "label": "Whether the completion was preferred.",
    "pair": "The name of the comparison by its content.",
    "id": "The id in the imported file.",
    "tags": "Tags of the prompt.",
    "source": "Where the comparison comes from.",
    "confidence": "The probability that the chosen completion is preferred.",
    "weight": "The weight in training.",
    "settled_by": "How the verdict was settled.",
    "chosen_model": "The model that wrote the chosen completion.",
    "rejected_model": "The model that wrote the rejected completion.",
}
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
DTYPES = {"string": "sc:Text", "float64": "sc:Float", "bool": "sc:Boolean", "list": "sc:Text"}


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a data set. name: of its split, train or test."""

    name: str
    rows: int
    size: int
    sha256: str

    @property
    def path(self) -> str:
        return f"data/{self.name}.jsonl"


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """The facts about a data set. Figures in words are those of the campaign's pages.

    licence: an identifier that hubs know, such as cc-by-4.0. consent: how the people whose words these are agreed.
    dropped: how many comparisons are not in it, by what one of them does in words ("is a tie"). figures: lines about
    the judgments.
    """

    title: str
    dialect: str
    licence: str
    language: str
    consent: str
    files: tuple[DataFile, ...]
    split: Split
    made_at: datetime
    description: str = ""
    guidelines: str = ""
    has_extras: bool = False
    models: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    cleaning: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        return (*(EXTRAS if self.has_extras else ()), *COLUMNS[self.dialect])


def dataset_card(facts: DatasetFacts) -> str:
    """The README.md."""
    # JSON is YAML, and quotes what a person typed.
    head = {
        "pretty_name": facts.title,
        "license": facts.licence,
        "language": [facts.language],
        "size_categories": [next((name for most, name in SIZES if facts.rows < most), "n>10M")],
        "task_categories": ["text-generation", "reinforcement-learning"],
        "tags": ["human-feedback", "preference", "trl", "kto" if facts.dialect == "kto" else "dpo", "croissant"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": file.name, "path": file.path} for file in facts.files],
            }
        ],
        "dataset_info": {"features": [_feature(name, kind) for name, kind in facts.columns]},
    }
    lines = ["---", *(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in head.items()), "---", ""]
    lines += [f"# {_plain(facts.title)}", ""]
    if facts.description:
        lines += [facts.description, ""]
    form, kind = FORMATS[facts.dialect]
    lines += [f"Format: {form}. Type: {kind}. Made on {facts.made_at:%Y-%m-%d} with Chosen.", ""]
    lines += ["## Splits", "", "| split | rows | SHA-256 |", "|---|---|---|"]
    lines += [f"| {file.name} | {file.rows:,} | `{file.sha256}` |" for file in facts.files]
    lines += [
        "",
        f"Split by prompt, as in training: {facts.split.test_share:.0%} of the prompts are held out (seed "
        f"{facts.split.seed}). A prompt and its variants in case, punctuation and spaces are on one side.",
        "",
        "## Columns",
        "",
        *(f"- `{name}`: {MEANINGS[name]}" for name, _kind in facts.columns),
        "",
        "## How it was made",
        "",
        *(f"- {line}" for line in facts.figures),
    ]
    if facts.models:
        lines += [f"- Models that wrote completions: {', '.join(map(_plain, facts.models))}."]
    lines += _section(
        "Left out", [f"A comparison that {reason}: {count:,}" for reason, count in facts.dropped.items() if count]
    )
    lines += _section("Cleaning", facts.cleaning)
    if facts.guidelines:
        lines += ["", "## Guidelines for annotators", "", *(f"> {line}" for line in facts.guidelines.splitlines())]
    lines += ["", "## Licence and consent", "", f"Licence: {facts.licence}.", "", facts.consent, ""]
    return "\n".join(lines)


def croissant(facts: DatasetFacts) -> JsonObject:
    """The Croissant metadata, JSON-LD."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": facts.title,
        "description": facts.description or f"Human preferences: {FORMATS[facts.dialect][1]}.",
        "license": facts.licence,
        "inLanguage": facts.language,
        "datePublished": f"{facts.made_at:%Y-%m-%d}",
        "version": "1.0.0",
        "url": ".",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.path,
                "name": file.path,
                "contentUrl": file.path,
                "contentSize": f"{file.size} B",
                "encodingFormat": "application/jsonlines",
                "sha256": file.sha256,
            }
            for file in facts.files
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": file.name,
                "name": file.name,
                "field": [_field(file, name, kind) for name, kind in facts.columns],
            }
            for file in facts.files
        ],
    }


CONTEXT: JsonObject = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of Croissant 1.0, as its specification prints it."""


def _feature(name: str, kind: str) -> JsonObject:
    if kind == "messages":
        return {"name": name, "list": MESSAGES}
    return {"name": name, "list": "string"} if kind == "list" else {"name": name, "dtype": kind}


def _field(file: DataFile, name: str, kind: str) -> JsonObject:
    """A column in Croissant's terms. Messages are a list of objects with a role and a content."""
    column = f"{file.name}/{name}"
    source = {"fileObject": {"@id": file.path}, "extract": {"column": name}}
    described = {"@type": "cr:Field", "@id": column, "name": name, "description": MEANINGS[name]}
    if kind != "messages":
        return described | {"dataType": DTYPES[kind], "source": source} | ({"repeated": True} if kind == "list" else {})
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{column}/{part['name']}",
            "name": part["name"],
            "dataType": "sc:Text",
            "source": source | {"transform": {"jsonPath": f"[*].{part['name']}"}},
        }
        for part in MESSAGES
    ]
    return described | {"repeated": True, "subField": parts}


def _section(title: str, lines: "list[str] | tuple[str, ...]") -> list[str]:
    return ["", f"## {title}", "", *(f"- {line}" for line in lines)] if lines else []


def _plain(text: str) -> str:
    """A text on one line of Markdown."""
    return " ".join(text.split())
