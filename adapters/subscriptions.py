"""Subscriptions, resource groups, resource providers and features, through Resource Manager.

Plain calls on azure-core: the management packages for these four are large, and each would be used
for one GET. Addresses and versions: vault-upgrade 2.6.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from azure.core.rest import AsyncHttpResponse, HttpRequest

from adapters.answers import raise_for_status
from adapters.clients import Clients
from adapters.http_errors import find_request_id, translated
from adapters.loop_local import LoopLocal
from adapters.pipelines import REPEATABLE
from adapters.ports import Clock
from domain.codec import JsonObject
from domain.errors import UnexpectedAnswerError
from domain.vaults import Provenance, Reading

SUBSCRIPTION_API_VERSION = "2022-12-01"
GROUPS_API_VERSION = "2021-04-01"
"""Of resource groups and of resource providers."""
FEATURES_API_VERSION = "2021-07-01"

MAX_PAGES = 100
"""A subscription holds at most 980 resource groups; more pages than this are a link in a circle."""


class SubscriptionsApi:
    """Port Subscriptions over the wire.

    Args:
        clients: Gives the clients of the running loop.
        clock: Dates readings.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def read_subscription(self, subscription_id: str) -> Reading[JsonObject]:
        """State and offer of the subscription.

        Raises:
            ServiceError: As the port says.
        """
        path = _path("subscriptions", subscription_id)
        return await self._read("GET", path, SUBSCRIPTION_API_VERSION)

    async def list_groups(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """Every resource group, page by page.

        Raises:
            ServiceError: As the port says.
        """
        path = _path("subscriptions", subscription_id, "resourcegroups")
        reading = await self._read("GET", path, GROUPS_API_VERSION)
        rows = _rows(reading.value, path)
        link = reading.value.get("nextLink")
        for _ in range(MAX_PAGES):
            if not link:
                return Reading(value=tuple(rows), provenance=reading.provenance)
            page = (await self._send(HttpRequest("GET", self._own(str(link), path)), path)).value
            rows += _rows(page, path)
            link = page.get("nextLink")
        raise UnexpectedAnswerError("the pages do not end", subject=path)

    async def read_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """A resource provider.

        Raises:
            ServiceError: As the port says.
        """
        path = _path("subscriptions", subscription_id, "providers", namespace)
        return await self._read("GET", path, GROUPS_API_VERSION)

    async def register_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """Asks for a provider's registration.

        Raises:
            ServiceError: As the port says.
        """
        path = _path("subscriptions", subscription_id, "providers", namespace, "register")
        return await self._read("POST", path, GROUPS_API_VERSION, retry_on_methods=REPEATABLE)

    async def read_feature(
        self, subscription_id: str, namespace: str, feature: str
    ) -> Reading[JsonObject]:
        """A feature of a provider.

        Raises:
            ServiceError: As the port says.
        """
        owner = ("providers", "Microsoft.Features", "providers", namespace, "features", feature)
        path = _path("subscriptions", subscription_id, *owner)
        return await self._read("GET", path, FEATURES_API_VERSION)

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._clients.aclose()

    async def _read(
        self, method: str, path: str, api_version: str, **options: Any
    ) -> Reading[JsonObject]:
        request = HttpRequest(method, path, params={"api-version": api_version})
        return await self._send(request, path, **options)

    async def _send(self, request: HttpRequest, path: str, **options: Any) -> Reading[JsonObject]:
        client = self._clients.get().arm_reader()
        request.url = client.format_url(request.url)
        with translated(path):
            response = await client.send_request(request, **options)
        raise_for_status(response, subject=path, is_write=False)
        return Reading(
            value=_object(response, path),
            provenance=Provenance(
                source=f"{request.method} {path}",
                request_id=find_request_id(response.headers),
                read_at=self._clock.now(),
            ),
        )

    def _own(self, link: str, path: str) -> str:
        # The token goes along with every page: never to a host that a body names.
        wanted = self._clients.get().arm_endpoint
        parts = urlsplit(link)
        if f"{parts.scheme}://{parts.netloc}".casefold() != wanted.casefold():
            raise UnexpectedAnswerError("a page links to another host", subject=path)
        return link


def _path(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _object(response: AsyncHttpResponse, path: str) -> JsonObject:
    try:
        document = response.json()
    except ValueError:
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
