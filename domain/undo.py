"""The way back from a policy write: the before-image, and the command that puts it in place."""

from domain.codec import JsonObject
from domain.policies import put_body
from domain.vaults import VaultRef

UNDO_API_VERSION = "2025-08-01"
"""The version the before-image was read with; another may not know all of its members."""


def undo_steps(vault: VaultRef, before: JsonObject, evidence_key: str) -> JsonObject:
    """How a person puts a policy back as it was.

    The command works where the evidence store is a folder, or the document was downloaded. An
    undo is an edit like any other and counts towards the 50 of 24 hours.

    Args:
        vault: The vault of the policy.
        before: The policy as it was read.
        evidence_key: Where this document is kept.
    """
    # The service's own spelling of the id, where it gave one.
    policy_id = str(before.get("id") or f"{vault.arm_id}/backupPolicies/{before.get('name')}")
    uri = f"{policy_id}?api-version={UNDO_API_VERSION}"
    return {
        "method": "PUT",
        "uri": uri,
        "body": put_body(before),
        "command": (
            f"jq .data.undo.body {evidence_key} > undo.json && "
            f'az rest --method put --uri "{uri}" --body @undo.json'
        ),
    }
