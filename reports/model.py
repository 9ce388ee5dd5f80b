"""What a report holds, whatever its format. Members are named as in the evidence it is made from.

The JSON report is this model written down; ``docs/reference/report.schema.json`` is its schema.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from domain.findings import Tally, add_tallies
from domain.outcomes import SettlementOutcome, SettlementReport, VaultOutcome, VaultReport
from domain.upgrade import RunState
from reports.words import STATES

SCHEMA: Literal["vaultlift/report/1"] = "vaultlift/report/1"
"""Goes up when a member is renamed, removed or changes its meaning; new members leave it alone."""

# Field docstrings become the descriptions of the published JSON Schema.
_DESCRIBED = ConfigDict(use_attribute_docstrings=True)


@dataclass(frozen=True, kw_only=True)
class UnfinishedRun:
    """A run that has evidence but no end yet: still on its way, or its process is gone."""

    __pydantic_config__ = _DESCRIBED

    vault: str
    """The vault as its last document names it."""
    run_id: str
    last_document: str
    """Key of the latest evidence document."""
    recorded_at: datetime
    """When that document was recorded, UTC."""


@dataclass(frozen=True, kw_only=True)
class VaultEntry:
    """One vault: the last run that ended."""

    __pydantic_config__ = _DESCRIBED

    report: VaultReport
    """The run as kept in evidence, unchanged."""
    run_duration_s: float
    """Seconds from the start of the run to its end."""
    upgrade_duration_s: float | None
    """Seconds the service took for the upgrade; null when it was not started or has no end."""


@dataclass(frozen=True, kw_only=True)
class SettlementEntry:
    """One vault that was settled by itself: the last settlement that ended."""

    __pydantic_config__ = _DESCRIBED

    report: SettlementReport
    """The settlement as kept in evidence, unchanged."""
    duration_s: float
    """Seconds from its start to its end."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The counts on top of a report."""

    __pydantic_config__ = _DESCRIBED

    vaults: int
    """Vaults with an ended run."""
    unfinished: int
    """Runs without an end."""
    by_state: dict[RunState, int]
    """How many vaults ended in each state; states nobody ended in are left out."""
    settlements: int
    """Vaults with an ended settlement of its own, beside the upgrades."""
    settled_by_state: dict[RunState, int]
    """How many settlements ended in each state; states nobody ended in are left out."""
    findings: Tally
    """Findings of all vaults together, upgraded and settled."""
    tasks: int
    """Tasks for people of all vaults together, upgraded and settled."""
    open_findings: Tally
    """Findings of the last look at each vault: where one was settled since its upgrade, and
    everything could be read, the settlement's alone."""
    open_tasks: int
    """Tasks for people by the last look at each vault; what is left to do now."""
    settled_since: int
    """Upgraded vaults whose upgrade's findings and tasks are history, because they were settled
    since."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything a report shows."""

    __pydantic_config__ = _DESCRIBED

    schema: Literal["vaultlift/report/1"] = SCHEMA
    generated_at: datetime
    """UTC, by the clock of whoever made the report."""
    clock_rate: float = 1.0
    """How many times faster than real time the clock ran that every moment here is told by; 1: the
    wall clock."""
    tool_version: str
    summary: Summary
    vaults: tuple[VaultEntry, ...]
    """By name of the vault, then by key."""
    settlements: tuple[SettlementEntry, ...]
    """Settlements that were started by themselves, in the same order."""
    unfinished: tuple[UnfinishedRun, ...]


def _entry(report: VaultReport) -> VaultEntry:
    outcome = report.outcome
    started, ended = report.upgrade_started_at, report.upgrade_ended_at
    return VaultEntry(
        report=report,
        run_duration_s=(outcome.ended_at - outcome.started_at).total_seconds(),
        # An adopted upgrade may have a start and no end that we saw.
        upgrade_duration_s=(ended - started).total_seconds() if started and ended else None,
    )


def _settled(report: SettlementReport) -> SettlementEntry:
    outcome = report.outcome
    seconds = (outcome.ended_at - outcome.started_at).total_seconds()
    return SettlementEntry(report=report, duration_s=seconds)


def _by_state(states: Iterable[RunState]) -> dict[RunState, int]:
    counted = Counter(states)
    # In the order of STATES, best first, whatever order the runs ended in.
    return {state: counted[state] for state in STATES if counted[state]}


def _by_name(report: VaultReport | SettlementReport) -> tuple[str, str]:
    # The key decides between vaults of one name, so that two reports of the same runs are equal.
    vault = report.outcome.vault
    return vault.name.casefold(), vault.key


def _summary(
    entries: tuple[VaultEntry, ...], settled: tuple[SettlementEntry, ...], *, unfinished: int
) -> Summary:
    upgrades = [one.report.outcome for one in entries]
    settles = [one.report.outcome for one in settled]
    outcomes: list[VaultOutcome | SettlementOutcome] = [*upgrades, *settles]
    past = _later_looks(entries, settled)
    # Of both together only what nobody has looked at again: a task must not count twice, and one
    # that is done not at all.
    last = [one for one in outcomes if one.vault.key not in past]
    return Summary(
        vaults=len(upgrades),
        unfinished=unfinished,
        by_state=_by_state(one.state for one in upgrades),
        settlements=len(settles),
        settled_by_state=_by_state(one.state for one in settles),
        findings=add_tallies(one.tally for one in outcomes),
        tasks=sum(one.task_count for one in outcomes),
        open_findings=add_tallies(one.tally for one in last),
        open_tasks=sum(one.task_count for one in last),
        settled_since=len(past),
    )


def build_report(
    reports: Iterable[VaultReport],
    *,
    generated_at: datetime,
    tool_version: str,
    settlements: Iterable[SettlementReport] = (),
    unfinished: Iterable[UnfinishedRun] = (),
    clock_rate: float = 1.0,
) -> Report:
    """A report about the given runs and settlements, one of each per vault."""
    vaults = tuple(_entry(one) for one in sorted(reports, key=_by_name))
    settled = tuple(_settled(one) for one in sorted(settlements, key=_by_name))
    runs = tuple(unfinished)
    return Report(
        generated_at=generated_at,
        clock_rate=clock_rate,
        tool_version=tool_version,
        summary=_summary(vaults, settled, unfinished=len(runs)),
        vaults=vaults,
        settlements=settled,
        unfinished=runs,
    )


_LOOKED_AT_ALL = frozenset(STATES) - {RunState.STOPPED, RunState.NEEDS_SUPPORT}
"""Ends of a settlement that has read everything; others may lack what an earlier run found."""


def settled_since(report: Report) -> dict[str, SettlementEntry]:
    """By key of the classic vault: the settlement that has looked at the vault again since.

    What the upgrade's run found there is history then, and its tasks may be done.
    """
    return _later_looks(report.vaults, report.settlements)


def _later_looks(
    upgrades: Iterable[VaultEntry], settlements: Iterable[SettlementEntry]
) -> dict[str, SettlementEntry]:
    settled = {one.report.outcome.vault.key: one for one in settlements}
    found: dict[str, SettlementEntry] = {}
    for entry in upgrades:
        upgrade = entry.report.outcome
        later = settled.get(upgrade.target.key) if upgrade.target is not None else None
        if later is None or later.report.outcome.state not in _LOOKED_AT_ALL:
            continue
        if later.report.outcome.ended_at > upgrade.ended_at:
            found[upgrade.vault.key] = later
    return found
