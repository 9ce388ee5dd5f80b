"""The token endpoint, and whether a token that comes back is good.

Tokens live by the wall clock, not the virtual one: the credential that holds them counts the
seconds of ``expires_in`` as they pass on its own machine.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from local.azure.exchange import Answer, Call, json_answer
from local.azure.model import Identity

LIFETIME_S = 3599
"""What Microsoft Entra ID answers for a client credential."""


@dataclass(frozen=True, kw_only=True)
class TokenProblem:
    """Why a token is not taken."""

    code: str
    message: str
    status: int = 401


MISSING = TokenProblem(
    code="AuthenticationFailed",
    message="Authentication failed. The 'Authorization' header is missing.",
)
INVALID = TokenProblem(code="InvalidAuthenticationToken", message="The access token is invalid.")
EXPIRED = TokenProblem(
    code="ExpiredAuthenticationToken",
    message="The access token expiry UTC time is earlier than current UTC time.",
)


class Tokens:
    """Every token that was given out.

    Args:
        identity: Who may ask.
        lifetime_s: Real seconds a token lives.
        real_time: Seconds of the wall clock; another source in tests.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        lifetime_s: int = LIFETIME_S,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        self.identity = identity
        self._lifetime_s = lifetime_s
        self._real_time = real_time
        self._expiry: dict[str, float] = {}

    def issue(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(96)
        self._expiry[token] = self._real_time() + self._lifetime_s
        return token

    def expire(self, authorization: str | None) -> None:
        """Ends the life of the token in an Authorization header, whatever is left of it."""
        token = _bearer(authorization)
        # Kept rather than forgotten: expired tokens are refused with another code than foreign
        # ones.
        if token in self._expiry:
            self._expiry[token] = 0.0

    def problem(self, authorization: str | None) -> TokenProblem | None:
        """Why the Authorization header does not let the caller in, or None if it does."""
        # Missing, foreign and expired tokens are different mistakes, with codes of their own.
        if not authorization:
            return MISSING
        expiry = self._expiry.get(_bearer(authorization))
        if expiry is None:
            return INVALID
        return EXPIRED if expiry <= self._real_time() else None

    def answer(self, call: Call) -> Answer:
        """Answers a client-credentials request."""
        # A body that is no text is a form without fields: refused like one, not a failure of ours.
        form = {
            name: values[0] for name, values in parse_qs(call.body.decode(errors="replace")).items()
        }
        refusal = self._refusal(call.params["tenant"], form)
        if refusal is not None:
            return refusal
        return json_answer(
            {
                "token_type": "Bearer",
                "expires_in": self._lifetime_s,
                "ext_expires_in": self._lifetime_s,
                "access_token": self.issue(),
            }
        )

    def _refusal(self, tenant: str, form: dict[str, str]) -> Answer | None:
        identity = self.identity
        client_id = form.get("client_id", "")
        if tenant.lower() != identity.tenant_id.lower():
            text = f"AADSTS90002: Tenant '{tenant}' not found."
            return _oauth_error(400, "invalid_request", text, 90002)
        if form.get("grant_type") != "client_credentials":
            text = "AADSTS70003: The app requested an unsupported grant type."
            return _oauth_error(400, "unsupported_grant_type", text, 70003)
        # A client gets what was granted to it before, so it cannot ask for a single permission.
        if not form.get("scope", "").endswith("/.default"):
            text = f"AADSTS1002012: The provided value for scope {form.get('scope')} is not valid."
            return _oauth_error(400, "invalid_scope", text, 1002012)
        if client_id.lower() != identity.client_id.lower():
            text = f"AADSTS700016: Application '{client_id}' was not found in the directory."
            return _oauth_error(400, "unauthorized_client", text, 700016)
        # Only the secret is answered with 401; everything before it is a bad request.
        if not secrets.compare_digest(form.get("client_secret", ""), identity.client_secret):
            text = "AADSTS7000215: Invalid client secret provided."
            return _oauth_error(401, "invalid_client", text, 7000215)
        return None


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _oauth_error(status: int, error: str, description: str, number: int) -> Answer:
    document = {"error": error, "error_description": description, "error_codes": [number]}
    return json_answer(document, status=status)
