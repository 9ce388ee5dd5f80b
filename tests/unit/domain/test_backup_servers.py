"""Backup servers are judged within their own product line, by numbers."""

from typing import Any

import pytest

from domain.agents import parse_version
from domain.backup_servers import SERVER_LINES, Standing, parse_server, server_standing

BELOW, ENOUGH, UNKNOWN = Standing.BELOW, Standing.ENOUGH, Standing.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "build", "standing"),
    [
        ("DPM", "4.2.1473.0", BELOW),
        ("DPM", "4.2.1553.0", ENOUGH),
        ("DPM", "4.2.10000.0", ENOUGH),
        ("DPM", "5.0.158.0", BELOW),
        ("DPM", "5.0.322.0", ENOUGH),
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


@pytest.mark.parametrize("line", [one for one in SERVER_LINES if one.floor is not None])
def test_every_floor_is_enough_and_the_build_before_it_is_not(line: Any) -> None:
    """The least release itself is new enough."""
    *numbers, last = line.floor.version

    assert (ENOUGH, "") == server_standing(line.kind, line.floor.version)
    assert (BELOW, line.release) == server_standing(line.kind, (*numbers, last - 1))


def test_a_line_whose_least_release_has_no_published_build_names_the_release() -> None:
    """A person can look at the server; the program cannot tell."""
    assert (UNKNOWN, "Azure Backup Server with Update 1") == server_standing(
        "AzureBackupServer", (11, 0, 200)
    )


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
