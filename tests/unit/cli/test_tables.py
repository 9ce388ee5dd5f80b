"""The tables of the command line, as text."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from cli.problem_table import problem_table
from cli.tables import (
    duration_s,
    finding_words,
    live_view,
    summary_line,
    upgrade_table,
)
from cli.views import FindingCounts, UpgradeView
from domain.errors import Problem
from tests.unit.cli.fake_app import ended_body, view_body

TWO = datetime(2017, 9, 5, 14, 0, tzinfo=UTC)
OPERATION_ID = "b2b9c8f0-5f4c-4d7e-8a39-6a0f4d1c2e57-2017-09-05 12:00:03Z-P"


def text_of(printed, width=160):
    """Printed lines, without trailing blanks."""
    console = Console(file=io.StringIO(), width=width, no_color=True)
    console.print(printed)
    return [line.rstrip() for line in console.file.getvalue().splitlines() if line.strip()]


def table(views):
    """The table at two o'clock."""
    return upgrade_table(views, now=TWO)


def view(**members):
    """An upgrade with these members."""
    return UpgradeView.model_validate(view_body(**members))


def test_every_vault_has_one_line():
    """One line per vault holds state, OperationId, duration and findings."""
    body = ended_body(operationId=OPERATION_ID, findings={"passed": 2, "failed": 1}, taskCount=3)
    line = text_of(table([UpgradeView.model_validate(body)]))[-1]

    assert f"vault-clean closed {OPERATION_ID} 12 h 00 min 1 fail, 2 pass 3" == " ".join(
        line.split()
    )


def test_operation_id_is_whole_on_a_narrow_terminal():
    """The final table breaks an OperationId rather than cutting it."""
    heading, _, *lines = text_of(table([view(operationId=OPERATION_ID, startedAt=None)]), width=70)
    column = slice(heading.index("OperationId"), heading.index("Duration"))
    parts = [line[column].strip() for line in lines]

    assert OPERATION_ID.replace(" ", "") == "".join(parts).replace(" ", "")


def test_live_table_keeps_its_height():
    """While it redraws itself a vault never takes a second line."""
    views = [view(name=f"v{number}", operationId=OPERATION_ID) for number in range(5)]

    assert 2 + 5 + 1 == len(text_of(live_view(views, TWO), width=70))


def test_only_the_operation_id_gives_way_while_live():
    """On a narrow terminal the live table cuts OperationIds and nothing else."""
    views = [view(name="vault-of-the-north", state="awaiting_approval", operationId=OPERATION_ID)]
    line = text_of(live_view(views, TWO), width=90)[2]

    assert all(part in line for part in ("vault-of-the-north", "awaiting approval", "2 h 00 min"))
    assert "b2b9c8f0-5f4c" in line


def test_live_table_tells_how_to_approve():
    """Below the live table stands the command that lets a waiting upgrade go on."""
    waiting = view(state="awaiting_approval", plan={"hash": "abc"})
    lines = text_of(live_view([waiting], TWO))

    assert lines[-1].endswith("vaultlift approve upgrade-vault-clean --plan abc --approver NAME")


def test_markup_in_a_name_is_text():
    """A name with brackets is printed, not taken for a style."""
    assert "[red]x" in text_of(table([view(name="[red]x")]))[-1]


def test_problem_names_line_field_and_vault():
    """Every problem is a row that says where it is."""
    problem = Problem(where="line 3", field="region", message="is missing", vault="v1")

    assert ["line", "3", "v1", "region", "is", "missing"] == text_of(problem_table([problem]))[
        -1
    ].split()


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "-"),
        ({"passed": 3}, "3 pass"),
        ({"passed": 3, "failed": 1, "unknown": 2}, "1 fail, 2 unknown, 3 pass"),
        ({"not_applicable": 9}, "-"),
    ],
)
def test_findings_to_act_on_come_first(counts, words):
    """Failures are named before unknowns and passes; what does not apply is left out."""
    assert words == finding_words(FindingCounts(**counts))


def test_running_upgrade_counts_on_the_apps_clock():
    """The duration of a running upgrade goes up to now, by the app's clock."""
    assert 7200.0 == duration_s(view(state="upgrading"), TWO)


def test_upgrade_that_has_not_begun_has_no_duration():
    """A queued upgrade has taken no time anybody could name."""
    assert duration_s(view(state="queued", startedAt=None), TWO) is None


def test_summary_counts_states():
    """The summary line counts each state, the most frequent first."""
    views = [view(state=state) for state in ("closed", "upgrading", "closed")]

    assert "3 vaults: 2 closed, 1 upgrading" == summary_line(views)


def test_summary_of_nothing():
    """Nothing to show is said as such."""
    assert "no vaults" == summary_line([])
