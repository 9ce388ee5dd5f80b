"""Which exit code a set of upgrades gives."""

from itertools import permutations

import pytest

from cli.exit_codes import MEANINGS, ExitCode, help_text
from cli.verdict_codes import exit_code_of
from cli.views import UpgradeView
from domain.upgrade import END_STATES, RunState
from tests.unit.cli.fake_app import ended_body, view_body


def view(state, *, failed=0, unknown=0, passed=0):
    """An upgrade in a state with these findings."""
    findings = {"failed": failed, "unknown": unknown, "passed": passed}
    make = ended_body if state in set(END_STATES) else view_body
    return UpgradeView.model_validate(make(state=state, findings=findings))


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (RunState.CLOSED, ExitCode.CLEAN),
        (RunState.CLOSED_WITH_TASKS, ExitCode.FINDINGS),
        (RunState.NEEDS_DECISION, ExitCode.FINDINGS),
        (RunState.NEEDS_SUPPORT, ExitCode.FINDINGS),
        (RunState.BLOCKED, ExitCode.FINDINGS),
        (RunState.STOPPED, ExitCode.UNKNOWN),
        (RunState.NOT_APPROVED, ExitCode.NOT_APPROVED),
        (RunState.AWAITING_APPROVAL, ExitCode.PENDING),
        ("queued", ExitCode.PENDING),
        ("a_state_of_tomorrow", ExitCode.PENDING),
    ],
)
def test_state_gives_its_code(state, code):
    """Every state has one code."""
    assert code is exit_code_of([view(state)])


def test_end_without_its_time_is_pending():
    """A run that has come to its end but still writes its verdict is on its way."""
    assert ExitCode.PENDING is exit_code_of([UpgradeView.model_validate(view_body(state="closed"))])


def test_every_end_has_a_code():
    """No end of a run is forgotten: each gives a code that is not pending."""
    assert ExitCode.PENDING not in {exit_code_of([view(state)]) for state in END_STATES}


def test_closed_with_a_failed_finding_is_not_clean():
    """A closed vault with a failed finding gives 3, with an unknown one 4."""
    codes = [
        exit_code_of([view("closed", passed=3)]),
        exit_code_of([view("closed", failed=1)]),
        exit_code_of([view("closed", failed=1, unknown=1)]),
    ]

    assert [0, 3, 4] == codes


@pytest.mark.parametrize("states", list(permutations(["closed", "blocked", "not_approved"])))
def test_highest_code_wins_in_any_order(states):
    """Of several ended vaults the highest code is given, whatever their order."""
    assert ExitCode.NOT_APPROVED is exit_code_of([view(state) for state in states])


def test_pending_hides_everything_else():
    """As long as one vault is on its way, scripts are told to wait."""
    assert ExitCode.PENDING is exit_code_of([view("not_approved"), view("upgrading")])


def test_nothing_is_clean():
    """No upgrades, nothing to do."""
    assert ExitCode.CLEAN is exit_code_of([])


def test_help_explains_every_code():
    """The help text lists each code with its meaning."""
    text = help_text()

    assert set(ExitCode) == set(MEANINGS)
    assert all(f"{code.value}  {meaning}" in text for code, meaning in MEANINGS.items())
