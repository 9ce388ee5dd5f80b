"""Resource Guards: which writes need their owner's consent, and how a write names it (2.5)."""

from domain.codec import JsonObject
from local.azure.arm_common import arm_id, find_vault
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
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


def list_proxies(call: Call) -> Answer:
    """The Resource Guards the vault obeys: one where multi-user authorization is on."""
    vault = find_vault(call)
    if not vault.contents.settings.multi_user_authorization:
        return json_answer({"value": []})
    guard = guard_id(vault)
    proxy = {
        "id": f"{arm_id(vault)}/backupResourceGuardProxies/VaultProxy",
        "name": "VaultProxy",
        "type": "Microsoft.RecoveryServices/vaults/backupResourceGuardProxies",
        "properties": {
            "resourceGuardResourceId": guard,
            "resourceGuardOperationDetails": [
                {
                    "vaultCriticalOperation": f"Microsoft.DataProtection/resourceGuards/{name}",
                    "defaultResourceRequest": f"{guard}/{name}/default",
                }
                for name in (POLICY_OPERATION, SOFT_DELETE_OPERATION)
            ],
        },
    }
    return json_answer({"value": [proxy]})


def demand_consent(vault: Vault, sent: JsonObject, *, keeps_less: bool) -> None:
    """Refuses the edit of a policy that a guard has not been asked about.

    Raises:
        ServiceRefusal: 403; the write names no request, or its owner has not agreed. The codes
            were never published; that the write is refused is.
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
        raise ServiceRefusal(
            403,
            "UserErrorResourceGuardAccessDenied",
            "The caller has no role on the Resource Guard that protects the operation.",
        )
