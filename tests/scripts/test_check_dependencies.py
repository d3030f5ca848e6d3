"""The rule about dependencies: pinned exactly, each with its reason, and in the lock."""

from pathlib import Path

import pytest

from scripts.check_dependencies import FILES, LOCK, LOCKED, OTHERS, PIP, problems, unpinned

HASH = f"--hash=sha256:{64 * 'a'}"


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text)
    return path


def test_our_own_dependencies_follow_the_rule() -> None:
    assert problems(FILES, LOCK) == []
    assert unpinned([PIP], LOCKED) == []
    assert unpinned(OTHERS) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("django>=5.2  # pages", "not pinned"),
        ("django  # pages", "not pinned"),
        ("django==5.2.*  # pages", "not pinned"),
        ("git+https://example.com/django", "not pinned"),
        ("django==5.2.19", "has no reason"),
        ("django==5.2.18  # pages", "lock.txt has 5.2.19"),
        ("flask==3.0.0  # pages", "is not in lock.txt"),
    ],
)
def test_a_line_against_the_rule_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    lock = written(tmp_path, "lock.txt", f"Django==5.2.19 {HASH}\n")
    complaints = problems([written(tmp_path, "some.txt", f"# comment\n\n{line}\n")], lock)
    assert len(complaints) == 1
    assert complaint in complaints[0]


def test_names_are_compared_as_the_index_compares_them(tmp_path: Path) -> None:
    lock = written(tmp_path, "lock.txt", f"Django_Celery.Beat==2.9.0 {HASH}\n")
    assert problems([written(tmp_path, "some.txt", "django-celery-beat==2.9.0  # schedules\n")], lock) == []


def test_a_pin_of_the_lock_may_have_several_hashes_and_a_platform(tmp_path: Path) -> None:
    pin = f"Django==5.2.19 ; sys_platform == 'linux' \\\n    {HASH} \\\n    {HASH}\n"
    assert unpinned([written(tmp_path, "lock.txt", pin)], LOCKED) == []


@pytest.mark.parametrize("line", ["Django==5.2.19", "Django==5.2.19 --hash=sha256:abc", f"Django>=5.2 {HASH}"])
def test_a_lock_without_a_hash_is_refused(tmp_path: Path, line: str) -> None:
    (complaint,) = problems([], written(tmp_path, "lock.txt", f"{line}\n"))
    assert "lock.txt: not pinned as NAME==VERSION with its hashes" in complaint


def test_torch_is_pinned_but_not_in_the_lock(tmp_path: Path) -> None:
    lock = written(tmp_path, "lock.txt", "")
    assert problems([written(tmp_path, "some.txt", "torch==2.13.0  # the engine\n")], lock) == []
    assert len(problems([written(tmp_path, "some.txt", "torch>=2.13  # the engine\n")], lock)) == 1
