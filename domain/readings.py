"""Readings that may have failed, and the facts and findings made from them.

DESIGN rule 4: a read that failed is never a pass and never a finding of fault, so a check gets
either a reading or the failure and can say ``unknown`` with its reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.codec import JsonObject
from domain.documents import Path, path_text, value_at
from domain.errors import ServiceError
from domain.findings import Fact, Finding, Verdict
from domain.outcomes import ManualTask
from domain.vaults import Provenance, Reading


@dataclass(frozen=True, kw_only=True)
class FailedRead:
    """A read that did not succeed."""

    what: str
    """What was to be read: ``policies``, ``vaultconfig``."""
    reason: str
    """Why it failed, with the service's code and request id where it gave them."""

    @classmethod
    def of(cls, what: str, error: ServiceError) -> "FailedRead":
        """The failure as a value, for checks that go on without this reading."""
        # The text of the error, which names code and request id; the error itself cannot travel as
        # JSON.
        return cls(what=what, reason=str(error))


type Attempt[T] = Reading[T] | FailedRead
"""A reading, or why there is none."""


def unread(check_id: str, subject: str, failed: FailedRead) -> Finding:
    """The finding for something that could not be read."""
    return Finding(
        check_id=check_id,
        verdict=Verdict.UNKNOWN,
        subject=subject,
        message=f"{failed.what} could not be read: {failed.reason}",
    )


def fact(document: JsonObject, path: Path, provenance: Provenance | None) -> Fact:
    """One field of a raw document, as evidence."""
    value = value_at(document, path)
    return Fact(
        field=path_text(path), value=None if value is None else str(value), provenance=provenance
    )


def tasks_of(findings: Iterable[Finding]) -> tuple[ManualTask, ...]:
    """What people have to do because of these findings.

    A failed check asks for something, and so does one that does not apply but names a next step
    (a policy whose times only its machines know). What is unknown asks for nothing yet.
    """
    return tuple(
        ManualTask(subject=one.subject, text=one.what_to_do, check_id=one.check_id)
        for one in findings
        if one.what_to_do and one.verdict in {Verdict.FAIL, Verdict.NOT_APPLICABLE}
    )
