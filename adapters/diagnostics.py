"""Diagnostic settings of a vault (recovery-services 6.3).

azure-mgmt-monitor 7 has no operations for them, so the ARM client that is there sends the request
itself, through the same pipeline as everything else.
"""

from typing import Any
from urllib.parse import quote

from azure.core.rest import HttpRequest
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient

from adapters.answers import ReadAnswers, raise_for_status, until_it_makes_sense
from adapters.http_errors import translated
from adapters.ports import Clock
from domain.codec import JsonObject
from domain.vaults import Reading, VaultRef

API_VERSION = "2021-05-01-preview"
"""The newest version of diagnostic settings; it has been a preview ever since."""


def settings_path(vault: VaultRef, name: str = "") -> str:
    """Path of the vault's diagnostic settings, or of one of them, with its query."""
    tail = f"/{quote(name, safe='')}" if name else ""
    path = f"{vault.arm_id}/providers/Microsoft.Insights/diagnosticSettings{tail}"
    return f"{path}?api-version={API_VERSION}"


async def read_settings(
    client: RecoveryServicesClient, vault: VaultRef, clock: Clock
) -> Reading[tuple[JsonObject, ...]]:
    """Every diagnostic setting of the vault; the service does not page this list.

    Raises:
        ServiceError: The settings could not be read.
    """
    subject = f"diagnostic settings of {vault}"

    async def once() -> Reading[tuple[JsonObject, ...]]:
        hook = ReadAnswers(subject, clock, is_list=True)
        with translated(subject):
            await _send(client, HttpRequest("GET", settings_path(vault)), raw_response_hook=hook)
        return hook.all()

    return await until_it_makes_sense(once)


async def write_setting(
    client: RecoveryServicesClient, vault: VaultRef, name: str, document: JsonObject
) -> None:
    """Makes or replaces one setting; sends exactly once.

    Raises:
        ServiceError: Of the kind that tells whether it may have taken effect.
    """
    subject = f"diagnostic setting {name} of {vault}"
    request = HttpRequest("PUT", settings_path(vault, name), json=document)
    with translated(subject, is_write=True):
        response = await _send(client, request)
        raise_for_status(response, subject=subject, is_write=True)


async def _send(client: RecoveryServicesClient, request: HttpRequest, **options: Any) -> Any:
    # The stub promises an awaitable of a response; the aio client gives one, untyped.
    return await client.send_request(request, **options)
