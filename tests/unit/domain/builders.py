"""Builds the domain's values for tests: everything has a sensible default."""

from datetime import UTC, datetime
from typing import Any

from domain.requests import UpgradeRequest
from domain.vaults import ClassicVaultRef, Provenance, VaultRef

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBSCRIPTION = "5d6e7f80-1234-4abc-9def-0123456789ab"
OTHER_SUBSCRIPTION = "6e7f8091-2345-4bcd-8ef0-123456789abc"
VAULT = ClassicVaultRef(subscription_id=SUBSCRIPTION, region="West US", name="vault-one")
TARGET = VaultRef(subscription_id=SUBSCRIPTION, resource_group="rg-upgraded", name="vault-one")
PROVENANCE = Provenance(source="GET /a/path", request_id="request-1", read_at=NOW)


def upgrade_request(**changes: Any) -> UpgradeRequest:
    """A request to upgrade ``VAULT``, with the given fields changed."""
    values: dict[str, Any] = {
        "vault": VAULT,
        "target_resource_group": "rg-upgraded",
        "request_id": "request-7",
        "requested_by": "ada@example.org",
        "requested_at": NOW,
    }
    return UpgradeRequest(**(values | changes))
