"""Queue messages, their batches, and what Service Bus errors mean."""

import json
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch
from azure.servicebus._pyamqp._encode import encode_payload
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusConnectionError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)

from adapters.service_bus import error_of, send_batches, to_message
from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
)
from domain.intake_message import message_body
from tests.fakes import classic_ref, upgrade_request

MAX_ID_LENGTH = 128
"""Longest id of a message or session that the service takes."""


class FakeSender:
    """A sender whose batches hold as much as the test says."""

    def __init__(self, batch_bytes: int) -> None:
        self.batch_bytes = batch_bytes
        self.sent: list[list[str]] = []
        self.largest = 0
        """Bytes of the largest batch as it goes over the wire."""

    async def create_message_batch(
        self, max_size_in_bytes: int | None = None
    ) -> ServiceBusMessageBatch:
        """An empty batch."""
        return ServiceBusMessageBatch(max_size_in_bytes or self.batch_bytes)

    async def send_messages(self, batch: Any) -> None:
        """Remembers the message ids of the batch."""
        self.sent.append([message.message_id for message in batch._messages])
        wire = bytearray()
        encode_payload(wire, batch._message)
        self.largest = max(self.largest, len(wire))


def _message(number: int, size: int = 100) -> ServiceBusMessage:
    return ServiceBusMessage("x" * size, message_id=str(number), session_id="s")


def test_a_message_is_the_request() -> None:
    """Body, ids, session and type are derived from the request alone."""
    request = upgrade_request(classic_ref("vault-café"))

    message = to_message(request)

    assert message_body(request) == json.loads(str(message))
    assert (request.message_id, request.vault.key, "application/json") == (
        message.message_id,
        message.session_id,
        message.content_type,
    )


def test_the_same_request_makes_the_same_message() -> None:
    """Sent again, a message has the id the queue knows already."""
    ids = {to_message(upgrade_request()).message_id for _ in range(2)}

    assert 1 == len(ids)


async def test_messages_that_fit_go_together() -> None:
    """Few messages make one transfer."""
    sender = FakeSender(10_000)

    await send_batches(sender, [_message(n) for n in range(3)])

    assert [["0", "1", "2"]] == sender.sent


async def test_a_full_batch_is_followed_by_another() -> None:
    """No message is lost, doubled or reordered at the seams."""
    sender = FakeSender(700)

    await send_batches(sender, [_message(n) for n in range(7)])

    assert 1 < len(sender.sent)
    assert [str(n) for n in range(7)] == [each for batch in sender.sent for each in batch]


@pytest.mark.parametrize("size", range(100, 700, 20))
async def test_a_batch_is_never_larger_than_the_queue_allows(size: int) -> None:
    """Wherever a batch ends, the ids it repeats from its first message still fit."""
    sender = FakeSender(4000)
    ids = (f"{number}".zfill(MAX_ID_LENGTH) for number in range(40))

    messages = [ServiceBusMessage("x" * size, message_id=one, session_id=one) for one in ids]
    await send_batches(sender, messages)

    assert sender.batch_bytes >= sender.largest


async def test_a_message_too_large_for_any_batch_is_an_error() -> None:
    """It is not dropped, and what came before it was sent."""
    sender = FakeSender(700)

    with pytest.raises(MessageSizeExceededError):
        await send_batches(sender, [_message(0), _message(1, size=5000)])

    assert [["0"]] == sender.sent


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ServiceBusAuthenticationError(message="m"), AccessDeniedError),
        (ServiceBusAuthorizationError(message="m"), AccessDeniedError),
        (ClientAuthenticationError("m"), AccessDeniedError),
        (MessagingEntityNotFoundError(message="m"), NotFoundError),
        (MessageSizeExceededError(message="m"), RefusedError),
        (MessagingEntityDisabledError(message="m"), RefusedError),
        (ServiceBusQuotaExceededError(message="m"), RefusedError),
        (ServiceBusServerBusyError(message="m"), ThrottledError),
        (ServiceBusConnectionError(message="m"), UnavailableError),
        (ServiceBusError("m"), UnavailableError),
        (OSError("m"), UnavailableError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_each_failure_means_one_error(failure: Exception, expected: type[ServiceError]) -> None:
    """Who may not, what is not there, what is too much and what is down are told apart."""
    assert expected is type(error_of(failure, "queue q"))


def test_errors_show_no_keys() -> None:
    """A connection string in a message of the SDK is redacted."""
    failure = ServiceBusError("Endpoint=sb://x;SharedAccessKey=topsecret")

    assert "topsecret" not in str(error_of(failure, "queue q"))
