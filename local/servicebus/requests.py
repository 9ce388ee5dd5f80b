"""Request and response over a pair of links, as ``$cbs`` and ``$management`` use it."""

from dataclasses import dataclass
from typing import Any

from local.servicebus.decoder import decode
from local.servicebus.errors import BrokerError, not_allowed
from local.servicebus.links import Channel
from local.servicebus.messages import (
    APPLICATION_PROPERTIES,
    PROPERTIES,
    VALUE,
)
from local.servicebus.parsing import parse_message
from local.servicebus.values import Int, Symbol, encode_section

_CORRELATION_ID_POSITION = 5


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request."""

    message_id: Any
    """Any AMQP type; the response repeats it as it is."""
    properties: dict[str, Any]
    body: Any

    @property
    def operation(self) -> str:
        """What is asked for, without the vendor's prefix."""
        return str(self.properties.get("operation", "")).removeprefix("com.microsoft:")


def read_request(raw: bytes) -> Request:
    """The request in an encoded message."""
    # Through the same parser as any message: requests are messages to an odd address.
    message = parse_message(raw)
    sections: dict[int, Any] = {}
    offset = 0
    while offset < len(message.rest):
        section, offset = decode(message.rest, offset)
        sections[section.descriptor] = section.value
    return Request(
        message_id=message.message_id,
        properties=sections.get(APPLICATION_PROPERTIES) or {},
        body=sections.get(VALUE),
    )


def respond(
    channel: Channel, address: str, request: Request, properties: dict[str, Any], body: Any
) -> None:
    """Sends a response to the client's receiving link at the same address.

    Raises:
        BrokerError: The client has no such link.
    """
    # By address: what a request says for reply-to is a name of the client's own choice.
    link = channel.find_outbound(address)
    if link is None:
        raise not_allowed(f"Attach a receiver to {address} before sending requests to it.")
    fields = [None] * _CORRELATION_ID_POSITION + [request.message_id]
    head = encode_section(PROPERTIES, fields)
    head += encode_section(APPLICATION_PROPERTIES, properties)
    # Settled: a response that is lost is asked for again, there is nothing to judge.
    link.send_message(head + encode_section(VALUE, body), settled=True)


def describe_success(*, has_content: bool) -> dict[str, Any]:
    """Response properties of a management request that was carried out."""
    status, text = (200, "OK") if has_content else (204, "No Content")
    return {"statusCode": Int(status), "statusDescription": text}


def describe_failure(error: BrokerError) -> dict[str, Any]:
    """Response properties of a management request that was refused."""
    return {
        "statusCode": Int(error.status),
        "statusDescription": error.description,
        "errorCondition": Symbol(error.condition),
    }
