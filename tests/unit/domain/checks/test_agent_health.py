"""Machines that are silent, empty or invisible are named."""

from datetime import timedelta
from typing import Any

import pytest

from domain.checks import agent_health
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import NOW, reading
from tests.unit.domain.checks.test_agent_version import machine
from tests.unit.domain.job_documents import agent_item, stamp

NAME = "FS01.CONTOSO.LOCAL"
FAILED = FailedRead(what="the machines", reason="403")


def _refreshed(days_ago: int) -> dict[str, Any]:
    return {"extendedInfo": {"lastRefreshedAt": stamp(NOW - timedelta(days=days_ago))}}


def _health(container: Any, *items: Any) -> Finding:
    (found,) = agent_health.check(reading((container,)), reading(items), vault="vault-one", now=NOW)
    return found


@pytest.mark.parametrize(
    ("container", "items", "verdict", "word"),
    [
        (machine(NAME, **_refreshed(1)), [agent_item()], Verdict.PASS, "last heard"),
        (machine(NAME), [agent_item()], Verdict.PASS, "last heard"),
        (
            machine(NAME, **_refreshed(21)),
            [agent_item(lastBackupTime=stamp(NOW - timedelta(days=21)))],
            Verdict.FAIL,
            "20 days ago",
        ),
        (machine(NAME, protectedItemCount=0), [], Verdict.FAIL, "protects nothing"),
        (
            machine(NAME, protectedItemCount=1),
            [agent_item(lastBackupTime="2001-01-01T00:00:00Z")],
            Verdict.FAIL,
            "never reported",
        ),
        (machine(NAME), [agent_item(machine="FS02")], Verdict.FAIL, "protects nothing"),
    ],
    ids=["well", "2016 body", "stale", "empty", "never synced", "others' items"],
)
def test_a_machine_is_judged_by_its_last_sign_of_life(
    container: Any, items: list[Any], verdict: Verdict, word: str
) -> None:
    """Bodies of 2016 carry no refresh time: the items tell then."""
    found = _health(container, *items)

    assert (verdict, True) == (found.verdict, word in found.message)


@pytest.mark.parametrize(
    ("agents", "items"), [(FAILED, reading(())), (reading((machine(NAME),)), FAILED)]
)
def test_without_both_lists_nothing_is_known(agents: Any, items: Any) -> None:
    """A machine without items may be one whose items could not be read."""
    (found,) = agent_health.check(agents, items, vault="vault-one", now=NOW)

    assert Verdict.UNKNOWN == found.verdict


CURRENT = {"isDpmUpgradeAvailable": False, "isAzureBackupAgentUpgradeAvailable": False}


def _server(**properties: Any) -> dict[str, Any]:
    members = {"friendlyName": "DPM1", "backupManagementType": "DPM", **properties}
    return {"name": "dpm1", "properties": members}


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({**CURRENT, "dpmVersion": "5.0.322.0"}, Verdict.PASS),
        ({**CURRENT, "dpmVersion": "5.0.158.0"}, Verdict.FAIL),
        ({"dpmVersion": "10.22.1.0", "isDpmUpgradeAvailable": True}, Verdict.FAIL),
        ({"dpmVersion": "10.22.1.0", "isAzureBackupAgentUpgradeAvailable": True}, Verdict.FAIL),
        ({"dpmVersion": "10.22.1.0"}, Verdict.UNKNOWN),
        (CURRENT, Verdict.UNKNOWN),
        ({}, Verdict.UNKNOWN),
    ],
    ids=["well", "old", "update", "agent's update", "updates untold", "build untold", "silent"],
)
def test_a_backup_server_is_judged_by_its_build_and_by_the_updates_that_wait(
    properties: dict[str, Any], verdict: Verdict
) -> None:
    """Missing is unknown, never old and never current."""
    (found,) = agent_health.check_updates(reading((_server(**properties),)), vault="vault-one")

    assert (verdict, verdict is Verdict.FAIL) == (found.verdict, bool(found.what_to_do))


def test_an_old_backup_server_is_told_the_release_it_needs() -> None:
    """By the name people know it by, not by its build alone."""
    server = _server(dpmVersion="4.2.1473.0", **CURRENT)
    (found,) = agent_health.check_updates(reading((server,)), vault="vault-one")

    assert "Install DPM 2012 R2 UR12 or later on DPM1" in found.what_to_do


def test_backup_servers_that_could_not_be_read_are_unknown() -> None:
    """DESIGN rule 4."""
    (found,) = agent_health.check_updates(FAILED, vault="vault-one")

    assert Verdict.UNKNOWN == found.verdict


def _count(number: Any) -> dict[str, Any]:
    return {"name": {"value": "MAB"}, "currentValue": number}


def _visible(shown: list[str], counts: Any, known: tuple[str, ...] = ()) -> list[Finding]:
    agents = reading(tuple(machine(name) for name in shown))
    found = agent_health.check_visible(agents, counts, vault="vault-one", known_before=known)
    return list(found)


def test_all_machines_showing_is_a_pass() -> None:
    """The service's own count agrees with its list."""
    (found,) = _visible(["A", "B"], reading((_count(2),)))

    assert Verdict.PASS == found.verdict


def test_an_invisible_machine_that_was_known_is_named() -> None:
    """Known before the upgrade, absent after: its agent is too old."""
    named, total = _visible(["A"], reading((_count(2),)), ("a", "OLD.CONTOSO.LOCAL"))

    assert ("OLD.CONTOSO.LOCAL", Verdict.FAIL, Verdict.PASS) == (
        named.subject,
        named.verdict,
        total.verdict,
    )


def test_an_invisible_machine_nobody_knows_is_counted() -> None:
    """The number is certain although the name is not."""
    (found,) = _visible(["A"], reading((_count(3),)))

    assert (Verdict.FAIL, True) == (found.verdict, "2 have no name" in found.message)


def test_a_machine_that_was_unregistered_is_not_missed() -> None:
    """Where the count agrees, whoever is gone has left."""
    (found,) = _visible(["A"], reading((_count(1),)), ("GONE",))

    assert Verdict.PASS == found.verdict


@pytest.mark.parametrize(
    "counts", [reading(()), reading((_count("2"),)), reading((_count(number=True),))]
)
def test_without_a_count_nothing_is_compared(counts: Any) -> None:
    """What shows may be all there is, or not."""
    (found,) = _visible(["A"], counts)

    assert Verdict.NOT_APPLICABLE == found.verdict


def test_a_vault_without_machines_has_nothing_to_show() -> None:
    """No machine, no count, no finding."""
    assert [] == _visible([], reading(()))


def test_a_count_that_could_not_be_read_is_unknown() -> None:
    """DESIGN rule 4; what is known by name is told all the same."""
    named, total = _visible(["A"], FAILED, ("OLD",))

    assert ("OLD", Verdict.UNKNOWN) == (named.subject, total.verdict)


def test_machines_that_could_not_be_read_are_unknown() -> None:
    """DESIGN rule 4."""
    (found,) = agent_health.check_visible(FAILED, reading(()), vault="vault-one")

    assert Verdict.UNKNOWN == found.verdict
