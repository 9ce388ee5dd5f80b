"""What routes of every noun have in common: headers, pages, errors, moments, names, counts."""

from collections.abc import Iterable
from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import Field

PRINCIPAL_HEADER = "x-ms-client-principal-name"
"""Who called, as the platform's sign-in says; what a body claims counts only without it."""

PRINCIPAL_ID_HEADER = "x-ms-client-principal-id"
"""The same as an id, which programs have that sign in by themselves."""

SIGNATURE_HEADER = "x-vaultlift-signature"
"""``t=<Unix seconds>,v1=<hex HMAC-SHA256>``; see :mod:`domain.signatures`."""

PAGE_SIZE = 100
"""Entries per page unless the caller asks for fewer."""

MAX_PAGE_SIZE = 1000
"""Most entries one answer holds."""

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 with its zone, UTC."""


def one_of(words: Iterable[str]) -> Any:
    """The metadata of a text that is one of these words."""
    return Field(json_schema_extra={"enum": [str(word) for word in words]})


class ProblemView(TypedDict):
    """One thing wrong with what was handed in."""

    where: str
    """Its place: `body`, `query`, `vaults[3]`."""
    field: str
    """The member or parameter; `-` for the place as a whole."""
    message: str
    """What would be right."""
    vault: str | None
    """The vault it is about, where that is known."""


class ErrorView(TypedDict):
    """What went wrong."""

    code: str
    """For programs; does not change."""
    message: str
    """For people; what happened and, where there is one, the next step."""
    problems: NotRequired[list[ProblemView]]
    """Every problem found; with `InvalidInput` only."""


class ErrorAnswer(TypedDict):
    """Every answer of 400 and above that the app gives."""

    error: ErrorView


class ClassicVaultView(TypedDict):
    """Names a classic vault."""

    subscriptionId: str
    region: str
    """Display name, such as `West US`."""
    name: str
    vaultType: str


class VaultView(TypedDict):
    """Names a Recovery Services vault."""

    id: str
    """Its ARM id."""
    subscriptionId: str
    resourceGroup: str
    name: str


class FindingCounts(TypedDict):
    """How many findings of each verdict."""

    passed: int
    failed: int
    unknown: int
    notApplicable: int


class Decided(TypedDict):
    """An answer to a plan was taken."""

    id: str
    decision: Annotated[str, one_of(("approve", "deny"))]
