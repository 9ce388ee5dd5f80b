"""Reports are whole, go one way, and their data arrives."""

from typing import Any

import pytest

from domain.checks import reports
from domain.diagnostics import CATEGORIES, LEGACY_CATEGORY, report_state, setting_body
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import reading

WORKSPACE, OTHER = "/subscriptions/s/workspaces/one", "/subscriptions/s/workspaces/two"


def setting(
    *categories: str, name: str = "reports", workspace: str = WORKSPACE, kind: str | None = None
) -> dict[str, Any]:
    """A diagnostic setting."""
    logs = [{"category": one, "enabled": True} for one in categories]
    properties = {
        "workspaceId": workspace,
        "logs": logs,
        "logAnalyticsDestinationType": kind or "Dedicated",
    }
    return {"name": name, "properties": properties}


LEGACY = setting(LEGACY_CATEGORY, name="old", kind="AzureDiagnostics")


def _check(*settings: dict[str, Any], is_wanted: bool = True) -> Finding:
    (found,) = reports.check(reading(settings), vault="vault-one", is_wanted=is_wanted)
    return found


@pytest.mark.parametrize(
    ("settings", "verdict", "word"),
    [
        ([setting(*CATEGORIES)], Verdict.PASS, "by design"),
        ([setting(*CATEGORIES, kind="AzureDiagnostics")], Verdict.FAIL, "no diagnostic setting"),
        ([setting(*CATEGORIES[:3])], Verdict.FAIL, "AddonAzureBackupPolicy"),
        ([setting(*CATEGORIES, workspace="")], Verdict.FAIL, "no diagnostic setting"),
        ([LEGACY], Verdict.FAIL, "only the legacy"),
        ([setting(*CATEGORIES), LEGACY], Verdict.FAIL, "same workspace"),
        ([], Verdict.FAIL, "no diagnostic setting"),
    ],
    ids=["whole", "legacy tables", "partial", "elsewhere", "legacy", "both", "none"],
)
def test_the_settings_are_judged_together(
    settings: list[dict[str, Any]], verdict: Verdict, word: str
) -> None:
    """Six categories, resource-specific, and not twice to one place."""
    found = _check(*settings)

    assert (verdict, True) == (found.verdict, word in found.message)


def test_both_forms_in_different_workspaces_are_no_conflict() -> None:
    """Only the same workspace gets its data doubled."""
    elsewhere = {**LEGACY, "properties": {**LEGACY["properties"], "workspaceId": OTHER}}

    assert Verdict.PASS == _check(setting(*CATEGORIES), elsewhere).verdict


def test_a_vault_nobody_wants_reports_of_is_not_at_fault() -> None:
    """Without a workspace there is no wish, and no task."""
    found = _check(is_wanted=False)

    assert (Verdict.NOT_APPLICABLE, "") == (found.verdict, found.what_to_do)


def test_a_switched_off_category_is_missing() -> None:
    """A category that is listed and not enabled sends nothing."""
    document = setting(*CATEGORIES)
    document["properties"]["logs"][0]["enabled"] = False

    assert Verdict.FAIL == _check(document).verdict


def test_a_group_of_all_logs_holds_every_category() -> None:
    """Groups are the newer way to say it, and hold the legacy category as well."""
    document = setting()
    document["properties"]["logs"] = [{"categoryGroup": "allLogs", "enabled": True}]

    state = report_state([document])

    assert (1, True) == (len(state.whole), state.is_doubled)


@pytest.mark.parametrize("document", [{}, {"properties": None}, {"properties": {"logs": "x"}}])
def test_an_odd_setting_sends_nothing(document: dict[str, Any]) -> None:
    """Whatever is missing, the reading does not fail."""
    assert ((), (), ()) == (
        report_state([document]).whole,
        report_state([document]).partial,
        report_state([document]).legacy,
    )


def test_the_setting_that_is_made_is_whole() -> None:
    """What vaultlift sends passes its own check."""
    assert Verdict.PASS == _check({"name": "vaultlift-reports", **setting_body(WORKSPACE)}).verdict


def test_settings_that_could_not_be_read_are_unknown() -> None:
    """DESIGN rule 4."""
    failed = FailedRead(what="the settings", reason="403")
    (found,) = reports.check(failed, vault="vault-one", is_wanted=True)

    assert Verdict.UNKNOWN == found.verdict
