"""What a link is for: its address decides.

========================  ========================================================
``$cbs``                  tokens (:mod:`local.servicebus.authorization`)
``<queue>/$management``   requests (:mod:`local.servicebus.management`)
``<queue>``               send to it or receive from it, with or without a session
``<queue>/$DeadLetterQueue``  receive only, never with a session
========================  ========================================================
"""

from functools import partial
from uuid import UUID

from local.servicebus.authorization import ADDRESS as TOKEN_ADDRESS
from local.servicebus.authorization import Authorization
from local.servicebus.channels import Channel
from local.servicebus.decoder import decode
from local.servicebus.errors import not_allowed
from local.servicebus.faults import Faults
from local.servicebus.links import (
    BATCH_FORMAT,
    InboundLink,
    Link,
    OutboundLink,
    read_address,
)
from local.servicebus.management import SUFFIX as MANAGEMENT_SUFFIX
from local.servicebus.management import ManagementNode
from local.servicebus.messages import DATA, Message
from local.servicebus.namespace import Entity, Namespace
from local.servicebus.parsing import parse_message
from local.servicebus.performatives import Attach
from local.servicebus.receivers import CompetingLink, SessionLink, has_session_filter
from local.servicebus.settlement import Settlement


class ConnectionRouter:
    """Makes the links of one connection.

    Args:
        namespace: The queues.
        authorization: What this connection may do.
        faults: What shall go wrong.
    """

    def __init__(self, namespace: Namespace, authorization: Authorization, faults: Faults) -> None:
        self._namespace = namespace
        self._authorization = authorization
        self._faults = faults

    def make_link(self, channel: Channel, attach: Attach) -> Link:
        """The link for an attach, not open yet.

        Raises:
            BrokerError: There is nothing at that address, or not for this client.
        """
        address = read_address(attach)
        path = address.lower()
        if path == TOKEN_ADDRESS:
            return self._make_token_link(channel, attach)
        if path.endswith(MANAGEMENT_SUFFIX):
            return self._make_management_link(channel, attach, address)
        self._authorization.check(address)
        link = self._make_entity_link(channel, attach, self._namespace.find(address))
        self._authorization.guard(link)
        return link

    def close(self) -> None:
        """The connection is over."""
        self._authorization.close()

    def _make_entity_link(self, channel: Channel, attach: Attach, entity: Entity) -> Link:
        if attach.is_receiver:
            # On the attach: receiving a message is no request of its own that could fail.
            with self._faults.around("receive", entity.queue.name):
                return self._make_receiver(channel, attach, entity)
        if entity.queue.dead_letters is None:
            raise not_allowed("Nobody sends to a dead-letter queue.")
        return InboundLink(channel, attach, partial(self._publish, entity))

    def _make_token_link(self, channel: Channel, attach: Attach) -> Link:
        if attach.is_receiver:
            return OutboundLink(channel, attach)

        def handle(raw: bytes, _format: int | None) -> None:
            self._authorization.on_request(channel, raw)

        return InboundLink(channel, attach, handle)

    def _make_management_link(self, channel: Channel, attach: Attach, address: str) -> Link:
        path = address[: -len(MANAGEMENT_SUFFIX)]
        entity = self._namespace.find(path)
        if attach.is_receiver:
            return OutboundLink(channel, attach)
        # Checked per request: the client attaches these links before its token is through.
        check_access = partial(self._authorization.check, path)
        node = ManagementNode(
            entity.queue,
            entity.sessions,
            address,
            check_access=check_access,
            faults=self._faults,
        )

        def handle(raw: bytes, _format: int | None) -> None:
            node.on_request(channel, raw)

        return InboundLink(channel, attach, handle)

    def _make_receiver(self, channel: Channel, attach: Attach, entity: Entity) -> Link:
        take_verdict = partial(self._settle, entity)
        if entity.sessions is not None and has_session_filter(attach):
            timeline = self._namespace.timeline
            return SessionLink(channel, attach, take_verdict, entity.sessions, timeline)
        if entity.consumers is not None and not has_session_filter(attach):
            return CompetingLink(channel, attach, take_verdict, entity.consumers)
        needs = "requires" if entity.queue.has_sessions else "does not have"
        raise not_allowed(f"This queue {needs} sessions; the receiver asks for the opposite.")

    def _settle(self, entity: Entity, token: UUID, settlement: Settlement) -> None:
        with self._faults.around("settle", entity.queue.name):
            entity.queue.settle(token, settlement)

    def _publish(self, entity: Entity, raw: bytes, message_format: int | None) -> None:
        messages = _unpack(raw) if message_format == BATCH_FORMAT else [parse_message(raw)]
        with self._faults.around("send", entity.queue.name):
            entity.queue.send(messages)


def _unpack(raw: bytes) -> list[Message]:
    messages = []
    offset = 0
    while offset < len(raw):
        section, offset = decode(raw, offset)
        # The envelope has properties of its own, copied from the first message: of no use.
        if section.descriptor == DATA:
            messages.append(parse_message(section.value))
    return messages
