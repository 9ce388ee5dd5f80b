"""Values that several examples share; one vault goes through all of them."""

from domain.codec import JsonObject
from domain.requests import settle_instance_id, upgrade_instance_id
from domain.vaults import ClassicVaultRef, VaultRef

SUBSCRIPTION = "0b7c2f3e-5d1a-4c6e-9f80-2a4b6c8d0e1f"
CLASSIC = ClassicVaultRef(subscription_id=SUBSCRIPTION, region="West US", name="vault-paris")
VAULT = VaultRef(subscription_id=SUBSCRIPTION, resource_group="rg-backup", name="vault-paris")

UPGRADE_ID = upgrade_instance_id(CLASSIC)
SETTLEMENT_ID = settle_instance_id(VAULT)
HASH = "5f" * 32
REQUEST_ID = "autumn-2026"
OPERATION_ID = "1e0545ed-e2da-5bf8-be3e-246f5b8bcbec-2026-11-23 02:19:28Z-P"
STARTED, ENDED = "2026-11-23T02:19:12+00:00", "2026-11-23T05:51:40+00:00"
URL = "https://vaultlift.azurewebsites.net/api"

CLASSIC_VIEW: JsonObject = {
    "subscriptionId": SUBSCRIPTION,
    "region": "West US",
    "name": "vault-paris",
    "vaultType": "BackupVault",
}
VAULT_VIEW: JsonObject = {
    "id": VAULT.arm_id,
    "subscriptionId": SUBSCRIPTION,
    "resourceGroup": "rg-backup",
    "name": "vault-paris",
}
NO_FINDINGS: JsonObject = {"passed": 0, "failed": 0, "unknown": 0, "notApplicable": 0}

UPGRADE_ROW: JsonObject = {
    "subscriptionId": SUBSCRIPTION,
    "vaultName": "vault-paris",
    "region": "West US",
    "targetResourceGroup": "rg-backup",
    "timeZone": "Romance Standard Time",
}
APPROVAL: JsonObject = {
    "planHash": HASH,
    "approver": "bea@example.com",
    "decision": "approve",
    "comment": "CHG0042",
}
COMMAND: JsonObject = {"requestedBy": "ada@example.com", "comment": "until the review"}
