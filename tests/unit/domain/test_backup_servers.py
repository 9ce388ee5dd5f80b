"""Backup servers are judged within their own product line, by numbers."""

from typing import Any

import pytest

from domain.agents import parse_version
from domain.backup_servers import SERVER_LINES, ServerLine, Standing, parse_server, server_standing

BELOW, ENOUGH, UNKNOWN = Standing.BELOW, Standing.ENOUGH, Standing.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "build", "standing"),
    [
        ("DPM", "4.2.1473.0", UNKNOWN),
        ("DPM", "4.2.10000.0", UNKNOWN),
        ("DPM", "4.10.1.0", ENOUGH),
        ("DPM", "5.0.158.0", UNKNOWN),
        ("DPM", "5.1.363.0", ENOUGH),
        ("DPM", "10.22.148.0", ENOUGH),
        ("DPM", "4.1.3333.0", BELOW),
        ("DPM", "3.0.7696.0", BELOW),
        ("AzureBackupServer", "11.0.200.0", UNKNOWN),
        ("AzureBackupServer", "12.0.332.0", ENOUGH),
        ("azurebackupserver", "14.0.30.0", ENOUGH),
        ("DPM", None, UNKNOWN),
        ("DPM", "new", UNKNOWN),
        ("SomethingElse", "1.0", UNKNOWN),
    ],
)
def test_a_build_stands_within_its_line(kind: str, build: str | None, standing: Standing) -> None:
    """DPM 2012 R2 is not measured by the numbers of DPM 2016; a missing build is unknown."""
    assert standing is server_standing(kind, parse_version(build))[0]


@pytest.mark.parametrize("line", SERVER_LINES, ids=lambda line: line.release)
def test_within_the_line_of_the_least_release_its_name_is_told(line: ServerLine) -> None:
    """A person can look at the server; no source gives the release's build."""
    assert (UNKNOWN, line.release) == server_standing(line.kind, (*line.line, 200))


def test_a_line_before_the_least_release_is_too_old() -> None:
    """The oldest release that will do is told."""
    assert (BELOW, "DPM 2016 UR2") == server_standing("DPM", (4, 1, 3333))


@pytest.mark.parametrize(
    ("told", "has_update"),
    [
        ({}, None),
        ({"isDpmUpgradeAvailable": False}, False),
        ({"isDpmUpgradeAvailable": False, "isAzureBackupAgentUpgradeAvailable": True}, True),
        ({"isDpmUpgradeAvailable": "yes"}, None),
    ],
)
def test_an_update_is_told_by_either_member(told: Any, has_update: bool | None) -> None:
    """One that says nothing takes nothing away; what is no truth value is not believed."""
    assert has_update is parse_server({"properties": told}, "dpm1").has_update
