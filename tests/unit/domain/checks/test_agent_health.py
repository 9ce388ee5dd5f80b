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
