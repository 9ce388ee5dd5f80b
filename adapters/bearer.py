"""Puts the bearer token on a request, and makes sure it goes nowhere else.

``nextLink`` and operation URLs are absolute and come out of answers; a token that follows them
blindly can be stolen by whoever can forge an answer (recovery-services 0).
"""

import re
from contextlib import suppress
from typing import Any, Protocol, runtime_checkable

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy

from adapters.clouds import Service, may_carry_secrets, origin
from domain.errors import UnexpectedAnswerError

_BEHIND_HOST = re.compile(r"[/?#]")


@runtime_checkable
class ForgetfulCredential(Protocol):
    """A credential that can be told that its tokens are no longer taken."""

    def forget_tokens(self) -> None:
        """Throws cached tokens away."""
        ...


# A policy and not a check where links are followed: whatever the SDK or we ourselves send goes
# through it, the pages of a list and the operations of a write included.
class BearerPolicy(AsyncBearerTokenCredentialPolicy[Any, Any]):
    """Authorizes requests to one service, and refuses to send any other.

    Args:
        credential: Gives the tokens.
        service: The only place the token may go.
    """

    def __init__(self, credential: AsyncTokenCredential, service: Service) -> None:
        super().__init__(credential, service.scope)
        self._origin = origin(service.endpoint)

    async def on_request(self, request: PipelineRequest[Any]) -> None:
        """Adds the token.

        Raises:
            UnexpectedAnswerError: The request goes to another host than the configured one, or
                over plain http to another machine. Nothing was sent.
        """
        url = request.http_request.url
        if not self._is_ours(url) or not may_carry_secrets(url):
            # Not an azure-core error: the retry policy would try again what can never be right.
            raise UnexpectedAnswerError(
                f"a link leads to {_host(url)}; no token was sent there",
                subject=self._origin,
            )
        # Only loopback can get here over http; azure-core would refuse that too.
        request.context["enforce_https"] = False
        await super().on_request(request)

    def _is_ours(self, url: str) -> bool:
        try:
            return origin(url) == self._origin
        except ValueError:
            # A link that is no address at all.
            return False

    async def on_challenge(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> bool:
        """Answers a 401: with fresh claims where asked for them, else with a new token, once."""
        # Continuous access evaluation: the answer names the claims a new token must have. Where
        # they cannot be read, a new token without them is what is left.
        with suppress(ValueError):
            if await super().on_challenge(request, response):
                return True
        if not isinstance(self._credential, ForgetfulCredential):
            return False
        # A clock that is wrong, or a revoked token: the cache would give the same one again.
        self._credential.forget_tokens()
        await self.authorize_request(request, *self._scopes)
        return True


def _host(url: str) -> str:
    # No more of it: what follows the host may be a signature, what stands before it a password.
    return _BEHIND_HOST.split(url.partition("://")[2])[0].rpartition("@")[2] or "no host"
