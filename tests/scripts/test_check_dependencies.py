"""The rule about dependencies: pinned exactly, each with its reason, and in the lock."""

from pathlib import Path

import pytest

from scripts.check_dependencies import FILES, LOCKS, problems


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text)
    return path


def test_our_own_dependencies_follow_the_rule() -> None:
    assert problems(FILES, LOCKS) == []


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
    lock = written(tmp_path, "lock.txt", "Django==5.2.19\n")
    found = problems([written(tmp_path, "some.txt", f"# comment\n\n{line}\n")], [lock])
    assert len(found) == 1
    assert complaint in found[0]


def test_names_are_compared_as_the_index_compares_them(tmp_path: Path) -> None:
    lock = written(tmp_path, "lock.txt", "Django_Celery.Beat==2.9.0\n")
    assert problems([written(tmp_path, "some.txt", "django-celery-beat==2.9.0  # schedules\n")], [lock]) == []
