"""What simulated Azure knows about a subscription itself, besides its vaults."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

REGISTERED = "Registered"


def registered_providers() -> dict[str, str]:
    """The two providers an upgrade needs, registered."""
    # Site Recovery also for Backup vaults, as the published script wants it (vault-upgrade 1.1).
    return dict.fromkeys(("Microsoft.RecoveryServices", "Microsoft.SiteRecovery"), REGISTERED)


def registered_features() -> dict[str, str]:
    """The preview's feature, registered."""
    return {"VaultUpgrade": REGISTERED}


@dataclass(kw_only=True)
class Subscription:
    """A subscription itself: its offer, groups, resource providers and preview features."""

    id: str
    name: str = "Simulated subscription"
    state: str = "Enabled"
    quota_id: str = "PayAsYouGo_2014-09-01"
    """``CSP_2015-05-01`` and the like: a subscription of a CSP."""
    location: str = "westus"
    """Of the groups that the estate names."""
    groups: tuple[str, ...] = ("rg-backup-upgraded",)
    """Resource groups that are there from the beginning."""
    providers: dict[str, str] = field(default_factory=registered_providers)
    """State of each resource provider when the estate was opened."""
    features: dict[str, str] = field(default_factory=registered_features)
    # Our choice; the published script looks every 10 s and gives up after 1 h (vault-upgrade 1.9).
    registration_takes: timedelta = timedelta(minutes=2)
    registered_from: dict[str, datetime] = field(default_factory=dict)
    """When the registrations that callers asked for are done."""

    def provider_state(self, namespace: str, now: datetime) -> str:
        """``registrationState`` of a provider at ``now``."""
        # Computed from when it was asked for: nothing has to tick while nobody looks.
        done_at = self.registered_from.get(namespace)
        if done_at is None:
            return self.providers[namespace]
        return REGISTERED if done_at <= now else "Registering"
