"""The nightly audit: which vaults there are, what each looks like, and what it all came to."""

from activities.evidence import keep
from adapters.ports import Ports
from domain.codec import to_json
from domain.errors import ServiceError
from domain.steps import AuditRequest, AuditRow, AuditSummary, Estate, VaultAuditRequest
from domain.vaults import VaultRef
