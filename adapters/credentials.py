"""Who vaultlift is to the services: a managed identity in Azure, a client secret elsewhere."""

import asyncio
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from azure.core import AsyncPipelineClient
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.identity.aio import DefaultAzureCredential

from adapters.clouds import CloudName, may_carry_secrets
from adapters.http_errors import UNREADABLE, body_text, read_json_error
from adapters.pipelines import PatientRetryPolicy
from adapters.redaction import redact
from adapters.settings import Settings
from adapters.transport import CarefulTransport
from domain.errors import ConfigurationError

REFRESH_BEFORE_S = 300
"""A token that lives less than this is renewed before it is used; azure-core's own margin."""
_SHARE_OF_SHORT_LIFE = 0.5


class ClientSecretTokens:
    """An OAuth client-credentials token source for clouds that are described by settings.

    Tokens are kept per scope until shortly before they end; callers that need one at the same
    time share one request.

    Args:
        token_url: Where tokens are issued; https, or this machine.
        client_id: The client's id.
        client_secret: Its secret.
        now: Unix seconds; another source in tests.

    Raises:
        ConfigurationError: The secret would travel unprotected.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not may_carry_secrets(token_url):
            raise ConfigurationError("a client secret needs https", subject="VAULTLIFT_TOKEN_URL")
        self._token_url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._now = now
        self._tokens: dict[str, tuple[AccessToken, float]] = {}
        self._lock = asyncio.Lock()
        self._client: AsyncPipelineClient[Any, Any] = AsyncPipelineClient(
            # The token URL is absolute and complete; nothing is appended to it.
            base_url="",
            # A token request may be repeated freely, so POST counts as repeatable here.
            policies=[UserAgentPolicy(), PatientRetryPolicy(retry_total=3)],
            transport=CarefulTransport(),
        )

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **options: Any,
    ) -> AccessToken:
        """A token for the scopes, from the cache while it is good.

        Raises:
            ClientAuthenticationError: The token was refused; the text says why, without secrets.
            ServiceRequestError: The token service is away or too busy; nothing was sent to the
                service that the token is for.
        """
        # Part of azure-core's protocol; a client-credentials request knows none of them.
        del claims, tenant_id, enable_cae, options
        scope = " ".join(scopes)
        async with self._lock:
            known = self._tokens.get(scope)
            # One lock for all scopes: tokens are asked for rarely, and waiting costs little.
            if known is None or self._now() >= known[1]:
                known = await self._request(scope)
                self._tokens[scope] = known
            return known[0]

    def forget_tokens(self) -> None:
        """Throws the cached tokens away, because a service no longer takes them."""
        self._tokens.clear()

    async def _request(self, scope: str) -> tuple[AccessToken, float]:
        request = HttpRequest(
            "POST",
            self._token_url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(self._form | {"scope": scope}),
        )
        try:
            response = await self._client.send_request(
                request, retry_on_methods=frozenset({"POST"})
            )
        except AzureError as error:
            raise ServiceRequestError(f"no token: {redact(str(error))}") from None
        if response.status_code != HTTPStatus.OK:
            code, message = read_json_error(body_text(response))
            said = f"no token: HTTP {response.status_code} {code or ''} {redact(message or '')}"
            # An outage is no verdict on this client: who takes it for one stops a run for good.
            raise (ServiceRequestError if _is_away(response) else ClientAuthenticationError)(said)
        return self._read(body_text(response))

    def _read(self, text: str) -> tuple[AccessToken, float]:
        try:
            body = json.loads(text)
            token, life_s = str(body["access_token"]), int(body["expires_in"])
        except (KeyError, TypeError, OverflowError, *UNREADABLE):
            # The body stays out of the message: it may hold a token under another name.
            raise ClientAuthenticationError("no token: the answer has none") from None
        issued = self._now()
        # A token of a few minutes would otherwise be renewed for every single call.
        margin_s = min(REFRESH_BEFORE_S, life_s * _SHARE_OF_SHORT_LIFE)
        return AccessToken(token, int(issued + life_s)), issued + life_s - margin_s

    async def close(self) -> None:
        """Closes the connection to the token service."""
        await self._client.close()

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Closes it."""
        await self.close()


def _is_away(response: AsyncHttpResponse) -> bool:
    is_busy = response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    return is_busy or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


def make_credential(settings: Settings) -> AsyncTokenCredential:
    """The credential for the configured cloud; belongs to the running loop."""
    cloud = settings.cloud
    # Settings were checked at start, so the three are there; the type checker cannot know.
    if cloud.name is CloudName.CUSTOM:
        secret = settings.client_secret
        return ClientSecretTokens(
            settings.token_url or "",
            settings.client_id or "",
            secret.get_secret_value() if secret else "",
        )
    # In Azure the managed identity that AZURE_CLIENT_ID names, on a desk the developer's own
    # sign-in: the same code in both places, and no secret in either.
    return DefaultAzureCredential(authority=cloud.authority)
