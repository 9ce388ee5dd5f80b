"""Signatures of webhooks: who sends knows the secret, and sends now.

``t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<id>.<body>">``. The moment is signed along, so that
a message somebody has listened to cannot be sent again later, and so is the id of the run, so that
it cannot be sent to another one. Within the tolerance a second sending is harmless, because an
approval names its plan and a plan is answered once.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be from ours, the time on the way included."""

LEAST_SECRET = 16
"""Characters; a shorter secret could be guessed."""

_SIGNATURE = re.compile(r"t=(?P<moment>[0-9]{1,12}),v1=(?P<digest>[0-9a-f]{64})")


def sign(secret: str, instance_id: str, body: bytes, at: datetime) -> str:
    """The signature of a body sent to a run at a moment."""
    # Whole seconds: the text is signed as it stands, and a fraction could be written in two ways.
    moment = str(int(at.timestamp()))
    return f"t={moment},v1={_digest(secret, moment, instance_id, body)}"


def _digest(secret: str, moment: str, instance_id: str, body: bytes) -> str:
    # No member but the last may hold a full stop, or two messages could be signed alike; the
    # moment is digits, and ids with a full stop belong to no run that waits for an approval.
    signed = f"{moment}.{instance_id}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def objection_to_signature(
    secret: str, instance_id: str, body: bytes, signature: str | None, now: datetime
) -> str | None:
    """Why a signature does not count, or None when it does.

    Args:
        secret: What both sides know.
        instance_id: The run it was sent to, as the address names it.
        body: The message, byte by byte as it came.
        signature: The header, or None where there was none.
        now: UTC.
    """
    found = _SIGNATURE.fullmatch((signature or "").strip())
    if found is None:
        return "the signature is missing or malformed"
    # The digest first: a stranger learns nothing about clocks.
    if not hmac.compare_digest(
        _digest(secret, found["moment"], instance_id, body), found["digest"]
    ):
        return "the signature does not fit the run and the body"
    sent_at = datetime.fromtimestamp(int(found["moment"]), UTC)
    if abs(now - sent_at) > TOLERANCE:
        return "the signature is too old, or from the future"
    return None
