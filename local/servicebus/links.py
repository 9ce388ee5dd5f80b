"""Links: one-way streams of messages inside a channel, without knowing what the messages mean.

Named from the broker's side: an :class:`InboundLink` takes what the client sends, an
:class:`OutboundLink` carries what the client receives. What a link is for is decided in
:mod:`local.servicebus.routing`.
"""

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID, uuid4

from local.servicebus.errors import BrokerError
from local.servicebus.performatives import (
    MAX_MESSAGE_SIZE,
    Attach,
    Code,
    Flow,
    Transfer,
    encode_error,
    outcome,
    serial_difference,
)
from local.servicebus.values import Symbol, UByte, UInt, ULong

LINK_CREDIT = 1000
"""Messages a client may send before it must hear from us; renewed at half of it."""

BATCH_FORMAT = 0x80013700
"""Message format of a batch: one data section per encoded message (service-bus 3.7)."""

_32_BITS = 0xFFFFFFFF


class Channel(Protocol):
    """What a link needs of the channel it lives in."""

    def send(self, code: Code, fields: list[Any], payload: bytes = b"") -> None:
        """Sends a frame on this channel."""
        ...

    def send_flow(
        self, handle: int, *, delivery_count: int, credit: int, is_drained: bool = False
    ) -> None:
        """Tells the client how a link's credit stands."""
        ...

    def open_delivery(self, size: int) -> tuple[int, int]:
        """A new delivery id, and how many bytes of the ``size`` fit into one frame."""
        ...

    def has_window(self) -> bool:
        """Whether the client takes more transfers on this channel."""
        ...

    def find_outbound(self, address: str) -> "OutboundLink | None":
        """The client's open receiving link from an address."""
        ...


class Link:
    """What both directions share.

    Args:
        channel: Where it lives.
        attach: The client's attach frame, as it came.
    """

    def __init__(self, channel: Channel, attach: Attach) -> None:
        self.channel = channel
        self.attach = attach
        self.handle = int(attach.handle)
        self.delivery_count = 0
        self.credit = 0
        self.is_closed = False
        self._is_answered = False

    @property
    def name(self) -> str:
        """What the client calls it."""
        return str(self.attach.name)

    @property
    def address(self) -> str:
        """The path of what the link is attached to, without scheme and host."""
        return read_address(self.attach)

    def open(self) -> None:
        """Starts the link's work.

        Raises:
            BrokerError: It cannot; the link is to be refused.
        """
        self.confirm()

    def confirm(self, *, source: Any = None, properties: dict[Any, Any] | None = None) -> None:
        """Answers the attach.

        Args:
            source: What to say instead of the client's own source.
            properties: Link properties to tell the client.
        """
        self._answer(source or self.attach.source, self.attach.target, properties)

    def refuse(self, error: BrokerError) -> None:
        """Answers the attach with a refusal: a link to nothing that ends at once."""
        self.close(error)

    def close(self, error: BrokerError | None = None) -> None:
        """Ends the link from our side."""
        if self.is_closed:
            return
        # The client must see an attach before the detach, or it waits for one (service-bus 3.4).
        if not self._is_answered:
            self._answer(None, None, None)
        self.dropped(is_orderly=True)
        reason = None if error is None else encode_error(error)
        self.channel.send(Code.DETACH, [UInt(self.handle), True, reason])

    def dropped(self, *, is_orderly: bool) -> None:
        """The link is over.

        Args:
            is_orderly: Whether somebody ended it; otherwise the connection broke.
        """
        del is_orderly
        self.is_closed = True

    def _answer(self, source: Any, target: Any, properties: dict[Any, Any] | None) -> None:
        self._is_answered = True
        client_receives = bool(self.attach.is_receiver)
        self.channel.send(
            Code.ATTACH,
            [
                self.attach.name,
                UInt(self.handle),
                not client_receives,
                UByte(self.attach.sender_settle_mode or 0),
                UByte(self.attach.receiver_settle_mode or 0),
                source,
                target,
                None,
                None,
                # Only a sender counts deliveries from a start, and it must say which (service-bus
                # 3.4).
                UInt(0) if client_receives else None,
                ULong(MAX_MESSAGE_SIZE),
                None,
                None,
                properties,
            ],
        )


type Handler = Callable[[bytes, int | None], None]
"""Takes one whole encoded message and its format; raises BrokerError to refuse it."""


class InboundLink(Link):
    """A link the client sends on."""

    def __init__(self, channel: Channel, attach: Attach, handle_message: Handler) -> None:
        super().__init__(channel, attach)
        self._handle_message = handle_message
        self._first: Transfer | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def open(self) -> None:
        """Confirms the attach and lets the client send."""
        batch_limit = {Symbol("com.microsoft:max-message-batch-size"): UInt(MAX_MESSAGE_SIZE)}
        self.confirm(properties=batch_limit)
        self._grant()

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Takes a message or a part of one; answers when it is whole."""
        # Only the first frame of a delivery carries its id and format.
        if self._first is None:
            self._first = transfer
        # What is over the limit is refused at its end and not kept until then: a client that never
        # comes to the end would fill the memory.
        self._size += len(payload)
        if self._size <= MAX_MESSAGE_SIZE:
            self._parts.append(payload)
        if transfer.more and not transfer.aborted:
            return
        first, raw, size = self._first, b"".join(self._parts), self._size
        self._first, self._parts, self._size = None, [], 0
        self.delivery_count = (self.delivery_count + 1) & _32_BITS
        self.credit -= 1
        # What was given up half-way is settled by that and never was a message; it has used up
        # its credit all the same (AMQP 1.0, part 2, section 2.7.5).
        if not transfer.aborted:
            self._take(first, raw, size)
        # Before it runs out: a sender without credit stands still for a round trip.
        if self.credit <= LINK_CREDIT // 2:
            self._grant()

    def _take(self, first: Transfer, raw: bytes, size: int) -> None:
        state = self._judge(raw, size, first.message_format)
        if not first.settled:
            delivery_id = UInt(first.delivery_id)
            self.channel.send(Code.DISPOSITION, [True, delivery_id, delivery_id, True, state])

    def _judge(self, raw: bytes, size: int, message_format: int | None) -> Any:
        try:
            _check_size(size)
            self._handle_message(raw, message_format)
        except BrokerError as error:
            return outcome(Code.REJECTED, encode_error(error))
        return outcome(Code.ACCEPTED)

    def _grant(self) -> None:
        self.credit = LINK_CREDIT
        self.channel.send_flow(self.handle, delivery_count=self.delivery_count, credit=self.credit)


def _check_size(size: int) -> None:
    # Clients know the limit from the attach and should have checked; not all do.
    if size > MAX_MESSAGE_SIZE:
        text = f"{size} bytes are more than the {MAX_MESSAGE_SIZE} this link takes."
        raise BrokerError("amqp:link:message-size-exceeded", text)


class OutboundLink(Link):
    """A link the client receives on."""

    @property
    def is_settled(self) -> bool:
        """Whether the client asked for deliveries that need no answer (receive-and-delete)."""
        return bool(self.attach.sender_settle_mode == 1)

    def can_send(self) -> bool:
        """Whether the client wants one more message."""
        return self.credit > 0 and not self.is_closed and self.channel.has_window()

    def send_message(self, raw: bytes, tag: UUID | None = None, *, settled: bool) -> int:
        """Sends one encoded message, in as many frames as it needs; gives its delivery id.

        Args:
            raw: The message.
            tag: The lock token; the client reads it as a little-endian GUID (service-bus 3.5).
            settled: Whether the client need not answer.
        """
        delivery_id, room = self.channel.open_delivery(len(raw))
        self.credit -= 1
        self.delivery_count = (self.delivery_count + 1) & _32_BITS
        head: list[Any] = [UInt(delivery_id), (tag or uuid4()).bytes_le, UInt(0)]
        # At least one frame, even for an empty message.
        for start in range(0, max(len(raw), 1), room):
            more = start + room < len(raw)
            fields = [UInt(self.handle), *head, settled, more]
            self.channel.send(Code.TRANSFER, fields, raw[start : start + room])
            # Only the first frame of a delivery says what it is; the others continue it.
            head = [None, None, None]
        return delivery_id

    def on_flow(self, flow: Flow) -> None:
        """The client tells how many more messages it wants."""
        limit = (flow.delivery_count or 0) + (flow.link_credit or 0)
        # What is on its way already counts against it; there may be more of that than credit.
        self.credit = max(serial_difference(limit, self.delivery_count), 0)
        self.pump()
        # Draining: whatever could not be used is given back, so that the client stops waiting. Not
        # once the link is over: asking for messages may have shown that its session had expired.
        if flow.drain and not self.is_closed:
            self.delivery_count = (self.delivery_count + self.credit) & _32_BITS
            self.credit = 0
            self.channel.send_flow(
                self.handle, delivery_count=self.delivery_count, credit=0, is_drained=True
            )

    def pump(self) -> None:
        """Sends what waits for credit; nothing does on a plain reply link."""


def read_address(attach: Attach) -> str:
    """The path of what a client attaches to: ``amqps://host:1/queue`` and ``queue`` are the same.

    The client always writes ``amqps``, even without TLS, and the answer must repeat its address
    byte for byte (service-bus 2); so it is only read here, never rewritten.
    """
    terminus = attach.source if attach.is_receiver else attach.target
    address = terminus.value[0] if terminus is not None and terminus.value else None
    text = str(address or "")
    return text.partition("://")[2].partition("/")[2] if "://" in text else text
