"""Claims-based security: clients put tokens on ``$cbs``, links are checked against them.

Without a key the broker takes any token, like the emulator. With one, a link needs a genuine,
unexpired signature for its queue or for the whole namespace, as long as it is open: a client puts a
new token in time, or loses its links. Tokens of an identity provider cannot be checked here and are
refused.
"""

from dataclasses import dataclass
from weakref import WeakSet

from local.servicebus.errors import BrokerError, unauthorized
from local.servicebus.links import Channel, Link
from local.servicebus.requests import read_request, respond
from local.servicebus.sas import Grant, verify_token
from local.servicebus.timeline import Timeline, Timer
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
        # Weak: a connection may open and close links all day long.
        self._guarded: WeakSet[Link] = WeakSet()
        self._expiry: Timer | None = None

    def check(self, path: str) -> None:
        """Makes sure that the connection may use a queue.

        Raises:
            BrokerError: It has no valid token for it.
        """
        if not self._is_allowed(path):
            raise unauthorized(f"No valid token for '{path}' was put on this connection.")

    def guard(self, link: Link) -> None:
        """Ends a link as soon as the connection may not use its queue any more."""
        self._guarded.add(link)

    def close(self) -> None:
        """The connection is over."""
        if self._expiry is not None:
            self._expiry.cancel()

    def _is_allowed(self, path: str) -> bool:
        if self._access_key is None:
            return True
        wanted = path.strip("/").lower()
        now_s = self._timeline.now_ms() / 1000
        # A queue's token is good for what lies below it: its dead letters.
        return any(
            grant.expires_s > now_s
            and (grant.resource in {"", wanted} or wanted.startswith(grant.resource + "/"))
            for grant in self._grants.values()
        )

    def _watch_expiry(self) -> None:
        self.close()
        now_s = self._timeline.now_ms() / 1000
        ends = [grant.expires_s for grant in self._grants.values() if grant.expires_s > now_s]
        # One timer for all links: it looks at each when the next token ends.
        if ends:
            self._expiry = self._timeline.call_at(min(ends) * 1000, self._close_expired)

    def _close_expired(self) -> None:
        for link in list(self._guarded):
            if not link.is_closed and not self._is_allowed(link.address):
                link.close(unauthorized(f"ExpiredToken: the token for '{link.address}' has ended."))
        self._watch_expiry()

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
        self._watch_expiry()
