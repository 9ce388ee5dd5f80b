"""The other editor: somebody in the portal who changes a policy while a caller works on it.

After a read they edit what was read. After a write they save what they had open before it, so that
the caller's change is lost: the service keeps no ETag for policies (recovery-services 1.4).
"""

import copy

from domain.codec import JsonObject
from local.azure.contents import Policy, PolicyVersion
from local.azure.exchange import Call

MARK = "vaultliftSimulatedEditor"
"""Member the other editor adds; unlike a changed retention it can never break a rule."""


def meddle(call: Call) -> None:
    """Edits the policy a call was about; does nothing where there is none."""
    vault = call.state.find_vault(
        call.params.get("subscription", ""), call.params.get("group", ""), call.params["vault"]
    )
    policy = vault.contents.policies.get(call.params.get("policy", "").lower()) if vault else None
    if policy is None:
        return
    document = _opened(policy, call)
    # Counted, so that each edit differs from the one before.
    document[MARK] = int(document.get(MARK, 0)) + 1
    # A write on its way ends later; the other editor's is the last word then, too.
    at = max(call.now, policy.versions[-1].effective_at)
    policy.versions.append(PolicyVersion(effective_at=at, properties=document, is_foreign=True))


def _opened(policy: Policy, call: Call) -> JsonObject:
    """What the other editor had open: today's document, or the one before the caller's write."""
    is_late = call.method == "PUT" and len(policy.versions) > 1
    return copy.deepcopy(policy.versions[-2 if is_late else -1].properties)
