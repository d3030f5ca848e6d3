"""A model's chat template, applied without its tokenizer: what becomes of a conversation and of the texts in it.

Rendering is that of `transformers` (`utils/chat_template_utils.py`), which would need its tokenizer, and a second, for
every process that asks. Jinja and the standard library only.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from training.language_models.messages import Message, opening_tokens, template_messages, template_tools

TEMPLATE, TOKENIZER, CONFIG = "chat_template.jinja", "tokenizer.json", "tokenizer_config.json"
SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


class TemplateRefusal(Exception):
    """The template refuses a conversation; the text is its own reason, or Jinja's."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A chat template with its model's special tokens. template: None: the model has none, and messages are joined.

    source: its text; empty: there is none. tokens: the special tokens that the template may name, by their name.
    control: a pattern of all special tokens, and of those that open turns without being called special; None: there are
    none.
    """

    template: Any
    source: str
    tokens: dict[str, str]
    control: re.Pattern[str] | None

    @classmethod
    def from_directory(cls, directory: Path) -> Self:
        """Reads the template and the special tokens of a model's folder.

        Raises OSError for a folder that cannot be read, and ValueError for files of another form.
        """
        if not directory.is_dir():
            raise NotADirectoryError(f"{directory} is no folder")
        config = _json(directory / CONFIG)
        file, listed = directory / TEMPLATE, config.get("chat_template")
        source = file.read_text(encoding="utf-8") if file.is_file() else _default_of(listed)
        tokens = {name: text for name in SPECIAL if (text := _text_of(config.get(name)))}
        added = {
            str(one["content"]): one.get("special") for one in _json(directory / TOKENIZER).get("added_tokens", [])
        }
        try:
            template = None if source is None else _environment().from_string(source)
        except TemplateError as error:
            raise ValueError(f"the chat template of {directory.name} is no template: {error}") from error
        made = cls(template, source or "", tokens, None)
        opening = opening_tokens(added, lambda turns: made.rendered(turns, None, to_reply=False)) if source else ()
        control = {*tokens.values(), *(name for name, is_special in added.items() if is_special), *opening}
        names = sorted(control, key=len, reverse=True)
        return replace(made, control=re.compile("|".join(map(re.escape, names))) if names else None)

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt as the model reads it, up to where the assistant begins to write. Raises TemplateRefusal."""
        if self.template is None:
            return "\n\n".join(message["content"] for message in messages)
        return self.rendered(template_messages(messages), template_tools(messages))

    def rendered(self, turns: Sequence[Any], tools: list[Any] | None, *, to_reply: bool = True) -> str:
        """The same for a conversation as templates take it (``template_messages``)."""
        given = {"messages": turns, "tools": tools, "add_generation_prompt": to_reply}
        try:
            return str(self.template.render(**given, **self.tokens))
        except (TemplateError, TypeError, LookupError, ValueError, AttributeError) as error:
            raise TemplateRefusal(str(error)) from error

    def swallowed(self, messages: Sequence[Message]) -> list[int]:
        """The numbers (from 0) of messages whose text the model would not read. Raises TemplateRefusal."""
        rendered = self.render(messages)
        return [
            number
            for number, one in enumerate(messages)
            if one["content"].strip() not in rendered
            or not all(name in rendered for name in _called(one))
            or not self._shows(messages, number)
        ]

    def _shows(self, messages: Sequence[Message], place: int) -> bool:
        """Whether the model would read a message whose text others hold too: a mark in its place is then seen."""
        text = messages[place]["content"].strip()
        others = (each["content"] for number, each in enumerate(messages) if number != place)
        if not text or not any(text in each for each in others):
            return True
        marked: Message = {**messages[place], "content": "a_mark_in_place_of_a_text"}
        try:
            return "a_mark_in_place_of_a_text" in self.render([*messages[:place], marked, *messages[place + 1 :]])
        except TemplateRefusal:  # of the mark, not of the text
            return True

    def ignores_tools(self, messages: Sequence[Message]) -> bool:
        """Whether the model would not read of the tools that the prompt offers. Raises TemplateRefusal."""
        tools = template_tools(messages)
        return tools is not None and self.render(messages) == self.render([_untooled(one) for one in messages])

    def control_token(self, text: str) -> str:
        """The first special token of the model that the text spells; empty: it spells none."""
        match = self.control.search(text) if self.control else None
        return match.group() if match else ""


def _called(message: Message) -> list[str]:
    return [call["function"]["name"] for call in message.get("tool_calls", ())]


def _untooled(message: Message) -> Message:
    return {**message, "tools": ""}


class _Generation(Extension):
    """`{% generation %}`, by which templates mark the assistant's text; it changes nothing."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _tojson
    environment.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    return environment


def _refuse(reason: str) -> None:
    raise TemplateError(reason)


def _tojson(value: Any, **options: Any) -> str:
    """Without Jinja's escapes for HTML."""
    return json.dumps(value, **{"ensure_ascii": False} | options)


def _json(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return value if isinstance(value, dict) else {}


def _text_of(token: Any) -> str:
    """A special token, which a config names by its text or describes."""
    return str(token.get("content", "") if isinstance(token, dict) else token or "")


def _default_of(listed: Any) -> str | None:
    """The template of a config, which holds one, or several with names."""
    if isinstance(listed, list):
        listed = next((one.get("template") for one in listed if one.get("name") == "default"), None)
    return listed if isinstance(listed, str) else None
