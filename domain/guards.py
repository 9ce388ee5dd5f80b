"""Resource Guards: whose consent a policy write needs, and how it is named (recovery-services 2.5).

A guarded vault refuses some writes until the caller holds a role on the guard, which its owner
gives for a while, and until the write names the guard's own request for that kind of operation.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.codec import JsonObject
from domain.documents import value_at

POLICY_OPERATION = "updateProtectionPolicyRequests"
"""The guard's name for changing a policy; the last segment of ``vaultCriticalOperation``."""

GUARD_MEMBER = "resourceGuardOperationRequests"
"""Where a write names the guard's requests; not a part of the policy itself."""

ROLE = "Backup MUA Operator"
"""The role the writing identity needs on the guard, for as long as it writes."""


@dataclass(frozen=True, kw_only=True)
class GuardNeed:
    """What has to be asked for before a guarded policy can be written."""

    guard_id: str
    """ARM id of the Resource Guard; empty where the vault does not say."""
    request_id: str
    """What the write has to name: the guard's default request for changing policies."""
    text: str
    """What to ask whom, in one sentence."""


def _requests(proxy: JsonObject) -> dict[str, str]:
    details = value_at(proxy, ("properties", "resourceGuardOperationDetails"))
    found = {}
    for one in details if isinstance(details, list) else ():
        operation, request = one.get("vaultCriticalOperation"), one.get("defaultResourceRequest")
        if isinstance(operation, str) and isinstance(request, str):
            # The operation's full type differs from service to service; its last word does not.
            found[operation.rpartition("/")[2].casefold()] = request
    return found


def guard_need(proxies: Iterable[JsonObject]) -> GuardNeed:
    """What changing a policy needs, told from the vault's guard proxies; never fails.

    Args:
        proxies: ``backupResourceGuardProxies`` of the vault, raw.
    """
    guard_id = ""
    for proxy in proxies:
        guard_id = str(value_at(proxy, ("properties", "resourceGuardResourceId")) or "")
        # Several guards may be linked; the first that knows about policies is the one to ask.
        request = _requests(proxy).get(POLICY_OPERATION.casefold())
        if request:
            return GuardNeed(guard_id=guard_id, request_id=request, text=_ask(guard_id))
    # A guard that does not list the operation still has a request of the usual name.
    request = f"{guard_id}/{POLICY_OPERATION}/default" if guard_id else ""
    return GuardNeed(guard_id=guard_id, request_id=request, text=_ask(guard_id))


def _ask(guard_id: str) -> str:
    return (
        f"Ask the owner of the Resource Guard {guard_id or '(the vault does not name it)'} to give"
        f" the identity of vaultlift the role {ROLE} on it for some hours, then say so:"
        " vaultlift guard ID --granted."
    )


def with_guard_requests(document: JsonObject, requests: tuple[str, ...]) -> JsonObject:
    """The body to send: the policy, naming the guard's requests where there are any."""
    if not requests:
        return document
    # Into the properties and not beside them: every policy model has the member there
    # (recovery-services 1.2).
    properties = {**document["properties"], GUARD_MEMBER: list(requests)}
    return {**document, "properties": properties}


def without_guard_requests(document: JsonObject) -> JsonObject:
    """A policy without the guard's requests, which are about a write and not about the policy."""
    properties = document.get("properties")
    if not isinstance(properties, dict) or GUARD_MEMBER not in properties:
        return document
    kept = {name: value for name, value in properties.items() if name != GUARD_MEMBER}
    return {**document, "properties": kept}


def without_named_requests(document: JsonObject) -> JsonObject:
    """A policy as it may be written back: without the requests an earlier write has named.

    An empty member stays as it is: a write alters nothing but what it is for.
    """
    named = value_at(document, ("properties", GUARD_MEMBER))
    return without_guard_requests(document) if named else document
