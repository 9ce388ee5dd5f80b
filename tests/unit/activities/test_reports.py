"""A diagnostic setting is made once, and only where that was asked for."""

from datetime import timedelta
from typing import Any

import pytest

from activities.reports import run_make_reports, run_plan_reports, run_read_reports
from adapters.ports import Ports
from domain.diagnostics import CATEGORIES, SETTING_NAME, setting_body
from domain.errors import NotFoundError, OutcomeUnknownError, RefusedError
from domain.summaries import StepSummary
from tests.fakes import FakeJobLog, FakeRecoveryServices, FakeVault, fake_ports, vault_ref
from tests.unit.activities.policy_worlds import PREFIX, settle

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/x/workspaces/w"
GUID = "11111111-2222-4333-8444-555555555555"


def _world(*settings: dict[str, Any]) -> tuple[Ports, FakeRecoveryServices, FakeJobLog]:
    arm, log = FakeRecoveryServices(), FakeJobLog()
    arm.add(vault_ref(), FakeVault(document={}, diagnostic_settings=list(settings)))
    return fake_ports(recovery_services=arm, job_log=log), arm, log


WHOLE = {"name": "theirs", **setting_body(WORKSPACE)}
LEGACY = {
    "name": "old",
    "properties": {
        "workspaceId": WORKSPACE,
        "logs": [{"category": "AzureBackupReport", "enabled": True}],
    },
}
PARTIAL = {
    "name": "half",
    "properties": setting_body(WORKSPACE)["properties"]
    | {"logs": [{"category": CATEGORIES[1], "enabled": True}]},
}
CHANGED = {"name": SETTING_NAME, "properties": {"workspaceId": "/other", "logs": []}}


@pytest.mark.parametrize(
    ("settings", "workspace", "is_planned"),
    [
        ([], WORKSPACE, True),
        ([], None, False),
        ([WHOLE], WORKSPACE.upper(), False),
        ([WHOLE], "/subscriptions/s/workspaces/other", True),
        ([CHANGED], WORKSPACE, False),
        ([LEGACY], WORKSPACE.upper(), False),
        ([LEGACY], "/subscriptions/s/workspaces/other", True),
        ([PARTIAL], WORKSPACE, False),
    ],
    ids=[
        *("missing", "not asked", "there already", "elsewhere", "changed by somebody"),
        *("legacy there", "legacy elsewhere", "half there"),
    ],
)
async def test_a_setting_is_planned_where_it_lacks(
    settings: list[dict[str, Any]], workspace: str | None, is_planned: bool
) -> None:
    """A setting of our name that somebody changed is theirs."""
    ports, _, _ = _world(*settings)

    plan = await run_plan_reports(ports, settle(diagnostics_workspace=workspace))

    assert is_planned == bool(plan.change)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (LEGACY, "setting old sends the legacy category AzureBackupReport there"),
        (PARTIAL, f"setting half sends {CATEGORIES[1]} to this workspace already"),
        (CHANGED, f"a setting named {SETTING_NAME} is there and sends something else"),
    ],
)
async def test_a_setting_that_is_not_made_says_why(there: dict[str, Any], why: str) -> None:
    """Somebody asked for reports and has to learn what stands against them."""
    ports, arm, _ = _world(there)
    request = settle(diagnostics_workspace=WORKSPACE)
    await run_make_reports(ports, request)
    await run_read_reports(ports, request)
    kept = await ports.evidence.read(f"{PREFIX}/10-reports.json")
    (finding,) = (kept or {})["data"]["findings"]

    assert (0, "fail", True, True) == (
        arm.count("write_diagnostic_setting"),
        finding["verdict"],
        finding["message"].endswith(why),
        bool(finding["what_to_do"]),
    )


async def test_reports_that_go_elsewhere_are_not_those_that_were_asked_for() -> None:
    """Whole, and in another workspace than the one somebody named."""
    ports, _, _ = _world(WHOLE)
    await run_read_reports(ports, settle(diagnostics_workspace="/subscriptions/s/workspaces/other"))
    kept = await ports.evidence.read(f"{PREFIX}/10-reports.json")
    (finding,) = (kept or {})["data"]["findings"]

    assert ("fail", True) == (finding["verdict"], "not to the workspace" in finding["message"])


async def test_a_setting_is_made_once_even_when_its_answer_is_lost() -> None:
    """The intention is kept before; what came of it shows in the next reading."""
    ports, arm, _ = _world()
    arm.lose_answer("write_diagnostic_setting", OutcomeUnknownError("lost"))
    request = settle(diagnostics_workspace=WORKSPACE)
    await run_make_reports(ports, request)

    await run_make_reports(ports, request)

    assert (1, StepSummary()) == (
        arm.count("write_diagnostic_setting"),
        await run_make_reports(ports, request),
    )


async def test_a_refused_setting_is_a_decision() -> None:
    """Some landing zones deny it; a person has to choose."""
    ports, arm, _ = _world()
    arm.fail("write_diagnostic_setting", RefusedError("denied by policy", status=403))

    summary = await run_make_reports(ports, settle(diagnostics_workspace=WORKSPACE))

    assert "denied by policy" in summary.decisions[0]


async def _data_finding(ports: Ports, **changes: Any) -> dict[str, Any]:
    await run_read_reports(ports, settle(log_workspace_id=GUID, **changes))
    kept = await ports.evidence.read(f"{PREFIX}/10-reports.json")
    findings = (kept or {})["data"]["findings"]
    return next(one for one in findings if one["check_id"] == "report-data")


async def test_data_that_arrived_is_a_pass() -> None:
    """One row within two days is proof."""
    ports, _, log = _world(WHOLE)
    row = {"TableName": CATEGORIES[0], "LastArrival": "2017-09-05T08:00:00Z", "RowCount": 1}
    log.arrivals[(GUID, vault_ref().key)] = [row]

    assert "pass" == (await _data_finding(ports))["verdict"]


async def test_a_workspace_without_tables_has_no_data() -> None:
    """Tables are made by the first row: an answer, and no gap in what was read."""
    ports, _, log = _world(WHOLE)
    log.fail("list_arrivals", NotFoundError("no table", code="SEM0100", status=400))

    assert "fail" == (await _data_finding(ports))["verdict"]


async def test_on_the_first_day_nothing_is_missing_yet() -> None:
    """The first push may take 24 hours."""
    ports, _, log = _world(WHOLE)
    log.arrivals[(GUID, vault_ref().key)] = []
    ended_at = ports.clock.now() - timedelta(hours=3)

    assert "not_applicable" == (await _data_finding(ports, upgrade_ended_at=ended_at))["verdict"]


async def test_without_a_workspace_nobody_looks_for_data() -> None:
    """There is nowhere to look."""
    ports, _, log = _world(WHOLE)

    await run_read_reports(ports, settle())

    assert 0 == log.count("list_arrivals")
