"""Looks at the vault in the classic list."""

from activities.evidence import keep_step
from adapters.ports import Ports
from domain.steps import InspectRequest
from domain.upgrade import ClassicVault


async def run_inspect_vault(ports: Ports, request: InspectRequest) -> ClassicVault:
    """Reads the vault's entry, with the upgrade record if there is one.

    Raises:
        NotFoundError: The subscription's list does not hold the vault.
        ServiceError: The list could not be read.
    """
    run = request.run
    # First of all: who asked for what is on record even where the vault turns out not to exist.
    await keep_step(ports, run, "01-request", run.request)
    classic = await ports.classic.read_vault(run.request.vault)
    await keep_step(ports, run, request.step, classic)
    return classic
