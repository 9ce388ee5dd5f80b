"""When a failed upgrade may be started once more (DESIGN rule 2).

Every attempt has a folder of its own in evidence: an intent, the sends, and its failure. The next
attempt exists only where somebody recorded Microsoft's instruction for it. The instruction names
the failed OperationId, so it serves that failure and no other, and it is used up by the attempt it
opens: a failure of that attempt needs another instruction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.codec import JsonObject, from_json
from domain.upgrade import UpgradeRecord, UpgradeStatus

FIRST = 1
"""Number of the attempt that needs nobody's instruction."""


@dataclass(frozen=True, kw_only=True)
class RetryAuthorization:
    """Microsoft's instruction to start a failed upgrade once more, as an operator recorded it."""

    attempt: int
    """The attempt it opens, from 2."""
    failed_operation_id: str
    """The failure it is about."""
    ticket: Annotated[str, Field(pattern=r"\S", max_length=100)]
    """Number of the support request."""
    instruction: Annotated[str, Field(pattern=r"\S", max_length=4000)]
    """What Microsoft wrote."""
    authorized_by: Annotated[str, Field(pattern=r"\S", max_length=200)]
    at: datetime
    """UTC."""

    def __str__(self) -> str:
        """As it is shown in a plan."""
        return (
            f"Attempt {self.attempt}, after {self.failed_operation_id} failed: ticket "
            f"{self.ticket}, recorded by {self.authorized_by}"
        )


@dataclass(frozen=True, kw_only=True)
class AttemptState:
    """What evidence holds about the attempts of one vault."""

    failed: dict[int, str | None]
    """OperationId of every attempt that failed, by number; None where it was not known."""
    authorizations: dict[int, RetryAuthorization]
    """Instructions by the number of the attempt they open."""

    @property
    def number(self) -> int:
        """The attempt that is open: the last one that was opened."""
        number = FIRST
        # Step by step: an instruction for attempt 3 opens nothing while attempt 2 has not failed.
        while number in self.failed and number + 1 in self.authorizations:
            number += 1
        return number

    @property
    def authorization(self) -> RetryAuthorization | None:
        """What opened it."""
        return self.authorizations.get(self.number)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The attempt a run may make."""

    number: int = FIRST
    may_start: bool = True
    """False: the vault's upgrade failed, and nobody may start it again."""
    superseded: str | None = None
    """OperationId of the failure that the instruction is about; it is not this attempt's end."""
    reason: str = ""
    """What opened the attempt, in one line."""


FIRST_ATTEMPT = Attempt()
"""What nobody has to open."""


def open_attempt(state: AttemptState, record: UpgradeRecord | None) -> Attempt:
    """The attempt a run may make, given evidence and the record of the classic list."""
    number, authorization = state.number, state.authorization
    superseded = authorization.failed_operation_id if authorization else None
    return Attempt(
        number=number,
        may_start=number not in state.failed and not _is_other_failure(record, superseded),
        superseded=superseded,
        reason=str(authorization) if authorization else "",
    )


def _is_other_failure(record: UpgradeRecord | None, superseded: str | None) -> bool:
    # A failure that the instruction does not name is another failure, and needs another one.
    if record is None or record.status is not UpgradeStatus.FAILED:
        return False
    return not is_superseded(record, superseded)


def is_superseded(record: UpgradeRecord, superseded: str | None) -> bool:
    """Whether a record is only what is left of the failure an instruction is about."""
    # By its id and not by its status alone: until the new attempt shows, the record is still that
    # of the old one, and a new failure looks just the same but for the id.
    is_failed = record.status is UpgradeStatus.FAILED
    return superseded is not None and is_failed and record.operation_id == superseded


def objection_to_retry(state: AttemptState, ticket: str) -> str | None:
    """Why no retry can be authorised now, or None when it can.

    The same ticket handed in twice is the same authorisation, until its attempt has failed.
    """
    number = state.number
    if number in state.failed:
        return None
    opened_by = state.authorization
    if opened_by is None:
        return "the vault's upgrade has not failed; there is nothing to retry"
    if opened_by.ticket != ticket:
        return (
            f"attempt {number} was authorised by ticket {opened_by.ticket} and has not failed;"
            " an instruction is recorded once"
        )
    return None


def start_prefix(vault_key: str) -> str:
    """Where the attempts of a vault are kept, whatever the run."""
    return f"vaults/{vault_key}/start/"


def attempt_folder(vault_key: str, attempt: int) -> str:
    """Where one attempt is kept: beside the runs, because it outlives each of them."""
    return f"{start_prefix(vault_key)}attempt-{attempt}"


_DOCUMENT = re.compile(r"/start/attempt-(?P<number>\d+)/(?P<kind>failed|authorization)\.json$")


def is_about_attempts(key: str) -> bool:
    """Whether an evidence key is one that :func:`attempt_state` reads."""
    return _DOCUMENT.search(key) is not None


def attempt_state(documents: Mapping[str, JsonObject]) -> AttemptState:
    """The state that evidence documents tell of, by their keys."""
    failed: dict[int, str | None] = {}
    authorizations: dict[int, RetryAuthorization] = {}
    for key, document in documents.items():
        found = _DOCUMENT.search(key)
        if found is None:
            continue
        number, data = int(found["number"]), document["data"]
        if found["kind"] == "failed":
            # A failure without an id still closes its attempt: whoever wants to retry needs an
            # instruction.
            failed[number] = data.get("operationId")
        else:
            authorizations[number] = from_json(RetryAuthorization, data)
    return AttemptState(failed=failed, authorizations=authorizations)
