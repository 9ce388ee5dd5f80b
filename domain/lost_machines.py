"""Machines that are gone for good: unregistered before the start, once somebody has agreed.

A machine that no longer exists holds up the upgrade of its vault like one with an old agent. Either
its backups are kept, and the vault stays classic, or it is unregistered and they are given up
(vault-upgrade 1.2). So it takes a name in the request, and another person, whatever the request
says about approval.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.codec import JsonObject
from domain.documents import value_at
from domain.lost_machine import LostMachine
from domain.prechecks import CheckReason, Gravity, error
from domain.service_reasons import is_about_agents_of

SOURCE = "machines of the classic vault"
RULE = "vault-upgrade 1.2"


@dataclass(frozen=True, kw_only=True)
class LostMachines:
    """What the machines a request names come to."""

    reasons: tuple[CheckReason, ...]
    found: tuple[LostMachine, ...]
    """Those that are unregistered before the start, or have been in this run."""


def registered_machines(vault_id: str, rows: Iterable[JsonObject]) -> tuple[LostMachine, ...]:
    """The machines of a classic vault; rows without name or number are left out."""
    machines = []
    for row in rows:
        name = value_at(row, ("properties", "friendlyName")) or row.get("uniqueName")
        number = value_at(row, ("properties", "containerId"))
        if name and number is not None:
            machine = LostMachine(name=str(name), vault_id=vault_id, container_id=str(number))
            machines.append(machine)
    return tuple(machines)


def judge_lost_machines(
    named: Iterable[str],
    registered: Iterable[LostMachine],
    unregistered: Iterable[LostMachine] = (),
) -> LostMachines:
    """What is to be done about each machine a request names.

    The same before and after they have been unregistered: the plan that was approved still holds
    then.

    Args:
        named: Names from the request.
        registered: The machines of the classic vault.
        unregistered: Those this run has unregistered already.
    """
    # Both: the vault no longer lists what this run has unregistered, and the plan names it still.
    known = [*unregistered, *registered]
    reasons: list[CheckReason] = []
    chosen: list[LostMachine] = []
    for name in named:
        # A set: for a while the list may show such a machine still, and it is one all the same.
        found = {one for one in known if one.name.casefold() == name.casefold()}
        reasons.append(_judge(name, found))
        # None of several: their names are one, and the backups of the wrong one would be lost.
        if len(found) == 1:
            chosen += found
    return LostMachines(reasons=tuple(reasons), found=tuple(chosen))


def _judge(name: str, found: set[LostMachine]) -> CheckReason:
    if len(found) > 1:
        numbers = ", ".join(sorted(one.container_id for one in found))
        return error(
            "MachineAmbiguous",
            f"several machines named {name} are registered: containers {numbers}",
            "Unregister the right one in the classic portal, then run the vault again.",
            source=SOURCE,
            rule=RULE,
        )
    if not found:
        return CheckReason(
            code="MachineNotRegistered",
            gravity=Gravity.NOTE,
            message=f"no machine named {name} is registered; there is nothing to unregister",
            what_to_do="",
            source=SOURCE,
            rule=RULE,
        )
    return CheckReason(
        code="MachineUnregistered",
        gravity=Gravity.WARNING,
        message=f"machine {name} is unregistered before the start; its backups are given up",
        what_to_do="Approve the plan only if the machine is gone and nobody needs its backups.",
        source=SOURCE,
        rule=RULE,
    )


def without_settled(
    reasons: Iterable[CheckReason], machines: Iterable[LostMachine]
) -> list[CheckReason]:
    """The service's reasons without those that only these machines give.

    Nothing is taken for granted by that: the service is asked again once they are unregistered.
    """
    # The service writes names as the machine gave them, Resource Manager in capitals.
    names = {one.name.casefold() for one in machines}
    return [one for one in reasons if not is_about_agents_of(one.rows, names)]
