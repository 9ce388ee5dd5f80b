"""Shared access signatures: HMAC-SHA256 over the encoded resource and the expiry, in seconds."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import unquote_plus

from local.servicebus.errors import unauthorized

_SCHEME = "SharedAccessSignature "


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a verified token allows."""

    resource: str
    """The path it is for, in lower case; empty for the whole namespace."""
    expires_s: int
    """Unix seconds."""


def verify_token(token: str, *, key_name: str, key: str, now_s: float) -> Grant:
    """What a token allows.

    Raises:
        BrokerError: Malformed, signed with another key, or expired.
    """
    try:
        pairs = (part.split("=", 1) for part in token.removeprefix(_SCHEME).split("&"))
        fields = {name: value for name, value in pairs}  # noqa: C416  # dict() hides bad pairs
        resource, expiry = fields["sr"], fields["se"]
        signature, name = unquote_plus(fields["sig"]), unquote_plus(fields["skn"])
        expires_s, path = int(expiry), _path(unquote_plus(resource))
    except (KeyError, ValueError) as error:
        raise unauthorized("MalformedToken: this is not a shared access signature.") from error
    signed = f"{resource}\n{expiry}".encode()
    digest = hmac.new(key.encode(), signed, hashlib.sha256).digest()
    is_genuine = hmac.compare_digest(signature.encode(), base64.b64encode(digest))
    # One answer for all three: a forger learns nothing from the difference.
    if not token.startswith(_SCHEME) or name != key_name or not is_genuine:
        raise unauthorized("InvalidSignature: the token is not signed with this namespace's key.")
    if expires_s <= now_s:
        raise unauthorized("ExpiredToken: the token has expired.")
    return Grant(resource=path, expires_s=expires_s)


def _path(resource: str) -> str:
    _scheme, separator, rest = resource.partition("://")
    # A name that is no URL would leave an empty path behind, which stands for the whole namespace.
    if not separator:
        raise ValueError(resource)
    return rest.partition("/")[2].strip("/").lower()
