"""Receiving links of queues: deliveries go out, verdicts come back."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from local.servicebus.links import Channel, OutboundLink
from local.servicebus.messages import Message
from local.servicebus.performatives import Attach
from local.servicebus.settlement import Settlement


class DeliveryChannel(Channel, Protocol):
    """A channel that remembers deliveries until the client has judged them."""

    def expect_verdict(self, delivery_id: int, link: "DeliveryLink", token: UUID) -> None:
        """The client will say what becomes of a delivery."""
        ...


type Settle = Callable[[UUID, Settlement], None]
"""Does what a receiver said about the message behind a lock token, or raises BrokerError."""


class DeliveryLink(OutboundLink):
    """A receiver of a queue, whichever way it gets its messages.

    Args:
        settle: Takes the client's verdicts.
    """

    def __init__(self, channel: DeliveryChannel, attach: Attach, settle: Settle) -> None:
        super().__init__(channel, attach)
        self._delivery_channel = channel
        self.settle = settle

    @property
    def is_destructive(self) -> bool:
        """Receive-and-delete."""
        return self.is_settled

    def can_take(self) -> bool:
        """Whether it has credit for one more message."""
        return self.can_send()

    def deliver(self, message: Message, lock_token: UUID) -> None:
        """Sends a message to the client."""
        raw = message.encode_for_delivery()
        delivery_id = self.send_message(raw, lock_token, settled=self.is_destructive)
        # What leaves settled is out of the queue already; no verdict on it can follow.
        if not self.is_destructive:
            self._delivery_channel.expect_verdict(delivery_id, self, lock_token)
