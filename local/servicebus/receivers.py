"""The two kinds of receivers: those that compete for messages, and those that hold a session."""

from typing import Any

from local.servicebus.deliveries import DeliveryChannel, DeliveryLink, Settle
from local.servicebus.dispatch import CompetingConsumers
from local.servicebus.errors import BrokerError, no_session_in_time
from local.servicebus.performatives import Attach, Code
from local.servicebus.sessions import Sessions
from local.servicebus.timeline import Timeline, Timer
from local.servicebus.values import Described, Long, Symbol, ULong

SESSION_FILTER = "com.microsoft:session-filter"

DEFAULT_SESSION_WAIT_MS = 60_000
"""How long the service looks for a free session when the client does not say (service-bus 3.8)."""

# .NET counts tenths of a microsecond from the year 1, and so does the client (service-bus 3.8).
_TICKS_AT_EPOCH = 621_355_968_000_000_000
_TICKS_PER_MS = 10_000
# The place of the filters among the fields of a source (AMQP 1.0, part 3, section 3.5.3).
_FILTER_POSITION = 7
_SOURCE_FIELDS = 11


class CompetingLink(DeliveryLink):
    """A receiver that takes turns with others."""

    def __init__(
        self,
        channel: DeliveryChannel,
        attach: Attach,
        settle: Settle,
        consumers: CompetingConsumers,
    ) -> None:
        super().__init__(channel, attach, settle)
        self._consumers = consumers

    def open(self) -> None:
        """Confirms the attach and joins the others."""
        self.confirm()
        self._consumers.attach(self)

    def pump(self) -> None:
        """Asks for messages, for all receivers of the queue: the turn may be another's."""
        self._consumers.pump()

    def dropped(self, *, is_orderly: bool) -> None:
        """Leaves; what it has locked stays locked until the locks expire."""
        super().dropped(is_orderly=is_orderly)
        self._consumers.detach(self)


class SessionLink(DeliveryLink):
    """A receiver that holds one session, or waits for one with its attach unanswered."""

    def __init__(
        self,
        channel: DeliveryChannel,
        attach: Attach,
        settle: Settle,
        sessions: Sessions,
        timeline: Timeline,
    ) -> None:
        super().__init__(channel, attach, settle)
        self._sessions = sessions
        self._timeline = timeline
        self._session_id: str | None = None
        self._patience: Timer | None = None

    def open(self) -> None:
        """Takes the session the client named, or the next one that has messages.

        Raises:
            BrokerError: Another receiver holds the session.
        """
        wanted = read_session_filter(self.attach)
        # A named session is had at once or refused at once; only any session is waited for.
        if wanted is not None:
            self._sessions.accept(self, wanted)
            return
        asked = (self.attach.properties or {}).get("com.microsoft:timeout")
        wait_ms = DEFAULT_SESSION_WAIT_MS if asked is None else int(asked)
        # The attach stays unanswered meanwhile: that is how the client waits.
        deadline_ms = self._timeline.now_ms() + wait_ms
        self._patience = self._timeline.call_at(deadline_ms, self._give_up)
        self._sessions.accept_next(self)

    def _give_up(self) -> None:
        # It may have been granted one in this very turn of the loop.
        if self._sessions.stop_waiting(self):
            self.refuse(no_session_in_time())

    def session_granted(self, session_id: str, until_ms: int) -> None:
        """Confirms the attach: says which session it is and until when it is held."""
        if self._patience is not None:
            self._patience.cancel()
        self._session_id = session_id
        # The client reads the id it was given from the filter of our source (service-bus 3.8).
        fields = self.attach.source.value
        source = [*fields, *[None] * (_SOURCE_FIELDS - len(fields))]
        source[_FILTER_POSITION] = {Symbol(SESSION_FILTER): session_id}
        until = Long(_TICKS_AT_EPOCH + until_ms * _TICKS_PER_MS)
        self.confirm(
            source=Described(ULong(Code.SOURCE), source),
            properties={Symbol("com.microsoft:locked-until-utc"): until},
        )

    def session_lost(self, error: BrokerError) -> None:
        """Ends the link: a receiver without its session is of no use."""
        self.close(error)

    def pump(self) -> None:
        """Asks for the session's messages."""
        if self._session_id is not None:
            self._sessions.pump(self._session_id)

    def dropped(self, *, is_orderly: bool) -> None:
        """Gives the session back."""
        super().dropped(is_orderly=is_orderly)
        if self._patience is not None:
            self._patience.cancel()
        # It waits or it holds; asking for both spares keeping track of which.
        self._sessions.stop_waiting(self)
        if self._session_id is not None:
            self._sessions.release(self, self._session_id, counts=not is_orderly)


def has_session_filter(attach: Attach) -> bool:
    """Whether the client asks for a session, a certain one or any."""
    return SESSION_FILTER in _filters(attach)


def read_session_filter(attach: Attach) -> str | None:
    """The session the client asks for; None for the next one that has messages."""
    value = _filters(attach)[SESSION_FILTER]
    wanted = value.value if isinstance(value, Described) else value
    return None if wanted is None else str(wanted)


def _filters(attach: Attach) -> dict[Any, Any]:
    fields = attach.source.value
    filters = fields[_FILTER_POSITION] if len(fields) > _FILTER_POSITION else None
    return filters if isinstance(filters, dict) else {}
