"""Reads that may fail without stopping the step they belong to (DESIGN rule 4)."""

from collections.abc import Awaitable

from domain.errors import ServiceError
from domain.readings import Attempt, FailedRead
from domain.vaults import Reading


async def attempt[T](what: str, read: Awaitable[Reading[T]]) -> Attempt[T]:
    """The reading, or what was to be read and why it failed."""
    try:
        return await read
    # Only what a service says: a mistake of our own has to stop the step and be seen.
    except ServiceError as failure:
        return FailedRead.of(what, failure)


def failures(*attempts: Attempt[object]) -> tuple[str, ...]:
    """Why each failed read failed, for those that did."""
    return tuple(
        f"{one.what} could not be read: {one.reason}"
        for one in attempts
        if isinstance(one, FailedRead)
    )
