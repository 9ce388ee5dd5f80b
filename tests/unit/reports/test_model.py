"""What a report counts and how it orders vaults."""

from dataclasses import replace
from datetime import timedelta

from domain.findings import Tally, Verdict
from domain.upgrade import RunState
from reports.model import UnfinishedRun, build_report
from tests.unit.reports.samples import (
    NOON,
    blocked_report,
    failed_report,
    finding,
    mixed_reports,
    report,
    settlement,
)


def build(*reports, unfinished=()):
    """A report made at noon."""
    return build_report(reports, generated_at=NOON, tool_version="1", unfinished=unfinished)


def test_vaults_are_ordered_by_name_without_case():
    """Vaults are listed by name, however it is spelt."""
    built = build(report("vault-b"), report("Vault-A"), report("vault-c"))

    assert ["Vault-A", "vault-b", "vault-c"] == [v.report.outcome.vault.name for v in built.vaults]


def test_states_are_counted_best_first():
    """The summary counts each end that occurred, and no other."""
    built = build(failed_report(), report("one"), report("two"))

    assert [(RunState.CLOSED, 2), (RunState.NEEDS_SUPPORT, 1)] == list(
        built.summary.by_state.items()
    )


def test_findings_and_tasks_are_added_up():
    """The summary adds up the findings and tasks of all vaults."""
    summary = build(*mixed_reports()).summary

    assert Tally(passed=3, failed=1, unknown=1) == summary.findings
    assert 2 == summary.tasks


def test_durations_are_seconds():
    """Durations are given in seconds, from start to end."""
    entry = build(report()).vaults[0]

    assert (43_200.0, 1440.0) == (entry.run_duration_s, entry.upgrade_duration_s)


def test_upgrade_that_never_started_has_no_duration():
    """A blocked vault has no upgrade duration, which is not the same as zero."""
    assert build(blocked_report()).vaults[0].upgrade_duration_s is None


def test_upgrade_without_end_has_no_duration():
    """An upgrade whose end nobody knows has no duration."""
    endless = replace(report(), upgrade_ended_at=None)

    assert build(endless).vaults[0].upgrade_duration_s is None


def test_unfinished_runs_are_counted():
    """Runs without an end are in the report and in its summary."""
    run = UnfinishedRun(vault="v", run_id="r", last_document="k.json", recorded_at=NOON)
    built = build(report(findings=(finding(Verdict.PASS),)), unfinished=(run,))

    assert ((run,), 1, 1) == (built.unfinished, built.summary.unfinished, built.summary.vaults)


def test_empty_report_has_zeros():
    """A report about nothing counts nothing and does not fail."""
    summary = build().summary

    assert (0, {}, Tally()) == (summary.vaults, summary.by_state, summary.findings)


def test_settlements_are_counted_apart_and_added_up_together():
    """Their ends apart, since a vault may have both; findings and tasks in one sum."""
    settled = settlement(findings=(finding(Verdict.FAIL),), state=RunState.CLOSED_WITH_TASKS)
    summary = build_report(
        [report(findings=(finding(Verdict.PASS),))],
        settlements=[settled],
        generated_at=NOON,
        tool_version="1",
    ).summary

    assert (1, 1, {RunState.CLOSED_WITH_TASKS: 1}, Tally(passed=1, failed=1)) == (
        summary.vaults,
        summary.settlements,
        summary.settled_by_state,
        summary.findings,
    )


def _upgraded_then_settled(state):
    """Two failing findings of the upgrade; a later settlement found one of them put right."""
    found = (finding(Verdict.FAIL), finding(Verdict.FAIL, subject="Weekly"))
    upgraded = report(findings=found)
    later = settlement("vault-clean", state, findings=found[1:])
    outcome = replace(
        later.outcome,
        vault=upgraded.outcome.target,
        ended_at=upgraded.outcome.ended_at + timedelta(days=1),
    )
    return build_report(
        [upgraded],
        settlements=[replace(later, outcome=outcome)],
        generated_at=NOON,
        tool_version="",
    ).summary


def test_what_is_open_is_told_by_the_last_look():
    """What the upgrade found is history once the vault was settled; the whole sum keeps it."""
    summary = _upgraded_then_settled(RunState.CLOSED_WITH_TASKS)

    assert (1, Tally(failed=1), Tally(failed=3)) == (
        summary.settled_since,
        summary.open_findings,
        summary.findings,
    )


def test_a_settlement_that_could_not_read_everything_takes_nothing_back():
    """It may lack what the upgrade found."""
    summary = _upgraded_then_settled(RunState.STOPPED)

    assert (0, Tally(failed=3)) == (summary.settled_since, summary.open_findings)
