"""Plain JSON calls to Resource Manager on azure-core, for what has no package worth its weight."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from azure.core.rest import AsyncHttpResponse, HttpRequest

from adapters.answers import raise_for_status
from adapters.clients import Clients, RestClient
from adapters.clouds import origin
from adapters.http_errors import UNREADABLE, find_request_id, translated
from adapters.loop_local import LoopLocal
from adapters.ports import Clock
from domain.codec import JsonObject
from domain.errors import OutcomeUnknownError, UnexpectedAnswerError
from domain.vaults import Provenance, Reading

MAX_PAGES = 100
"""The longest of these lists has some ten pages; more than this are a link in a circle."""


def arm_path(*parts: str) -> str:
    """A path of these parts, each of them escaped."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


class ArmJson:
    """Calls that answer with one JSON object, or with pages of them.

    Args:
        clients: Gives the clients of the running loop.
        clock: Dates readings.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def read(
        self, method: str, path: str, params: dict[str, str], **options: Any
    ) -> Reading[JsonObject]:
        """The object a call answers with.

        Raises:
            ServiceError: There is none, or the service refused.
        """
        return await self._get(HttpRequest(method, path, params=params), path, **options)

    async def read_pages(
        self, path: str, params: dict[str, str]
    ) -> Reading[tuple[JsonObject, ...]]:
        """The elements of every page of a list; the provenance is the first page's.

        Raises:
            ServiceError: A page could not be read, or leads elsewhere.
        """
        reading = await self.read("GET", path, params)
        rows = _rows(reading.value, path)
        link = reading.value.get("nextLink")
        # Counted: a service that links a page to itself would otherwise keep the activity for ever.
        for _ in range(MAX_PAGES):
            if not link:
                return Reading(value=tuple(rows), provenance=reading.provenance)
            page = (await self._get(HttpRequest("GET", self._own(str(link), path)), path)).value
            rows += _rows(page, path)
            link = page.get("nextLink")
        raise UnexpectedAnswerError("the pages do not end", subject=path)

    async def delete(self, path: str, params: dict[str, str]) -> None:
        """Sends one DELETE, once.

        Raises:
            NotFoundError: It is not there.
            ServiceError: As the port says of writes.
        """
        with translated(path, is_write=True):
            response = await self._send(
                self._clients.get().arm_writer(), HttpRequest("DELETE", path, params=params)
            )
        raise_for_status(response, subject=path, is_write=True)
        if response.status_code != HTTPStatus.NO_CONTENT:
            # The one success there is (vault-upgrade 2.7). Another one is a gateway's: who takes it
            # for the service's records something as done that was not.
            raise OutcomeUnknownError(
                f"HTTP {response.status_code} to a deletion",
                status=response.status_code,
                subject=path,
                request_id=find_request_id(response.headers),
            )

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._clients.aclose()

    async def _get(self, request: HttpRequest, path: str, **options: Any) -> Reading[JsonObject]:
        with translated(path):
            response = await self._send(self._clients.get().arm_reader(), request, **options)
        raise_for_status(response, subject=path, is_write=False)
        return Reading(
            value=_object(response, path),
            provenance=Provenance(
                source=f"{request.method} {path}",
                request_id=find_request_id(response.headers),
                read_at=self._clock.now(),
            ),
        )

    async def _send(
        self, client: RestClient, request: HttpRequest, **options: Any
    ) -> AsyncHttpResponse:
        # azure-core takes addresses as they stand; a path becomes one of the cloud's own endpoint
        # here.
        request.url = client.format_url(request.url)
        return await client.send_request(request, **options)

    def _own(self, link: str, path: str) -> str:
        # The token goes along with every page: never to a host that a body names.
        try:
            is_own = origin(link) == origin(self._clients.get().arm_endpoint)
        except ValueError:
            is_own = False
        if not is_own:
            raise UnexpectedAnswerError("a page links to another host", subject=path)
        return link


def _object(response: AsyncHttpResponse, path: str) -> JsonObject:
    try:
        document = response.json()
    except UNREADABLE:
        document = None
    if response.status_code != HTTPStatus.OK or not isinstance(document, dict):
        raise UnexpectedAnswerError(
            f"HTTP {response.status_code} without a JSON object",
            status=response.status_code,
            subject=path,
            request_id=find_request_id(response.headers),
        )
    return document


def _rows(document: JsonObject, path: str) -> list[JsonObject]:
    rows = document.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnexpectedAnswerError("a page without a list", subject=path)
    return rows
