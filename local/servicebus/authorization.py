"""Claims-based security: clients put tokens on ``$cbs``, links are checked against them.

Without a key the broker takes any token, like the emulator. With one, a link needs a genuine,
unexpired signature for its queue or for the whole namespace; tokens of an identity provider cannot
be checked here and are refused.
"""

from dataclasses import dataclass

from local.servicebus.errors import BrokerError, unauthorized
from local.servicebus.links import Channel
from local.servicebus.requests import read_request, respond
from local.servicebus.sas import Grant, verify_token
from local.servicebus.timeline import Timeline
from local.servicebus.values import Int

ADDRESS = "$cbs"

_ACCEPTED = 202


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """The namespace's shared access key."""

    name: str
    key: str


class Authorization:
    """What one connection may do.

    Args:
        access_key: What tokens must be signed with; None lets everybody do everything.
        timeline: Tells when tokens expire.
    """

    def __init__(self, access_key: AccessKey | None, timeline: Timeline) -> None:
        self._access_key = access_key
        self._timeline = timeline
        self._grants: dict[str, Grant] = {}

    def check(self, path: str) -> None:
        """Makes sure that the connection may use a queue.

        Raises:
            BrokerError: It has no valid token for it.
        """
        if self._access_key is None:
            return
        wanted = path.strip("/").lower()
        now_s = self._timeline.now_ms() / 1000
        # A queue's token is good for what lies below it: its dead letters.
        for grant in self._grants.values():
            covers = grant.resource in {"", wanted} or wanted.startswith(grant.resource + "/")
            if covers and grant.expires_s > now_s:
                return
        raise unauthorized(f"No valid token for '{path}' was put on this connection.")

    def on_request(self, channel: Channel, raw: bytes) -> None:
        """Takes a token and tells the client whether it is good.

        Raises:
            BrokerError: There is nowhere to send the answer to.
        """
        request = read_request(raw)
        status, text = _ACCEPTED, "Accepted"
        try:
            self._put(str(request.body))
        except BrokerError as error:
            status, text = error.status, error.description
        answer = {"status-code": Int(status), "status-description": text}
        respond(channel, ADDRESS, request, answer, None)

    def _put(self, token: str) -> None:
        if self._access_key is None:
            return
        # The request also names a token type, which cannot be relied on: the Python client calls
        # its own signatures "jwt".
        now_s = self._timeline.now_ms() / 1000
        key = self._access_key
        grant = verify_token(token, key_name=key.name, key=key.key, now_s=now_s)
        self._grants[grant.resource] = grant
