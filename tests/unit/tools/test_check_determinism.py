"""What may not stand in code that is replayed."""

from pathlib import Path

import pytest

from tests.unit.tools.trees import ROOT, write_tree
from tools.check_determinism import find_problems, main

ALLOWED = {
    "orchestrators/a.py": "now = ctx.current_utc_datetime\nlater = now(ctx) + timedelta(days=1)\n",
    "domain/a.py": "id: str\ndef f(now: datetime) -> int:\n    return clock.now() - row.id\n",
    "activities/a.py": "from datetime import datetime\nseen = datetime.now()\n",
}


def test_time_that_is_handed_in_is_allowed(tmp_path: Path) -> None:
    """A context's or a caller's time repeats; activities are not replayed and may look."""
    assert [] == list(find_problems(write_tree(tmp_path, ALLOWED)))


@pytest.mark.parametrize(
    ("path", "statement", "expected"),
    [
        ("orchestrators/a.py", "seen = datetime.now(UTC)", "orchestrators/a.py:1: datetime.now"),
        ("orchestrators/a.py", "seen = datetime.datetime.utcnow()", "datetime.utcnow"),
        ("domain/a.py", "x = 1\nday = date.today()", "domain/a.py:2: date.today"),
        ("domain/a.py", "def f(clock=datetime.now): ...", "datetime.now"),
        ("domain/checks/a.py", "text = open('a').read()", "domain/checks/a.py:1: open"),
        ("orchestrators/a.py", "name = input()", "input"),
        ("domain/a.py", "key = hash(vault)", "hash"),
        ("domain/a.py", "rows = sorted(rows, key=id)", "id"),
    ],
)
def test_what_could_differ_on_replay_is_reported(
    tmp_path: Path, path: str, statement: str, expected: str
) -> None:
    """The report names file, line and what was used."""
    problems = list(find_problems(write_tree(tmp_path, {path: statement + "\n"})))

    assert 1 == len(problems)
    assert f"{expected} differs on replay" in problems[0]


def test_this_repository_keeps_the_rule() -> None:
    """Nothing in workflows and domain differs on replay."""
    assert 0 == main([str(ROOT)])


def test_a_breach_fails_the_check(tmp_path: Path) -> None:
    """The exit code stops a build."""
    write_tree(tmp_path, {"domain/a.py": "seen = datetime.now()\n"})

    assert 1 == main([str(tmp_path)])
