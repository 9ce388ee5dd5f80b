"""The subscription of an upgrade: its offer, its resource providers, the preview's feature.

Rules: vault-upgrade 1.1, 1.9. The upgrade script registered the providers without asking; here it
takes somebody's consent, because it changes the subscription.
"""

from domain.codec import JsonObject
from domain.documents import value_at
from domain.prechecks import REGISTERED, CheckContext, CheckReason, Consent, Gravity, error

RECOVERY_SERVICES = "Microsoft.RecoveryServices"
SITE_RECOVERY = "Microsoft.SiteRecovery"
PROVIDERS = (RECOVERY_SERVICES, SITE_RECOVERY)
"""Both must be registered, for Backup vaults, too."""

FEATURE = "VaultUpgrade"
"""The preview's feature of Microsoft.RecoveryServices."""

WAITING = frozenset({"Pending", "Registering"})
"""On its way: nothing to do but to wait."""

_CSP = "CSP"


def judge_subscription(document: JsonObject) -> list[CheckReason]:
    """A subscription of a CSP cannot upgrade Backup vaults; one that is not enabled, nothing."""
    reasons = []
    quota_id = str(value_at(document, ("subscriptionPolicies", "quotaId")) or "")
    # The quota id names the offer the subscription was bought under; those of resellers begin so,
    # as CSP_2015-05-01 does.
    if quota_id.upper().startswith(_CSP):
        reasons.append(
            error(
                "CspSubscription",
                f"the subscription's offer is {quota_id}: Backup vaults of CSP subscriptions "
                "cannot be upgraded",
                "There is no way; the vault stays as it is.",
                source="subscription",
                rule="vault-upgrade 1.1",
            )
        )
    state = str(document.get("state") or "")
    # A document without a state says nothing against it; the start itself would then be refused.
    if state not in {"Enabled", ""}:
        reasons.append(
            error(
                "SubscriptionNotEnabled",
                f"the subscription is {state}",
                "Enable the subscription, then run the vault again.",
                source="subscription",
                rule="vault-upgrade 1.1",
            )
        )
    return reasons


def provider_state(document: JsonObject) -> str:
    """``registrationState``; the upgrade script takes an absent one for registered (1.9)."""
    return str(document.get("registrationState") or REGISTERED)


def judge_provider(context: CheckContext, namespace: str, document: JsonObject) -> CheckReason:
    """Whether a provider is registered; says who has to agree where it is not."""
    state = provider_state(document)
    is_registered = state == REGISTERED
    is_agreed = is_registered or context.register_providers
    return CheckReason(
        code="ProviderRegistered" if is_registered else "ProviderNotRegistered",
        gravity=Gravity.NOTE if is_agreed else Gravity.WARNING,
        message=f"resource provider {namespace} is {state}",
        what_to_do=""
        if is_registered
        else "It is registered before the start, which may take up to an hour: set "
        "registerProviders or approve the plan.",
        source="resource providers",
        rule="vault-upgrade 1.9",
        consent=None if is_registered else Consent.REGISTER_PROVIDERS,
    )


def judge_feature(document: JsonObject | None) -> list[CheckReason]:
    """Whether the subscription may upgrade; None: the service knows no such feature any more.

    The feature belonged to the preview. A service that does not know it asks nobody for it.
    """
    if document is None:
        return [_feature_note("the service knows no feature VaultUpgrade: the preview is over")]
    state = str(value_at(document, ("properties", "state")) or "unknown")
    if state == REGISTERED:
        return [_feature_note("feature VaultUpgrade is Registered")]
    # Told apart, for what is to be done differs: waiting helps the one and not the other.
    is_waiting = state in WAITING
    return [
        error(
            "FeaturePending" if is_waiting else "FeatureNotEnabled",
            f"feature VaultUpgrade of {RECOVERY_SERVICES} is {state}",
            "Wait for the approval, then run the vault again."
            if is_waiting
            else "The subscription is not enabled for the upgrade; wait for Microsoft's notice.",
            source="features",
            rule="vault-upgrade 1.1",
        )
    ]


def _feature_note(text: str) -> CheckReason:
    return CheckReason(
        code="Feature",
        gravity=Gravity.NOTE,
        message=text,
        what_to_do="",
        source="features",
        rule="vault-upgrade 1.1",
    )
