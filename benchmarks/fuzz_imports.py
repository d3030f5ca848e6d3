"""Damaged files through the API: none may answer with a server error, be half written, or be refused without a reason.

Good files of every dialect and framing are damaged: values of other types, missing and repeated fields, broken JSON and
broken bytes, cut and glued files. Each is imported for real into a campaign. Exit code 1 if one answered 500, wrote
rows and did not report them, reported rows and did not write them, or refused a file or a record without a sentence.

    python -m benchmarks.fuzz_imports                  100,000 files, some 40 minutes by the rate of 200
    python -m benchmarks.fuzz_imports --files 2000 --seed 7

Prints one JSON object. The files that failed are kept in var/benchmarks/fuzz.
"""

import argparse
import bz2
import csv
import gzip
import io
import json
import lzma
import os
import random
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory

PER_CAMPAIGN = 500
WORKER = "--worker"

TEXTS = {"chosen": "Apples and plums.", "rejected": "Potatoes."}
TALK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name two fruits."}]
ASSISTANT = [{"role": "assistant", "content": text} for text in TEXTS.values()]
SEEDS: tuple[dict[str, Any], ...] = (
    {"prompt": "Name two fruits.", **TEXTS, "id": "1", "source": "test", "margin": 0.5},
    {"prompt": TALK, "chosen": [ASSISTANT[0]], "rejected": [ASSISTANT[1]], "score_chosen": 8, "score_rejected": 2},
    {"chosen": [*TALK, ASSISTANT[0]], "rejected": [*TALK, ASSISTANT[1]]},
    {"chosen": "\n\nHuman: Hi?\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi?\n\nAssistant: No."},
    {"instruction": "Name two.", "output_1": "a", "output_2": "b", "preference": 1.4, "annotator": "gpt"},
    {
        "input": {"messages": TALK},
        "preferred_output": [ASSISTANT[0]],
        "non_preferred_output": [ASSISTANT[1]],
    },
    {"question_id": 7, "model_a": "x", "model_b": "y", "winner": "model_a", "judge": "j", "turn": 1}
    | {"conversation_a": [TALK[1], ASSISTANT[0]], "conversation_b": [TALK[1], ASSISTANT[1]]},
    {"prompt": "Name two fruits.", "answers": [{"answer": "a", "rank": 1.0}, {"answer": "b", "rank": 2.0}]},
    {"instruction": "Two?", "completions": [{"response": "a", "overall_score": 5}, {"response": "b"}]},
    {"prompt": "Which?", "response_1": "a", "response_2": "b", "preference_strength": -2},
    {"system": "", "question": "Two fruits?", **TEXTS},
    {"history": "Two fruits?", "human_ref_A": "a", "human_ref_B": "b", "labels": 1, "score_A": 3, "score_B": 1},
    {"data": {"prompt": "Two?", "answer1": "a", "answer2": "b"}, "annotations": [{"result": []}], "id": 3},
)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400, "", " ", "\x00", "\ud800", "\u202e", "x" * 70_000,
    [], [[]], [None], {}, {"role": ["assistant"]}, {"role": "user"}, {"content": None}, ["assistant"], "first", "tie",
    [{"role": "assistant", "content": [{"type": "text", "text": "a"}]}], {"a": {"b": {"c": [1]}}}, "2026-11-29", "[]",
)  # fmt: skip


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(WORKER, type=int, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        print(json.dumps(work(options.files, options.seed, options.worker)))
        return 0
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    print(json.dumps(report, indent=1))
    return code or int(bool(report["faults"]))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Shares the files out between processes, and adds up what they saw."""
    url = new_database(os.environ["DATABASE_URL"], "fuzz")
    settings = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "API_LIMIT_FILES": "0"}
    env = environment(settings | {"PYTHONWARNINGS": "ignore"})
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
    share, started = -(-options.files // options.processes), time.monotonic()
    command = [sys.executable, "-m", "benchmarks.fuzz_imports", "--files", str(share), "--seed", str(options.seed)]
    log = (_folder() / "log.txt").open("wb")
    workers = [
        subprocess.Popen([*command, WORKER, str(number)], env=env, stdout=subprocess.PIPE, stderr=log)
        for number in range(options.processes)
    ]
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    for worker in workers:
        report = json.loads(worker.communicate()[0].splitlines()[-1])
        outcomes.update(report["outcomes"])
        faults += report["faults"]
    return {
        "files": sum(outcomes.values()),
        "seconds": round(time.monotonic() - started, 1),
        "outcomes": dict(outcomes),
        "faults": faults,
    }


def work(files: int, seed: int, number: int) -> dict[str, Any]:
    """Imports so many damaged files; returns how they ended, and each fault with the name of its file."""
    import django

    django.setup()
    from django.utils import timezone
    from rest_framework.test import APIClient

    from labeling.actions.campaigns import create_campaign
    from labeling.actions.people import create_token, create_user

    chance, outcomes, faults = random.Random(f"{seed}/{number}"), Counter[str](), list[str]()
    now = timezone.now()
    lead, _ = create_user(username=f"lead{number}", role="lead", password=None, acting_user=None, now=now)
    client = APIClient(raise_request_exception=False)
    client.credentials(
        HTTP_HOST="localhost",
        HTTP_AUTHORIZATION=f"Bearer {create_token(user=lead, name='fuzz', acting_user=lead, now=now)[1]}",
    )
    address, campaign = "", None
    for turn in range(files):
        if turn % PER_CAMPAIGN == 0:
            campaign = create_campaign(name=f"Fuzz {number} {turn}", acting_user=lead, now=now)
            address = f"/api/v1/campaigns/{campaign.slug}/comparisons/import/"

        data, before = damaged(chance), rows_of(campaign)
        query = chance.choice(["", "?keep_preferences=true", "?refuse_all=true", "?ranking=all", "?dry_run=true"])
        answer = client.post(address + query, data=data, content_type="application/octet-stream")
        fault = fault_of(answer.status_code, answer.content, before, rows_of(campaign), keeps=query != "?dry_run=true")
        outcomes[str(answer.status_code)] += 1
        if fault:
            faults.append(f"{fault}: {_kept(data, number, turn)} {query}")
    return {"outcomes": outcomes, "faults": faults}


def rows_of(campaign: Any) -> tuple[int, int, int]:
    """How many comparisons, prompts and completions a campaign has."""
    from labeling.models import Comparison, Completion, Prompt

    return (
        Comparison.objects.filter(campaign=campaign).count(),
        Prompt.objects.filter(campaign=campaign).count(),
        Completion.objects.filter(prompt__campaign=campaign).count(),
    )


def fault_of(status: int, content: bytes, before: Any, after: Any, *, keeps: bool) -> str:
    """The fault of an answer; empty: it has none."""
    try:
        report = json.loads(content)
    except ValueError:
        return f"answer {status} is no JSON"
    if status >= 500:
        return f"answer {status}"
    if status >= 400:
        if before != after:
            return f"answer {status}, but rows were written: {before} {after}"
        return "" if report.get("detail") else f"answer {status} without a reason"
    created = report["created"] if keeps else 0
    if after[0] - before[0] != created:
        return f"{created} reported, {after[0] - before[0]} written"
    if not created and before != after:
        return f"nothing reported, but rows were written: {before} {after}"
    silent = [one for one in report["rejected"] if not one["reason"]]
    return "a record was refused without a reason" if silent else ""


def damaged(chance: random.Random) -> bytes:
    """A file of a few records of one dialect, damaged in one or several ways."""
    records = [deepcopy(chance.choice(SEEDS))] * chance.randint(1, 4)
    records = [_odd(deepcopy(one), chance) if chance.random() < 0.6 else _distinct(one, chance) for one in records]
    data = chance.choice(FRAMINGS)(records)
    if chance.random() < 0.4:
        data = _broken(data, chance)
    if chance.random() < 0.3:
        data = chance.choice(PACKINGS)(data)
        if chance.random() < 0.4:
            data = _broken(data, chance)
    return data


def _distinct(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return {**record, "number": chance.randrange(1000)}


def _odd(value: Any, chance: random.Random) -> Any:
    """The value with one part of it, at any depth, replaced, removed, renamed or repeated."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        act = chance.random()
        if act < 0.6:
            value[name] = _odd(value[name], chance)
        elif act < 0.75:
            del value[name]
        elif act < 0.85:
            value[chance.choice(["prompt", "chosen", "messages", "id", "winner", "tools", name.upper()])] = value[name]
        else:
            value[chance.choice(["extra", "gold", "annotator", "tags", "metadata", "system"])] = chance.choice(ODD)
        return value
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        if chance.random() < 0.3:
            return value + value if chance.random() < 0.5 else value[:place]
        value[place] = _odd(value[place], chance)
        return value
    return chance.choice(ODD)


def _broken(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some flipped, cut, repeated or put in."""
    place = chance.randrange(len(data) + 1)
    act = chance.randrange(6)
    if act == 0:
        return data[:place]
    if act == 1:
        return data[place:]
    if act == 2:
        return data[:place] + bytes(chance.choices(range(256), k=chance.randint(1, 9))) + data[place:]
    if act == 3:
        return data + chance.choice([data, b"\n[", b"}", b"\xff\xfe", b"\n\n{}", b"null"])
    if act == 4:
        return (
            chance.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"version https://"])
            + data
        )
    return bytes(byte ^ (1 << chance.randrange(8)) if chance.random() < 0.02 else byte for byte in data)


def _json(value: Any) -> bytes:
    """JSON as careless programs write it: NaN, and half surrogates as escapes."""
    return json.dumps(value).encode()


def _table(records: list[Any], delimiter: str) -> bytes:
    if not all(isinstance(one, dict) for one in records):
        return _json(records)
    out = io.StringIO()
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(out, names, delimiter=delimiter)
    writer.writeheader()
    for record in records:
        writer.writerow({name: one if isinstance(one, str) else json.dumps(one) for name, one in record.items()})
    return out.getvalue().encode("utf-8", "surrogatepass")


def _parquet(records: list[Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    try:
        pq.write_table(pa.Table.from_pylist(records), out)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, AttributeError):
        return _json(records)  # no columns of one type
    return out.getvalue()


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pairs.jsonl", data)
    return out.getvalue()


FRAMINGS: tuple[Callable[[list[Any]], bytes], ...] = (
    lambda records: b"\n".join(map(_json, records)),
    lambda records: b"\r\n".join(map(_json, records)) + b"\r\n\r\n",
    _json,
    lambda records: json.dumps(records, indent=2).encode(),
    lambda records: _json({"data": records}),
    lambda records: _table(records, ","),
    lambda records: _table(records, "\t"),
    _parquet,
)
PACKINGS: tuple[Callable[[bytes], bytes], ...] = (gzip.compress, bz2.compress, lzma.compress, _zip)


def _folder() -> Path:
    folder = VarDirectory.from_environment().path / "benchmarks" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kept(data: bytes, number: int, turn: int) -> str:
    path = _folder() / f"{number}-{turn}"
    path.write_bytes(data)
    return str(path)


if __name__ == "__main__":
    raise SystemExit(main())
