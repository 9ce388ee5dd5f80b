"""A receiver's verdict in AMQP: delivery outcomes, there and back.

The client waits for its own outcome to come back: an abandon that is answered with ``accepted``
raises in the client library (service-bus 3.6).
"""

from typing import Any

from local.servicebus.errors import BrokerError
from local.servicebus.performatives import Code, encode_error, outcome
from local.servicebus.settlement import Settlement, Verdict
from local.servicebus.values import Described


def read_outcome(state: Described) -> Settlement:
    """The settlement a delivery outcome stands for.

    Raises:
        BrokerError: It is not one of the four outcomes.
    """
    if state.descriptor == Code.ACCEPTED:
        return Settlement(verdict=Verdict.COMPLETE)
    if state.descriptor == Code.RELEASED:
        return Settlement(verdict=Verdict.RELEASE)
    if state.descriptor == Code.MODIFIED:
        return _read_modified(*state.value)
    if state.descriptor == Code.REJECTED:
        return _read_rejected(*state.value)
    raise BrokerError("amqp:not-implemented", f"{state!r} is not a delivery outcome.", 501)


def _read_modified(
    delivery_failed: bool | None = None,  # noqa: FBT001  # position and type are AMQP's
    undeliverable_here: bool | None = None,  # noqa: FBT001
    annotations: dict[Any, Any] | None = None,
) -> Settlement:
    # Set on every abandon, so it tells nothing (service-bus 3.6).
    del delivery_failed
    verdict = Verdict.DEFER if undeliverable_here else Verdict.ABANDON
    return Settlement(verdict=verdict, properties=_texts(annotations))


def _read_rejected(error: Described | None = None) -> Settlement:
    # The condition is always com.microsoft:dead-letter; what matters lies in the details.
    _condition, description, info = (*(error.value if error else ()), None, None, None)[:3]
    details = _texts(info)
    return Settlement(
        verdict=Verdict.DEAD_LETTER,
        reason=details.pop("DeadLetterReason", None),
        description=details.pop("DeadLetterErrorDescription", None) or description,
        properties=details,
    )


def _texts(pairs: dict[Any, Any] | None) -> dict[str, Any]:
    return {str(key): value for key, value in (pairs or {}).items()}


def answer_outcome(state: Described) -> Described:
    """The outcome to answer with once it has been carried out."""
    # A rejection comes back bare: one with an error would mean that the broker refused it.
    return outcome(Code.REJECTED) if state.descriptor == Code.REJECTED else state


def refuse_outcome(error: BrokerError) -> Described:
    """The outcome to answer with when it could not be carried out."""
    return outcome(Code.REJECTED, encode_error(error))
