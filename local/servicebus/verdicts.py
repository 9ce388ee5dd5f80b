"""What a receiver may say about a message it holds, and how it says so in AMQP.

The client waits for its own outcome to come back: an abandon that is answered with ``accepted``
raises in the client library (service-bus 3.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from local.servicebus.amqp_types import Described
from local.servicebus.errors import BrokerError
from local.servicebus.performatives import Code, encode_error, outcome


class Verdict(Enum):
    """The five things a receiver can say."""

    COMPLETE = auto()
    """Done: remove it."""
    ABANDON = auto()
    """Failed: deliver it again, one delivery more on its count."""
    RELEASE = auto()
    """Not looked at: deliver it again, uncounted."""
    DEFER = auto()
    """Later: keep it until someone asks for its sequence number."""
    DEAD_LETTER = auto()
    """Hopeless: move it to the dead-letter queue."""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """A verdict with what goes along."""

    verdict: Verdict
    reason: str | None = None
    """Why it is dead-lettered, in a word."""
    description: str | None = None
    """Why it is dead-lettered, in a sentence."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Application properties to add or replace."""


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
    del delivery_failed
    verdict = Verdict.DEFER if undeliverable_here else Verdict.ABANDON
    return Settlement(verdict=verdict, properties=_texts(annotations))


def _read_rejected(error: Described | None = None) -> Settlement:
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
