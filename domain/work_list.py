"""What has to be done at machines, one row each, for the people who look after them."""

from collections.abc import Iterable

from domain.checks import catalog
from domain.estate_map import EstateMap
from domain.findings import Finding, Verdict
from domain.policy_machines import MACHINE_FIELD
from domain.work_items import WorkItem

AT_THE_MACHINE = frozenset(
    {
        catalog.AGENT_VERSION.id,
        catalog.AGENT_HEALTH.id,
        catalog.MACHINE_ONCE.id,
        catalog.SERVER_UPDATE.id,
        catalog.MACHINE_VISIBLE.id,
    }
)
"""Checks whose subject is a machine."""


def _machines(finding: Finding) -> tuple[str, ...]:
    if finding.check_id in AT_THE_MACHINE:
        return (finding.subject,)
    # A policy whose times only its machines know names them in its facts.
    return tuple(one.value for one in finding.facts if one.field == MACHINE_FIELD and one.value)


def work_list(
    findings: Iterable[Finding], *, vault: str, estate_map: EstateMap
) -> tuple[WorkItem, ...]:
    """The rows of one vault, by owner and machine.

    Args:
        findings: Every finding of the vault.
        vault: The vault's name.
        estate_map: Says who looks after which machine.
    """
    # What is unknown is left out: an owner who is asked to do something must find it to be so.
    asked = [
        one
        for one in findings
        if one.what_to_do and one.verdict in {Verdict.FAIL, Verdict.NOT_APPLICABLE}
    ]
    rows = [
        WorkItem(
            owner=estate_map.owner_of(machine),
            machine=machine,
            vault=vault,
            check_id=one.check_id,
            found=one.message,
            what_to_do=one.what_to_do,
        )
        for one in asked
        for machine in _machines(one)
    ]
    return tuple(sorted(rows, key=lambda row: (row.owner, row.machine.casefold(), row.check_id)))
