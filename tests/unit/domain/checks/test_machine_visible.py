"""Machines that are registered and do not show are named, or counted."""

from typing import Any

import pytest

from domain.checks import machine_visible
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import reading
from tests.unit.domain.checks.test_agent_version import machine

NAME = "FS01.CONTOSO.LOCAL"
FAILED = FailedRead(what="the machines", reason="403")


def _count(number: Any) -> dict[str, Any]:
    return {"name": {"value": "MAB"}, "currentValue": number}


def _visible(shown: list[str], counts: Any, known: tuple[str, ...] = ()) -> list[Finding]:
    agents = reading(tuple(machine(name) for name in shown))
    found = machine_visible.check(agents, counts, vault="vault-one", known_before=known)
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


def test_a_machine_known_by_two_spellings_is_one() -> None:
    """The classic vault and Resource Manager write its name differently."""
    found = _visible(["A"], reading((_count(3),)), ("OLD.CONTOSO.LOCAL", "old.contoso.local"))

    assert (2, True) == (len(found), "1 have no name" in found[-1].message)


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
    (found,) = machine_visible.check(FAILED, reading(()), vault="vault-one")

    assert Verdict.UNKNOWN == found.verdict
