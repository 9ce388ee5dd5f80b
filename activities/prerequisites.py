"""Asks the service whether the vault may be upgraded."""

from activities.evidence import keep_step
from adapters.ports import Ports
from domain.steps import CheckRequest
from domain.upgrade import PrerequisiteCheck


async def run_check_prerequisites(ports: Ports, request: CheckRequest) -> PrerequisiteCheck:
    """Runs the service's own check; read-only and safe to repeat (vault-upgrade 2.2).

    Raises:
        ServiceError: The check itself could not be made.
    """
    run = request.run
    check = await ports.classic.check_prerequisites(
        request.classic, run.request.target, request.client_request_id
    )
    await keep_step(ports, run, f"03-prerequisites-{request.check_no}", check)
    return check
