"""Backup servers are judged by their builds and by the updates that wait."""

from typing import Any

import pytest

from domain.checks import server_updates
from domain.findings import Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import reading

FAILED = FailedRead(what="the machines", reason="403")


CURRENT = {"isDpmUpgradeAvailable": False, "isAzureBackupAgentUpgradeAvailable": False}


def _server(**properties: Any) -> dict[str, Any]:
    members = {"friendlyName": "DPM1", "backupManagementType": "DPM", **properties}
    return {"name": "dpm1", "properties": members}


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({**CURRENT, "dpmVersion": "10.22.1.0"}, Verdict.PASS),
        ({**CURRENT, "dpmVersion": "4.1.3333.0"}, Verdict.FAIL),
        ({"dpmVersion": "10.22.1.0", "isDpmUpgradeAvailable": True}, Verdict.FAIL),
        ({"dpmVersion": "10.22.1.0", "isAzureBackupAgentUpgradeAvailable": True}, Verdict.FAIL),
        ({**CURRENT, "dpmVersion": "5.0.158.0"}, Verdict.UNKNOWN),
        ({"dpmVersion": "10.22.1.0"}, Verdict.UNKNOWN),
        (CURRENT, Verdict.UNKNOWN),
        ({}, Verdict.UNKNOWN),
    ],
    ids=[
        "well",
        "old",
        "update",
        "agent's update",
        "release untold",
        "updates untold",
        "build untold",
        "silent",
    ],
)
def test_a_backup_server_is_judged_by_its_build_and_by_the_updates_that_wait(
    properties: dict[str, Any], verdict: Verdict
) -> None:
    """Missing is unknown, never old and never current."""
    (found,) = server_updates.check(reading((_server(**properties),)), vault="vault-one")

    assert (verdict, verdict is Verdict.FAIL) == (found.verdict, bool(found.what_to_do))


def test_an_old_backup_server_is_told_the_release_it_needs() -> None:
    """By the name people know it by, not by its build alone."""
    server = _server(dpmVersion="4.1.3333.0", **CURRENT)
    (found,) = server_updates.check(reading((server,)), vault="vault-one")

    assert "Install DPM 2016 UR2 or later on DPM1" in found.what_to_do


def test_a_build_that_cannot_be_told_from_the_release_names_it() -> None:
    """Rather than call a good server old."""
    server = _server(dpmVersion="4.2.1473.0", **CURRENT)
    (found,) = server_updates.check(reading((server,)), vault="vault-one")

    assert found.message.endswith("it needs DPM 2012 R2 UR12")


def test_backup_servers_that_could_not_be_read_are_unknown() -> None:
    """DESIGN rule 4."""
    (found,) = server_updates.check(FAILED, vault="vault-one")

    assert Verdict.UNKNOWN == found.verdict
