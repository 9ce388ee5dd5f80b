"""Resource Guards: which writes need their owner's consent, and how a write names it (2.5)."""

from domain.codec import JsonObject
from local.azure.exchange import ServiceRefusal
from local.azure.model import Vault

POLICY_OPERATION = "updateProtectionPolicyRequests"
SOFT_DELETE_OPERATION = "disableSoftDeleteRequests"
REQUESTS = "resourceGuardOperationRequests"
"""Where a write names the guard's requests."""


def guard_id(vault: Vault) -> str:
    """ARM id of the guard a guarded vault is linked to."""
    return (
        f"/subscriptions/{vault.subscription_id}/resourceGroups/rg-guards"
        "/providers/Microsoft.DataProtection/resourceGuards/vault-guard"
    )


def demand_consent(vault: Vault, sent: JsonObject, *, keeps_less: bool) -> None:
    """Refuses the edit of a policy that a guard has not been asked about.

    Raises:
        ServiceRefusal: 403; the write names no request, or its owner has not agreed. The code of
            the first was never published; that the write is refused is.
    """
    settings = vault.contents.settings
    if not settings.multi_user_authorization:
        return
    if not (keeps_less or settings.guards_policy_edits):
        return
    wanted = f"{guard_id(vault)}/{POLICY_OPERATION}/default".lower()
    named = [str(one).lower() for one in sent.get(REQUESTS) or ()]
    if wanted not in named:
        raise ServiceRefusal(
            403,
            "UserErrorResourceGuardRequestMissing",
            "The operation is protected by a Resource Guard and names no guard request.",
        )
    if not vault.is_guard_granted:
        # Resource Manager looks whether the caller may use the request that is named.
        raise ServiceRefusal(
            403,
            "LinkedAuthorizationFailed",
            f"The client may write the policy, but has no role on the linked scope '{wanted}'.",
        )
