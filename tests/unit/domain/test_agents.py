"""Agents and backup servers: who they are and how old."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents import (
    UPGRADE_FLOOR,
    Floor,
    is_below,
    parse_agent,
    parse_engine,
    parse_version,
    version_text,
)

numbers = st.lists(st.integers(0, 20000), min_size=1, max_size=5).map(tuple)


def container(**properties: Any) -> dict[str, Any]:
    """A MARS container in the service's shape."""
    return {"name": "Windows;fs01.contoso.local", "properties": properties}


@given(numbers, numbers)
def test_versions_compare_as_numbers(version: tuple[int, ...], floor: tuple[int, ...]) -> None:
    """Number by number from the left, missing ones being zero."""
    parsed = parse_version(".".join(str(number) for number in version))
    longest = max(len(version), len(floor))
    expected = version + (0,) * (longest - len(version)) < floor + (0,) * (longest - len(floor))
    # A version of zeros only is "not filled in".
    if parsed is None:
        assert not any(version)
        return
    assert expected is is_below(parsed, Floor(version=floor, purpose="p", source="s"))


@pytest.mark.parametrize(
    ("text", "is_old"),
    [
        ("2.0.9082.0", True),
        ("2.0.9083.0", False),
        ("2.0.9083", False),
        ("2.0.9083.1", False),
        ("2.0.10000.0", False),
        ("2.0.999.0", True),
        ("1.9.9999.9", True),
        ("3", False),
    ],
)
def test_the_floor_of_the_upgrade(text: str, is_old: bool) -> None:
    """2.0.10000.0 is newer than 2.0.9083.0, though as text it is not."""
    version = parse_version(text)

    assert version is not None
    assert is_old is is_below(version, UPGRADE_FLOOR)


@pytest.mark.parametrize(
    "text", [None, "", " ", "2.0.x.0", "v2.0.9083.0", "2..1", "-1.0", "0.0.0", "²"]
)
def test_what_is_no_version_is_unknown(text: str | None) -> None:
    """Never old and never new."""
    assert parse_version(text) is None


def test_a_floor_reads_as_it_is_written() -> None:
    """The article's number."""
    assert "2.0.9083.0" == version_text(UPGRADE_FLOOR.version)


def test_an_agent_is_read_from_its_container() -> None:
    """Name, version, last sign of life, items."""
    agent = parse_agent(
        container(
            friendlyName="FS01.CONTOSO.LOCAL",
            agentVersion="2.0.9250.0",
            protectedItemCount=3,
            extendedInfo={"lastRefreshedAt": "2026-11-20T01:02:03.1234567Z"},
        )
    )

    assert ("FS01.CONTOSO.LOCAL", (2, 0, 9250), 3) == (
        agent.name,
        agent.version,
        agent.item_count,
    )
    assert datetime(2026, 11, 20, 1, 2, 3, 123456, tzinfo=UTC) == agent.last_refreshed_at


def test_a_container_of_2016_has_a_name_and_nothing_else() -> None:
    """The name stands behind the container's kind; everything else is unknown."""
    agent = parse_agent(container())

    assert ("fs01.contoso.local", None, None, None) == (
        agent.name,
        agent.version,
        agent.last_refreshed_at,
        agent.item_count,
    )


@pytest.mark.parametrize(
    ("updates", "has_update"),
    [
        ({}, None),
        ({"isDpmUpgradeAvailable": False}, False),
        ({"isAzureBackupAgentUpgradeAvailable": True, "isDpmUpgradeAvailable": False}, True),
    ],
)
def test_a_backup_server_knows_of_updates(
    updates: dict[str, bool], has_update: bool | None
) -> None:
    """Of the agent or of the server itself; unknown where the service says nothing."""
    engine = parse_engine(container(azureBackupAgentVersion="2.0.9083.0", **updates))

    assert ((2, 0, 9083), has_update) == (engine.version, engine.has_update)
