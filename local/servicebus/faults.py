"""Faults on demand: the broker fails when it is told to, where it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from domain.codec import JsonObject, to_json
from domain.errors import ConfigurationError
from local.servicebus.errors import BrokerError

ANY = "*"


class ConnectionCutError(Exception):
    """The connection that asked for this is to be cut, without an answer."""


@dataclass(kw_only=True)
class Fault:
    """One thing that shall go wrong."""

    __pydantic_config__ = ConfigDict(extra="forbid", alias_generator=to_camel)

    operation: str = ANY
    """``send``, ``receive``, ``settle``, a management operation (``renew-lock``), or ``*``."""
    entity: str = ANY
    """The queue's path in lower case, or ``*``."""
    action: Literal["refuse", "cut-before", "cut-after"] = "refuse"
    """Refuse with the condition; or cut the connection before or after the operation's effect.
    The last is the lost answer: done, and the client cannot know."""
    condition: str = "com.microsoft:server-busy"
    description: str = "The broker was told to fail here."
    status: int = 503
    count: int = 1
    """How many times more."""

    def fits(self, operation: str, entity: str) -> bool:
        """Whether it strikes here."""
        return (
            self.count > 0
            and self.operation in {ANY, operation}
            and self.entity.lower() in {ANY, entity.lower()}
        )


_FAULTS = TypeAdapter(list[Fault])


class Faults:
    """The faults to come, in the order they were given."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, document: object) -> None:
        """Plans more faults, after those that are planned already.

        Args:
            document: A JSON array of objects with the fields of :class:`Fault`.

        Raises:
            ConfigurationError: It is something else; the plan stays as it was.
        """
        try:
            self._pending += _FAULTS.validate_python(document)
        except ValidationError as error:
            raise ConfigurationError(str(error), subject="faults") from error

    def clear(self) -> None:
        """Cancels every fault still to come."""
        self._pending.clear()

    def describe(self) -> list[JsonObject]:
        """The faults still to come."""
        return [to_json(fault) for fault in self._pending if fault.count > 0]

    @contextmanager
    def around(self, operation: str, entity: str) -> Iterator[None]:
        """Runs an operation, and what shall go wrong before or after it.

        Raises:
            BrokerError: It is refused; its effect does not take place.
            ConnectionCutError: The connection is to be cut, before or after its effect.
        """
        # The first that fits, so that a test can plan a sequence of failures.
        fault = next((f for f in self._pending if f.fits(operation, entity)), None)
        if fault is None:
            yield
            return
        # Counted before it strikes: what it does may itself cause another request.
        fault.count -= 1
        if fault.action == "refuse":
            raise BrokerError(fault.condition, fault.description, fault.status)
        # The effect lies between the two cuts, which is why this is a context manager.
        if fault.action == "cut-after":
            yield
        raise ConnectionCutError
