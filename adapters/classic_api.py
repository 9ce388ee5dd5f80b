"""The classic management API as an SDK client would speak it (facts vault-upgrade 2).

Four calls: list, check prerequisites, start, track. Listing, checking and tracking change nothing
and are repeated when the service is busy or breaks down. The start is sent once, on a pipeline
that cannot repeat, and whatever leaves its outcome open is raised as OutcomeUnknownError.
"""

import difflib
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from azure.core.rest import AsyncHttpResponse, HttpRequest

from adapters.classic_answers import nonsense, read_start, refusal_of
from adapters.classic_faults import ClassicError, outcome_of, parse_error
from adapters.classic_xml import (
    BodyError,
    build_upgrade_input,
    parse_operation,
    parse_vaults,
)
from adapters.clients import ClassicClient, Clients
from adapters.exchange_log import logged
from adapters.http_errors import (
    find_date,
    find_request_id,
    translated,
)
from adapters.loop_local import LoopLocal
from adapters.pipelines import REPEATABLE
from adapters.ports import Clock
from domain.errors import (
    NotFoundError,
    ServiceError,
)
from domain.upgrade import (
    ClassicVault,
    OperationInfo,
    PrerequisiteCheck,
    UpgradeRecord,
    client_request_id,
)
from domain.vaults import ClassicVaultRef, Provenance, VaultRef

LIST_API_VERSION = "2015-02-10"
# Both as the recorded clients send them (2.0, 2.1): the bodies read here are of these versions.
VERSION = "2013-03-01"
"""``x-ms-version`` of every call; the list has both."""

_XML = "application/xml"
_RESEMBLANCE = 0.8


class ClassicApi:
    """Port ClassicVaults over the wire.

    Args:
        clients: Gives the clients of the running loop.
        clock: Dates readings and client request ids.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def list_vaults(self, subscription_id: str) -> tuple[ClassicVault, ...]:
        """Every classic vault of a subscription.

        Raises:
            ServiceError: As the port says.
        """
        path = f"/{quote(subscription_id, safe='')}/cloudservices"
        subject = f"classic vaults of subscription {subscription_id}"
        request = HttpRequest(
            "GET", path, params={"api-version": LIST_API_VERSION}, headers=_headers(None)
        )
        response = await self._ask(request, subject)
        if response.status_code != HTTPStatus.OK:
            raise refusal_of(response, subject, is_write=False)
        try:
            vaults = parse_vaults(
                response.content, subscription_id, self._provenance("GET", path, response)
            )
        except BodyError as error:
            raise nonsense(response, subject, error) from None
        answered_at = find_date(response.headers)
        return tuple(replace(vault, answered_at=answered_at) for vault in vaults)

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        """The list's entry for one vault; of two, the last, as the original client does (2.0).

        Raises:
            NotFoundError: The subscription's list does not hold it.
        """
        listed = await self.list_vaults(vault.subscription_id)
        found = [entry for entry in listed if entry.ref.key == vault.key]
        if not found:
            raise NotFoundError(
                f"no {vault.vault_type} of that name in {vault.region}",
                subject=str(vault),
                request_id=listed[-1].provenance.request_id if listed else None,
                what_to_do=_where_else(vault, listed),
            )
        # Type and region are part of the key, so that two of them can only be one vault listed
        # twice.
        return found[-1]

    async def check_prerequisites(
        self, vault: ClassicVault, target: VaultRef, client_request_id: str
    ) -> PrerequisiteCheck:
        """Asks whether the vault may be upgraded; changes nothing.

        Raises:
            ServiceError: The service gave neither "all good" nor a list of reasons.
        """
        path = _vault_path(vault, "checkPrereqsForUpgrade")
        request = _post(path, target, client_request_id)
        subject = f"prerequisites of {vault.ref}"
        response = await self._ask(request, subject, retry_on_methods=REPEATABLE)
        error = self._error_of_check(response, subject)
        # An error without a list of reasons says nothing about the vault: the call itself went
        # wrong.
        reasons = () if error is None else error.reasons
        if error is not None and not reasons:
            raise refusal_of(response, subject, is_write=False)
        return PrerequisiteCheck(
            outcome=outcome_of(reasons),
            reasons=reasons,
            client_request_id=client_request_id,
            provenance=self._provenance("POST", path, response),
        )

    def _error_of_check(self, response: AsyncHttpResponse, subject: str) -> ClassicError | None:
        # Which status a list of reasons comes with is not known (2.2): the body decides.
        try:
            error = parse_error(response.content)
        except BodyError as problem:
            if response.status_code == HTTPStatus.OK:
                raise nonsense(response, subject, problem) from None
            raise refusal_of(response, subject, is_write=False) from None
        if error is None and response.status_code != HTTPStatus.OK:
            raise refusal_of(response, subject, is_write=False)
        return error

    async def start_upgrade(
        self, vault: ClassicVault, target: VaultRef, operation_id: str
    ) -> UpgradeRecord:
        """Starts the upgrade; sends exactly once.

        Raises:
            RefusedError: The service refused; nothing was started.
            UnavailableError: No connection could be made; nothing was sent.
            OutcomeUnknownError: The upgrade may have been started.
        """
        subject = f"start of {vault.ref}"
        request = _post(_vault_path(vault, "upgrade"), target, operation_id)
        try:
            # The writer has no retry policy, and its transport never sends twice by itself (DESIGN
            # rule 1).
            with translated(subject, is_write=True):
                response = await self._send(self._clients.get().classic_writer(), request)
            return read_start(response, subject)
        except ServiceError as error:
            # Whatever became of the start, this is the id support will ask for, known before any
            # answer.
            error.operation_id = operation_id
            raise

    async def read_operation(self, vault: ClassicVault) -> OperationInfo:
        """How the vault's latest upgrade stands.

        Raises:
            ServiceError: As the port says.
        """
        path = _vault_path(vault, "upgradeOperationResult")
        # Anew for each call, as the original client does (2.0); only the start has one to keep.
        headers = _headers(client_request_id(uuid4(), self._clock.now()))
        subject = f"upgrade of {vault.ref}"
        response = await self._ask(HttpRequest("GET", path, headers=headers), subject)
        if response.status_code != HTTPStatus.OK:
            raise refusal_of(response, subject, is_write=False)
        try:
            fields = parse_operation(response.content)
        except BodyError as error:
            raise nonsense(response, subject, error) from None
        return OperationInfo(
            status=fields.status,
            result=fields.result,
            error_code=fields.error_code,
            message=fields.message,
            provenance=self._provenance("GET", path, response),
        )

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._clients.aclose()

    async def _ask(self, request: HttpRequest, subject: str, **options: Any) -> AsyncHttpResponse:
        with translated(subject):
            return await self._send(self._clients.get().classic_reader(), request, **options)

    async def _send(
        self, client: ClassicClient, request: HttpRequest, **options: Any
    ) -> AsyncHttpResponse:
        request.url = client.format_url(request.url)
        return await logged(request, client.send_request(request, **options), self._clock.now())

    def _provenance(self, method: str, path: str, response: AsyncHttpResponse) -> Provenance:
        return Provenance(
            source=f"{method} {path}",
            request_id=find_request_id(response.headers),
            read_at=self._clock.now(),
        )


def _where_else(vault: ClassicVaultRef, listed: Iterable[ClassicVault]) -> str:
    """Where vaults of the same or a similar name are: a region is easily mistaken (1.3)."""
    names = {entry.ref.name.casefold(): entry.ref for entry in listed}
    close = difflib.get_close_matches(vault.name.casefold(), names, cutoff=_RESEMBLANCE)
    similar = ", ".join(f"{names[one].name} in {names[one].region}" for one in close)
    hint = f" There is {similar}." if similar else ""
    return f"Check name, region and subscription; nothing was sent to the vault.{hint}"


def _headers(client_request_id: str | None) -> dict[str, str]:
    headers = {"Accept": _XML, "x-ms-version": VERSION}
    if client_request_id is not None:
        # Agent-Authentication is sent, and empty, with the three calls on a vault (2.0).
        headers |= {"Agent-Authentication": "", "x-ms-client-request-id": client_request_id}
    return headers


def _post(path: str, target: VaultRef, client_request_id: str) -> HttpRequest:
    headers = _headers(client_request_id) | {"Content-Type": _XML}
    return HttpRequest("POST", path, headers=headers, content=build_upgrade_input(target.arm_id))


def _vault_path(vault: ClassicVault, action: str) -> str:
    ref = vault.ref
    parts = (
        *(ref.subscription_id, "cloudservices", vault.cloud_service),
        # The namespace as the list gives it: that of production Backup vaults was never published
        # (2.0).
        *("resources", vault.resource_namespace, "~", ref.vault_type.value, ref.name, action),
    )
    return "".join(f"/{quote(part, safe='')}" for part in parts)
