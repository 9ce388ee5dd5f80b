"""What each step of the nightly audit takes and gives; see :mod:`domain.steps`."""

from dataclasses import dataclass

from domain.findings import Tally
from domain.vaults import VaultRef

LANES = 8
"""Vaults read at once: about eight reads each stay far inside the 25 reads a second of one
subscription (recovery-services 8)."""

PAGE_VAULTS = 20
"""Vaults of one page, which is what one history holds: four events each and some stay below a
hundred, and the page is far below 45 KB (durable-2x 2)."""

LONGEST_ERROR = 500
"""Characters of an error that a row keeps: a page of rows stays below 45 KB with twenty of them."""


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """Audit every Recovery Services vault of some subscriptions."""

    audit_id: str
    """The day of the audit: one a day, with a number where one that broke down is begun again."""
    subscriptions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VaultAuditRequest:
    """Audit one vault."""

    audit_id: str
    vault: VaultRef


@dataclass(frozen=True, kw_only=True)
class Estate:
    """The vaults an audit covers, and the subscriptions that could not be listed."""

    vaults: tuple[VaultRef, ...]
    unread: tuple[str, ...] = ()
    """One sentence for each subscription that could not be read: unknown, not empty."""


@dataclass(frozen=True, kw_only=True)
class EstateAnswer:
    """What listing came to; the vaults are in the evidence, in pages."""

    vault_count: int | None = None
    """None: an answer of an earlier version, which has the vaults themselves."""
    vaults: tuple[VaultRef, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """Some vaults of an audit."""

    vaults: tuple[VaultRef, ...]


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """One page of a lane."""

    audit_id: str
    lane: int
    """From 0."""
    page: int
    """From 0."""


@dataclass(frozen=True, kw_only=True)
class LaneRequest:
    """Audit the vaults of a lane one after the other, from a page on."""

    audit_id: str
    lane: int
    pages: int
    """Of the whole lane."""
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class LaneAnswer:
    """A lane has ended; what it came to is in the evidence."""

    pages: int


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """What the audit of one vault came to."""

    vault: VaultRef
    tally: Tally
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditRows:
    """What the audit of one page came to."""

    rows: tuple[AuditRow, ...]


@dataclass(frozen=True, kw_only=True)
class PageRecord:
    """What is to be kept of one page."""

    page: PageRequest
    rows: tuple[AuditRow, ...]


@dataclass(frozen=True, kw_only=True)
class SummaryRequest:
    """Make the summary of an audit out of its evidence."""

    audit_id: str


@dataclass(frozen=True, kw_only=True)
class AuditOutcome:
    """What a whole audit came to, in numbers; the rows are in ``summary.json`` under ``prefix``."""

    audit_id: str
    prefix: str
    vaults: int
    broken: int
    """Vaults that could not be audited."""
    unread: int
    """Subscriptions that could not be listed."""
    tally: Tally


@dataclass(frozen=True, kw_only=True)
class AuditSummary:
    """What a whole audit came to; the findings are in the evidence under ``prefix``."""

    audit_id: str
    prefix: str
    rows: tuple[AuditRow, ...]
    unread: tuple[str, ...] = ()


def lanes_of(vaults: tuple[VaultRef, ...]) -> tuple[tuple[AuditPage, ...], ...]:
    """The vaults by lane and page; no lane has more than one vault more than another."""
    return tuple(_pages(vaults[lane::LANES]) for lane in range(LANES))


def _pages(vaults: tuple[VaultRef, ...]) -> tuple[AuditPage, ...]:
    starts = range(0, len(vaults), PAGE_VAULTS)
    return tuple(AuditPage(vaults=vaults[start : start + PAGE_VAULTS]) for start in starts)


def pages_in(lane: int, vault_count: int) -> int:
    """How many pages :func:`lanes_of` gives a lane, without the vaults."""
    return -(-len(range(lane, vault_count, LANES)) // PAGE_VAULTS)
