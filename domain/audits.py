"""What each step of the nightly audit takes and gives; see :mod:`domain.steps`."""

from dataclasses import dataclass

from domain.findings import Tally
from domain.vaults import VaultRef


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """Audit every Recovery Services vault of some subscriptions."""

    audit_id: str
    """The day of the audit: one a day."""
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
class AuditRow:
    """What the audit of one vault came to."""

    vault: VaultRef
    tally: Tally
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditSummary:
    """What a whole audit came to; the findings are in the evidence under ``prefix``."""

    audit_id: str
    prefix: str
    rows: tuple[AuditRow, ...]
    unread: tuple[str, ...] = ()
