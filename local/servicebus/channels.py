"""A channel: what AMQP calls a session, renamed because Service Bus has sessions of its own.

It numbers deliveries, keeps the transfer window and passes frames to the links in it.
"""

from typing import Any, Protocol
from uuid import UUID

from local.servicebus.deliveries import DeliveryLink
from local.servicebus.errors import BrokerError
from local.servicebus.links import InboundLink, Link, OutboundLink
from local.servicebus.outcomes import answer_outcome, read_outcome, refuse_outcome
from local.servicebus.performatives import (
    Attach,
    Begin,
    Code,
    Detach,
    Disposition,
    Flow,
    Transfer,
    encode_error,
    serial_difference,
)
from local.servicebus.values import UInt, UShort

# As wide as it gets: link credit is what holds a sender back here.
_WINDOW = 0x7FFFFFFF
_HANDLE_MAX = 255
_32_BITS = 0xFFFFFFFF

_FRAME_OVERHEAD = 64
"""Room for the transfer performative in front of a message's bytes, generously."""


class _HandleError(BrokerError):
    """Confused handles: nothing on the channel can be told apart any more, so it ends.

    The conditions are those of AMQP 1.0, part 2, section 2.8.17.
    """


class Router(Protocol):
    """Decides what links are for."""

    def make_link(self, channel: "Channel", attach: Attach) -> Link:
        """The link for an attach, not open yet.

        Raises:
            BrokerError: There is nothing at that address, or not for this client.
        """
        ...

    def close(self) -> None:
        """The connection is over."""
        ...


class FrameSender(Protocol):
    """The connection, as a channel sees it."""

    remote_max_frame_size: int

    @property
    def is_congested(self) -> bool:
        """Whether the client has to read before it is sent more messages."""
        ...

    def send_frame(self, channel: int, code: Code, fields: list[Any], payload: bytes = b"") -> None:
        """Sends a frame."""
        ...


class Channel:
    """One channel of a connection."""

    def __init__(self, connection: FrameSender, number: int, begin: Begin, router: Router) -> None:
        self._connection = connection
        self._number = number
        self._router = router
        self._window = int(begin.incoming_window)
        self._next_incoming_id = int(begin.next_outgoing_id)
        # Counts transfer frames; deliveries of several frames have an id of their own.
        self._next_outgoing_id = 0
        self._next_delivery_id = 0
        self._links: dict[int, Link] = {}
        self._unjudged: dict[int, tuple[DeliveryLink, UUID]] = {}
        self.is_ended = False
        window = UInt(_WINDOW)
        self.send(Code.BEGIN, [UShort(number), UInt(0), window, window, UInt(_HANDLE_MAX)])

    def send(self, code: Code, fields: list[Any], payload: bytes = b"") -> None:
        """Sends a frame on this channel."""
        self._connection.send_frame(self._number, code, fields, payload)

    def send_flow(
        self, handle: int, *, delivery_count: int, credit: int, is_drained: bool = False
    ) -> None:
        """Tells the client how a link's credit stands."""
        link = [UInt(handle), UInt(delivery_count), UInt(credit), UInt(0), is_drained, False]
        self._send_windows(link)

    def _send_windows(self, link: list[Any]) -> None:
        incoming, outgoing = UInt(self._next_incoming_id), UInt(self._next_outgoing_id)
        self.send(Code.FLOW, [incoming, UInt(_WINDOW), outgoing, UInt(_WINDOW), *link])

    def open_delivery(self, size: int) -> tuple[int, int]:
        """A new delivery id, and how many bytes of the ``size`` fit into one frame."""
        delivery_id = self._next_delivery_id
        self._next_delivery_id = (delivery_id + 1) & _32_BITS
        room = self._connection.remote_max_frame_size - _FRAME_OVERHEAD
        frames = max(-(-size // room), 1)
        self._next_outgoing_id = (self._next_outgoing_id + frames) & _32_BITS
        self._window -= frames
        return delivery_id, room

    def has_window(self) -> bool:
        """Whether the client takes more transfers on this channel."""
        return self._window > 0 and not self._connection.is_congested

    def find_outbound(self, address: str) -> OutboundLink | None:
        """The client's open receiving link from an address."""
        # By address and not by name: the two links of a request pair have nothing else in common.
        for link in self._links.values():
            if isinstance(link, OutboundLink) and link.address == address and not link.is_closed:
                return link
        return None

    def expect_verdict(self, delivery_id: int, link: DeliveryLink, token: UUID) -> None:
        """The client will say what becomes of a delivery."""
        self._unjudged[delivery_id] = (link, token)

    def dropped(self, *, is_orderly: bool) -> None:
        """The channel is over, and with it every link."""
        for link in self._links.values():
            if not link.is_closed:
                link.dropped(is_orderly=is_orderly)
        self._links.clear()
        self._unjudged.clear()

    def on_frame(self, code: int, fields: list[Any], payload: bytes) -> None:
        """Takes a frame that belongs to this channel."""
        # The client sends on until it has read that the channel is over.
        if self.is_ended:
            return
        try:
            self._dispatch(code, fields, payload)
        except _HandleError as error:
            self.is_ended = True
            self.dropped(is_orderly=False)
            self.send(Code.END, [encode_error(error)])

    def _dispatch(self, code: int, fields: list[Any], payload: bytes) -> None:
        match code:
            case Code.TRANSFER:
                self._on_transfer(Transfer(*fields), payload)
            case Code.DISPOSITION:
                self._on_disposition(Disposition(*fields))
            case Code.FLOW:
                self._on_flow(Flow(*fields))
            case Code.ATTACH:
                self._on_attach(Attach(*fields))
            case Code.DETACH:
                self._on_detach(Detach(*fields))
            case _:
                message = f"Unknown performative {code:#04x}."
                raise BrokerError("amqp:not-implemented", message)

    def _on_attach(self, attach: Attach) -> None:
        if attach.handle in self._links:
            text = f"Handle {attach.handle} names the link '{self._links[attach.handle].name}'."
            raise _HandleError("amqp:session:handle-in-use", text)
        if attach.handle > _HANDLE_MAX:
            text = f"Handle {attach.handle} is above {_HANDLE_MAX}, the highest allowed here."
            raise BrokerError("amqp:connection:framing-error", text)
        try:
            link = self._router.make_link(self, attach)
        except BrokerError as error:
            # Kept until the client has detached as well: its handle is in use so long.
            link = self._links[attach.handle] = Link(self, attach)
            link.refuse(error)
            return
        # Before it opens: a link may be granted a session and be closed again while it does.
        self._links[link.handle] = link
        try:
            link.open()
        except BrokerError as error:
            link.refuse(error)

    def _on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        self._next_incoming_id = (self._next_incoming_id + 1) & _32_BITS
        link = self._find_link(transfer.handle)
        # Transfers to a link that was just refused may still be on their way.
        if isinstance(link, InboundLink) and not link.is_closed:
            link.on_transfer(transfer, payload)

    def _on_flow(self, flow: Flow) -> None:
        seen = flow.next_incoming_id or 0
        # Negative where a message of many frames has overrun a small window.
        self._window = serial_difference(seen + flow.incoming_window, self._next_outgoing_id)
        if flow.handle is None:
            # A wider window concerns every link that was waiting for one.
            self.pump()
            if flow.echo:
                self._send_windows([])
            return
        link = self._find_link(flow.handle)
        if link.is_closed:
            return
        if isinstance(link, OutboundLink):
            link.on_flow(flow)
        # A drain is answered in any case; twice would tell the client nothing new.
        if flow.echo and not flow.drain and not link.is_closed:
            self.send_flow(link.handle, delivery_count=link.delivery_count, credit=link.credit)

    def _find_link(self, handle: int) -> Link:
        link = self._links.get(handle)
        if link is None:
            text = f"No link has the handle {handle}."
            raise _HandleError("amqp:session:unattached-handle", text)
        return link

    def pump(self) -> None:
        """Sends what waits for credit, a wider window or a client that reads again."""
        for link in list(self._links.values()):
            if isinstance(link, OutboundLink) and not link.is_closed:
                link.pump()

    def _on_detach(self, detach: Detach) -> None:
        link = self._links.pop(detach.handle, None)
        # The client's answer to a detach of ours ends the exchange.
        if link is not None and not link.is_closed:
            link.dropped(is_orderly=True)
            self.send(Code.DETACH, [UInt(detach.handle), bool(detach.closed)])

    def _on_disposition(self, disposition: Disposition) -> None:
        # What the client says about its own transfers is of no interest: they are settled at once.
        if not disposition.is_receiver or disposition.state is None:
            return
        first = disposition.first
        last = first if disposition.last is None else disposition.last
        for delivery_id in self._known_deliveries(first, last):
            link, token = self._unjudged.pop(delivery_id)
            # Each delivery by itself: one lost lock in a range must not spoil the others.
            try:
                link.settle(token, read_outcome(disposition.state))
                answer = answer_outcome(disposition.state)
            except BrokerError as error:
                answer = refuse_outcome(error)
            # A verdict that was sent settled asks for no answer; any other waits for one.
            if not disposition.settled:
                number = UInt(delivery_id)
                self.send(Code.DISPOSITION, [False, number, number, True, answer])

    def _known_deliveries(self, first: int, last: int) -> list[int]:
        # Usually one; and a range may be as wide as the client likes, so it is never walked.
        if first == last:
            return [first] if first in self._unjudged else []
        return sorted(known for known in self._unjudged if first <= known <= last)
