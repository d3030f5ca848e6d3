"""Projects of other tools as ZIP archives: their records, with the answers of each annotator and the guidelines.

Argilla's `to_disk` writes records.json beside settings.json, which has the guidelines. A folder of Potato has data
files, a user_state.json (before version 2: an annotated_instances.jsonl) for each annotator, and a configuration, which
has the guidelines and the names of the fields of the data.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.raw import CHUNK, ReadLimits

GUIDELINES = ("guidelines", "annotation_guidelines", "expert_instruction", "annotation_instructions")
"""The names under which tools keep guidelines."""

STATE = "user_state.json"
ANSWERS = ("annotated_instances.jsonl", "annotated_instances.json")
OUTPUT = ("", "annotation_output", "annotations", "output")
"""Folders of answers that do not have the name of an annotator."""
DATA = (".json", ".jsonl", ".ndjson")
OTHER_DATA = (
    *(".csv", ".tsv", ".parquet", ".arrow", ".feather", ".txt", ".html"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".xlsx"),
)
LARGEST_SETTINGS = 1 << 20

_IN_JSON = re.compile(rf'"(?:{"|".join(GUIDELINES)})"\s*:\s*(?=")')
_KEYS = re.compile(r"^[ \t]*(?:- +)?(id_key|items_key):[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
_IN_YAML = re.compile(rf"^(?:{'|'.join(GUIDELINES)}):[ \t]*(\|[-+]?\n(?:(?:[ \t][^\n]*)?\n)+|[^\n]*)", re.MULTILINE)


def guidelines_in(text: str) -> str:
    """The guidelines that the beginning of a JSON text names. Empty: none."""
    for found in _IN_JSON.finditer(text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, found.end())
        except ValueError:
            continue
        if isinstance(value, str) and value.strip():
            return value
    return ""


def with_guidelines(data: bytes, guidelines: str) -> bytes:
    """The bytes of JSON records, the first of which has the guidelines as a field."""
    start = data.find(b"{")
    if not guidelines or start < 0:
        return data
    field = json.dumps({"guidelines": guidelines})[1:-1].encode()
    separator = b"" if data[start + 1 :].lstrip().startswith(b"}") else b", "
    return data[: start + 1] + field + separator + data[start + 1 :]


def project_bytes(archive: zipfile.ZipFile, names: list[zipfile.ZipInfo], limits: ReadLimits) -> Iterator[bytes] | None:
    """The records of a project as JSON; None: the files of the archive are not those of one project."""
    states = [one for one in names if one.filename.rsplit("/", 1)[-1] in (STATE, *ANSWERS)]
    texts = {
        one.filename: archive.read(one).decode("utf-8", "replace")
        for one in names
        if one not in states and _may_hold_guidelines(one)
    }
    guidelines = next((text for name, content in texts.items() if (text := _guidelines_of(name, content))), "")
    about = {name for name, content in texts.items() if not name.endswith(DATA) or _guidelines_of(name, content)}
    data = [one for one in names if one not in states and one.filename not in about and one.filename.endswith(DATA)]
    if states:
        return _joined(archive, _outside(data, states), _told(states), _Config(guidelines, texts), limits)
    data = [one for one in data if not _is_settings(one.filename)] if len(data) > 1 else data
    others = (one.filename for one in names if one not in data and one.filename not in about)
    if any(name.lower().endswith(OTHER_DATA) and not _is_for_people(name) for name in others):
        return None  # their records would be left out without a word
    return _pieces(archive, data[0], guidelines, limits) if len(data) == 1 else None


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, guidelines: str, limits: ReadLimits) -> Iterator[bytes]:
    with archive.open(member) as file:
        total, is_first = 0, True
        while piece := file.read(CHUNK):
            total += len(piece)
            if total > limits.unpacked_bytes and total > member.compress_size * limits.unpacked_ratio:
                raise UnreadableInput(
                    gettext_noop("The archive unpacks to more than %(ratio)s times its size."),
                    ratio=limits.unpacked_ratio,
                )
            yield with_guidelines(piece, guidelines) if is_first else piece
            is_first = False


class _Config:
    """The guidelines of a Potato project, and the fields of its data by their names in the configuration."""

    def __init__(self, guidelines: str, texts: Mapping[str, str]) -> None:
        self.guidelines = guidelines
        self.keys = {name: value for text in texts.values() for name, value in _KEYS.findall(text)}

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item with its two texts under a name that the reader knows."""
        pair = self.keys.get("items_key", "")
        if pair in item and isinstance(item[pair], list) and "responses" not in item:
            return {**{name: value for name, value in item.items() if name != pair}, "responses": item[pair]}
        return item

    def key(self, item: Mapping[str, Any]) -> str:
        names = (self.keys.get("id_key", "id"), "id", "instance_id")
        return str(next((item[name] for name in names if name in item), None))


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _told(states: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files with answers, each answer once: Potato also writes those of all annotators into one file."""
    folders = {_folder(one.filename) for one in states}
    kept = []
    for one in states:
        folder = _folder(one.filename)
        is_state = one.filename.endswith(STATE)
        has_state = any(other.filename.endswith(STATE) and _folder(other.filename) == folder for other in states)
        repeats = any(other.startswith(f"{folder}/" if folder else "") and other != folder for other in folders)
        if is_state or not (has_state or repeats):
            kept.append(one)
    return kept


def _outside(data: list[zipfile.ZipInfo], states: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The data files of a project, without what Potato writes beside the answers."""
    folders = {f"{_folder(one.filename)}/" for one in states if _folder(one.filename)}
    listed = [one for one in data if not one.filename.startswith(tuple(folders))]
    parents = tuple(f"{_folder(folder[:-1])}/" for folder in folders if _folder(folder[:-1]))
    return [one for one in listed if not one.filename.startswith(parents)] or listed


def _joined(
    archive: zipfile.ZipFile,
    data: list[zipfile.ZipInfo],
    states: list[zipfile.ZipInfo],
    config: _Config,
    limits: ReadLimits,
) -> Iterator[bytes]:
    """The items of Potato as lines, each with the answers of its annotators."""
    if sum(one.file_size for one in (*data, *states)) > limits.whole_bytes:
        text = gettext_noop("The project is larger than %(size)s MiB, which must be read as a whole.")
        raise UnreadableInput(text, size=limits.whole_bytes >> 20)
    answers: dict[str, dict[str, Any]] = {}
    for one in states:
        for user, key, labels in _answers(archive, one):
            given = answers.setdefault(key, {})
            while not user.strip() and user in given:  # nobody is named: each is another one
                user += " "
            given[user] = _by_scheme(labels)
    items = [item for one in data for item in _items(archive.read(one), one.filename)]
    if answers and answers.keys().isdisjoint(map(config.key, items)):
        raise UnreadableInput(
            gettext_noop(
                "The archive holds answers of Potato without the items that they are about. Add the data files as JSON "
                "or JSON lines."
            )
        )
    for number, item in enumerate(items):
        given = answers.get(config.key(item), {})
        line = json.dumps(config.item(item) | {"annotations": given}).encode() + b"\n"
        yield line if number else with_guidelines(line, config.guidelines)


def _answers(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> Iterator[tuple[str, str, Any]]:
    """The annotator, the item, and the answers, of each item in one file."""
    folder = _folder(one.filename).rsplit("/", 1)[-1]
    if not one.filename.endswith(STATE):
        for line in _items(archive.read(one), one.filename):
            user = line.get("user_id") or line.get("user") or ("" if folder in OUTPUT else folder)
            yield str(user), str(line.get("id", line.get("instance_id"))), line.get("label_annotations")
        return
    state = _json(archive.read(one), one.filename)
    if not isinstance(state, dict) or not isinstance(state.get("instance_id_to_label_to_value"), dict):
        raise UnreadableInput(gettext_noop("%(name)s holds no answers of an annotator of Potato."), name=one.filename)
    user = str(state.get("user_id") or one.filename.split("/")[-2:][0])
    for item, labels in state["instance_id_to_label_to_value"].items():
        yield user, str(item), labels


def _by_scheme(labels: Any) -> dict[str, Any]:
    """The answers by scheme. Potato also writes them as a list of pairs: a label with its scheme, and a value."""
    if isinstance(labels, dict):
        return labels
    schemes: dict[str, Any] = {}
    for pair in labels if isinstance(labels, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], dict):
            schemes.setdefault(str(pair[0].get("schema")), {})[str(pair[0].get("name"))] = pair[1]
    return schemes


def _items(data: bytes, name: str) -> list[dict[str, Any]]:
    text = data.decode("utf-8-sig", "replace").strip()
    values = _json(data, name) if text.startswith("[") else [_json(line, name) for line in data.splitlines() if line]
    if not all(isinstance(value, dict) for value in values):  # left aside, it would vanish without a word
        raise UnreadableInput(gettext_noop("%(name)s in the archive holds an item that is no object."), name=name)
    return list(values)


def _json(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(gettext_noop("%(name)s in the archive is not valid JSON."), name=name) from error


def _is_for_people(name: str) -> bool:
    return name.rsplit("/", 1)[-1].lower().startswith(("readme", "license", "licence", "notice", "changelog"))


def _is_settings(name: str) -> bool:
    return name.rsplit("/", 1)[-1] in ("settings.json", "dataset.json", "project.json", "config.json", "info.json")


def _may_hold_guidelines(one: zipfile.ZipInfo) -> bool:
    base = one.filename.rsplit("/", 1)[-1].lower()
    is_settings = _is_settings(base) or base.endswith((".yaml", ".yml")) or base.startswith("guidelines.")
    return is_settings and one.file_size <= LARGEST_SETTINGS


def _guidelines_of(name: str, content: str) -> str:
    base = name.rsplit("/", 1)[-1].lower()
    if base.startswith("guidelines.") and not base.endswith(DATA):
        return content.strip()
    if base.endswith((".yaml", ".yml")):
        found = _IN_YAML.search(content)
        lines = found[1].removeprefix("|").lstrip("-+\n").splitlines() if found else []
        return "\n".join(line.strip() for line in lines).strip().strip("\"'")
    return guidelines_in(content)
