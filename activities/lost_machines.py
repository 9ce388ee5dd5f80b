"""Finds machines that are gone for good among those of a classic vault, and unregisters them."""

from contextlib import suppress

from activities.evidence import keep_step
from adapters.ports import Ports
from domain.errors import NotFoundError
from domain.lost_machine import LostMachine
from domain.lost_machines import LostMachines, judge_lost_machines, registered_machines
from domain.steps import PrecheckRequest, Recorded, UnregisterRequest
from domain.vaults import Reading


async def find_lost_machines(ports: Ports, request: PrecheckRequest) -> Reading[LostMachines]:
    """What the machines that a request names come to.

    Raises:
        ServiceError: The vault's machines could not be read.
    """
    vault = await ports.classic_contents.find_vault(request.classic)
    rows = await ports.classic_contents.list_machines(vault.value)
    lost = judge_lost_machines(
        request.run.request.unregister_machines,
        registered_machines(vault.value, rows.value),
        request.unregistered,
    )
    return Reading(value=lost, provenance=rows.provenance)


async def run_unregister_machines(ports: Ports, request: UnregisterRequest) -> Recorded:
    """Unregisters machines that an approved plan names; one that is gone already is well.

    Raises:
        ServiceError: One could not be unregistered; the others may have been.
        EvidenceError: What was to be done could not be kept; nothing was sent.
    """
    # Before the first call: afterwards the service knows nothing of these machines any more.
    await keep_step(ports, request.run, "05-unregister-asked", request)
    for machine in request.machines:
        # Right before each call: numbers may be given again, and agreed was about a machine.
        if await _is_still(ports, machine):
            with suppress(NotFoundError):
                await ports.classic_contents.unregister_machine(machine.path)
    await keep_step(ports, request.run, "05-unregistered", request)
    return Recorded(key=f"{request.run.prefix}/05-unregistered.json")


async def _is_still(ports: Ports, machine: LostMachine) -> bool:
    """Whether the number still belongs to the machine that was agreed about."""
    rows = await ports.classic_contents.list_machines(machine.vault_id)
    return machine in registered_machines(machine.vault_id, rows.value)
