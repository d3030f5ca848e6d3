"""Fails on a dependency that is not pinned exactly, has no reason, or disagrees with the lock.

Run by `make check`: python scripts/check_dependencies.py
"""

import re
import sys
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent.parent / "requirements"
NAMES = ("model.txt", "dev.txt", "s3.txt", "saml.txt", "quantization.txt", "tracking.txt")
FILES = [DIRECTORY.parent / "requirements.txt", *(DIRECTORY / name for name in NAMES)]
LOCK, PIP = DIRECTORY / "lock.txt", DIRECTORY / "pip.txt"
OTHERS = [DIRECTORY / "vllm-cpu.txt", DIRECTORY / "vllm-cuda.txt"]
WITHOUT_HASHES = frozenset({"torch"})  # scripts/lock.sh says why

PIN = r"(?P<name>[A-Za-z0-9._-]+)(\[[a-z0-9,]+\])?==(?P<version>[A-Za-z0-9.!]+)"
PINNED = re.compile(rf"{PIN}(\s+#\s*(?P<reason>\S.*))?")
LOCKED = re.compile(rf"{PIN}(\s*;[^\\]*?)?(\s+--hash=sha256:[0-9a-f]{{64}})+")


def normalised(name: str) -> str:
    """A package's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path, form: re.Pattern[str] = PINNED) -> dict[str, re.Match[str]]:
    """The lines of a requirements file by package. Raises ValueError naming the first line of another form."""
    matches = {}
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")  # a pin and its hashes are one line
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = form.fullmatch(line)
        if match is None:
            wanted = "NAME==VERSION with its hashes" if form is LOCKED else "NAME==VERSION"
            raise ValueError(f"{path.name}: not pinned as {wanted}: {line[:100]}")
        matches[normalised(match["name"])] = match
    return matches


def problems(files: list[Path], lock: Path) -> list[str]:
    """A sentence for each direct dependency of `files` that breaks a rule; empty if none does."""
    try:
        locked = pins(lock, LOCKED)
        direct = {path: pins(path) for path in files}
    except ValueError as error:
        return [str(error)]
    complaints = []
    for path, entries in direct.items():
        for name, pin in entries.items():
            if not pin["reason"]:
                complaints.append(f"{path.name}: {name} has no reason: add a comment that says why it is needed.")
            if name in WITHOUT_HASHES:
                continue
            if name not in locked:
                complaints.append(f"{path.name}: {name} is not in {lock.name}: run `make lock`.")
            elif (version := locked[name]["version"]) != pin["version"]:
                complaints.append(
                    f"{path.name}: {name}=={pin['version']}, but {lock.name} has {version}: run `make lock`."
                )
    return complaints


def unpinned(files: list[Path], form: re.Pattern[str] = PINNED) -> list[str]:
    """A sentence for each file with a line that is not pinned in that form."""
    complaints = []
    for path in files:
        try:
            pins(path, form)
        except ValueError as error:
            complaints.append(str(error))
    return complaints


if __name__ == "__main__":
    sentences = [*problems(FILES, LOCK), *unpinned([PIP], LOCKED), *unpinned(OTHERS)]
    print("\n".join(sentences) or f"{LOCK.name}: every dependency is pinned and has its reason.")
    sys.exit(1 if sentences else 0)
