"""Requests to ``<queue>/$management`` (service-bus 3.9): one method per operation."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from local.servicebus.browsing import find_deferred, find_scheduled, peek
from local.servicebus.errors import BrokerError, not_allowed, not_implemented
from local.servicebus.faults import Faults
from local.servicebus.links import Channel
from local.servicebus.messages import Message
from local.servicebus.parsing import parse_message
from local.servicebus.queues import Queue
from local.servicebus.requests import describe_failure, describe_success, read_request, respond
from local.servicebus.sessions import Sessions
from local.servicebus.settlement import Settlement, Verdict
from local.servicebus.values import Array, ElementType, Int, Timestamp

SUFFIX = "/$management"

_RECEIVE_AND_DELETE = 0
_NO_TOKEN = UUID(int=0)

_END_OF_TIME_MS = 253_402_300_799_000
"""The client's "all sessions with messages": the last second of the year 9999."""

# The spelling is the protocol's.
_VERDICTS = {
    "completed": Verdict.COMPLETE,
    "abandoned": Verdict.ABANDON,
    "defered": Verdict.DEFER,
    "suspended": Verdict.DEAD_LETTER,
}

type Body = dict[str, Any]


class ManagementNode:
    """The management address of one queue, for one connection.

    Args:
        queue: The queue.
        sessions: Its sessions, if it has any.
        address: The address as the client wrote it.
        check_access: Raises BrokerError unless the client may use the queue.
        faults: What shall go wrong.
    """

    def __init__(
        self,
        queue: Queue,
        sessions: Sessions | None,
        address: str,
        *,
        check_access: Callable[[], None],
        faults: Faults,
    ) -> None:
        self._queue = queue
        self._own_sessions = sessions
        self._address = address
        self._check_access = check_access
        self._faults = faults
        self._operations: dict[str, Callable[[Body], Body | None]] = {
            "renew-lock": self._renew_lock,
            "renew-session-lock": self._renew_session_lock,
            "get-session-state": self._get_session_state,
            "set-session-state": self._set_session_state,
            "get-message-sessions": self._get_message_sessions,
            "peek-message": self._peek_message,
            "schedule-message": self._schedule_message,
            "cancel-scheduled-message": self._cancel_scheduled_message,
            "receive-by-sequence-number": self._receive_by_sequence_number,
            "update-disposition": self._update_disposition,
        }

    def on_request(self, channel: Channel, raw: bytes) -> None:
        """Carries out a request and answers it.

        Raises:
            BrokerError: There is nowhere to send the answer to.
            ConnectionCutError: A fault wants it.
        """
        request = read_request(raw)
        content: Body | None = None
        try:
            self._check_access()
            with self._faults.around(request.operation, self._queue.name):
                content = self._find(request.operation)(request.body or {})
            properties = describe_success(has_content=content is not None)
        except BrokerError as error:
            properties = describe_failure(error)
        # Bodies are read by name where they are used, so this is where a gap in one shows.
        except KeyError as error:
            missing = BrokerError("amqp:invalid-field", f"The request has no {error}.")
            properties = describe_failure(missing)
        respond(channel, self._address, request, properties, content or {})

    def _find(self, operation: str) -> Callable[[Body], Body | None]:
        if operation not in self._operations:
            raise not_implemented(f"There is no operation '{operation}'.")
        return self._operations[operation]

    @property
    def _sessions(self) -> Sessions:
        if self._own_sessions is None:
            raise not_allowed("This queue has no sessions.")
        return self._own_sessions

    def _renew_lock(self, body: Body) -> Body:
        # All or none: the answer has room for one error, so a client that reads it could not tell
        # which of its locks still hold.
        locks = [self._queue.find_locked(token)[1] for token in body["lock-tokens"]]
        until = [self._queue.dispatcher.renew(lock) for lock in locks]
        return {"expirations": Array(ElementType.TIMESTAMP, until)}

    def _renew_session_lock(self, body: Body) -> Body:
        return {"expiration": Timestamp(self._sessions.renew_session(body["session-id"]))}

    def _get_session_state(self, body: Body) -> Body:
        return {"session-state": self._sessions.read_state(body["session-id"])}

    def _set_session_state(self, body: Body) -> Body:
        state = body["session-state"]
        if not isinstance(state, bytes | None):
            raise BrokerError("amqp:invalid-field", "The session's state must be binary.")
        self._sessions.write_state(body["session-id"], state)
        return {}

    def _get_message_sessions(self, body: Body) -> Body | None:
        since_ms = body["last-updated-time"]
        if since_ms >= _END_OF_TIME_MS:
            found = self._sessions.list_active()
        else:
            found = self._sessions.list_updated_since(since_ms)
        page = found[body["skip"] : body["skip"] + body["top"]]
        # No content ends the client's paging; an empty page would be asked for again.
        if not page:
            return None
        skip = Int(body["skip"] + len(page))
        return {"skip": skip, "sessions-ids": Array(ElementType.STRING, page)}

    def _peek_message(self, body: Body) -> Body | None:
        first, count = body["from-sequence-number"], body["message-count"]
        # A receiver without session names none and sees the messages of all.
        found = peek(self._queue.messages, first, count, body.get("session-id"))
        return {"messages": [_as_entry(message) for message in found]} if found else None

    def _schedule_message(self, body: Body) -> Body:
        # The other members of an entry repeat what the encoded message says itself.
        messages = [parse_message(entry["message"]) for entry in body["messages"]]
        return {"sequence-numbers": Array(ElementType.LONG, self._queue.send(messages))}

    def _cancel_scheduled_message(self, body: Body) -> Body:
        for message in find_scheduled(self._queue.messages, body["sequence-numbers"]):
            self._queue.remove(message)
        return {}

    def _receive_by_sequence_number(self, body: Body) -> Body:
        numbers, session_id = body["sequence-numbers"], body.get("session-id")
        is_destructive = body.get("receiver-settle-mode") == _RECEIVE_AND_DELETE
        take = self._queue.take_out if is_destructive else self._queue.lock
        found = find_deferred(self._queue.messages, numbers, session_id)
        for message in found:
            take(message)
        return {"messages": [_as_locked_entry(message) for message in found]}

    def _update_disposition(self, body: Body) -> Body:
        status = body["disposition-status"]
        if status not in _VERDICTS:
            raise not_implemented(f"There is no disposition '{status}'.")
        settlement = Settlement(
            verdict=_VERDICTS[status],
            reason=body.get("deadletter-reason"),
            description=body.get("deadletter-description"),
            properties=body.get("properties-to-modify") or {},
        )
        # A token named twice is one message; and again all or none, for nobody can take back half.
        tokens = list(dict.fromkeys(body["lock-tokens"]))
        for token in tokens:
            self._queue.find_locked(token)
        for token in tokens:
            self._queue.settle(token, settlement)
        return {}


def _as_entry(message: Message) -> Body:
    return {"message": message.encode_for_delivery()}


def _as_locked_entry(message: Message) -> Body:
    # Taken for good: there is nothing left that a token could settle.
    token = _NO_TOKEN if message.lock is None else message.lock.token
    return {"message": message.encode_for_delivery(), "lock-token": token}
