"""``backupResourceGuardProxies``: the guards a vault is linked to (recovery-services 2.5)."""

from local.azure.arm_common import arm_id, find_vault
from local.azure.exchange import Answer, Call, json_answer
from local.azure.guards import POLICY_OPERATION, SOFT_DELETE_OPERATION, guard_id


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
