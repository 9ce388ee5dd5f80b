"""All checks run, and one failure is enough to fail."""

import sys

import pytest

from tools.run_checks import CHECKS, Check, main, run


def check(name: str, code: int) -> Check:
    """A check that exits with ``code``."""
    return Check(name, (sys.executable, "-c", f"raise SystemExit({code})"))


def test_a_failed_check_does_not_stop_the_others(capfd: pytest.CaptureFixture[str]) -> None:
    """Everything that is wrong is shown in one run."""
    failed = run([check("first", 2), check("second", 0), check("third", 1)])

    assert ["first", "third"] == [one.name for one in failed]
    assert "== second\n   ok" in capfd.readouterr().out


def test_an_unknown_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name does not check nothing and pass."""
    with pytest.raises(SystemExit) as stopped:
        main(["tea"])

    assert (2, True) == (stopped.value.code, "no such check: tea" in capsys.readouterr().err)


def test_every_check_has_a_name_of_its_own() -> None:
    """A check can be asked for by name."""
    assert len(CHECKS) == len({one.name for one in CHECKS})
