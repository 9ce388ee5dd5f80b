"""What every ARM answer has in common: finding the vault, filters, pages and refusals."""

import base64
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from domain.codec import JsonObject
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.model import Vault
from local.azure.upgrades import provisioning_state

# A quote inside a text is doubled, as everywhere in OData.
_CLAUSE = re.compile(r"\s*(?P<key>\w+)\s+eq\s+'(?P<value>(?:[^']|'')*)'\s*", re.IGNORECASE)
_AND = re.compile(r"\s*and\s+", re.IGNORECASE)
INVALID_INPUT = (
    "BMSUserErrorInvalidInput",
    "Input provided for the call is invalid\r\nPlease check the required inputs",
)


def demand_subscription(call: Call) -> str:
    """The subscription of the call.

    Raises:
        ServiceRefusal: 404, the estate does not have it.
    """
    subscription = call.params["subscription"]
    if not call.state.has_subscription(subscription):
        raise ServiceRefusal(
            404,
            "SubscriptionNotFound",
            f"The subscription '{subscription}' could not be found.",
        )
    return subscription


def find_vault(call: Call) -> Vault:
    """The vault a call is about; a classic vault is not there before its upgrade starts.

    Raises:
        ServiceRefusal: 404, with the code that says which part is missing.
    """
    subscription = demand_subscription(call)
    group, name = call.params["group"], call.params["vault"]
    vault = call.state.find_vault(subscription, group, name)
    if vault is not None:
        return vault
    # ARM says which part is missing, and clients tell the two apart by the code.
    if not call.state.has_group(subscription, group):
        raise ServiceRefusal(
            404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found."
        )
    raise ServiceRefusal(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.RecoveryServices/vaults/{name}' under resource group '{group}' "
        "was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def demand_manageable(vault: Vault, now: datetime) -> None:
    """The management plane is closed while the upgrade runs, and after it failed.

    How the service words the refusal was never published; that it refuses is (vault-upgrade 1.5).

    Raises:
        ServiceRefusal: 409, the vault is still provisioning.
    """
    # Reads go through: that is what the article promises during the upgrade.
    if provisioning_state(vault, now) != "Succeeded":
        raise ServiceRefusal(
            409,
            "UserErrorVaultUpgradeInProgress",
            "The vault is being upgraded; management operations are not allowed until it ends.",
        )


def arm_id(vault: Vault) -> str:
    """The ARM id of a vault that was found through ARM."""
    if vault.arm_id is None:
        raise ValueError(f"{vault.name} has no Recovery Services vault yet")
    return vault.arm_id


def parse_filter(call: Call, allowed: frozenset[str]) -> dict[str, str]:
    """The clauses of ``$filter``: ``key eq 'value'`` joined by ``and`` (recovery-services 5).

    Raises:
        ServiceRefusal: 400, for any other grammar and for a key the list does not know.
    """
    text = call.query.get("$filter", "")
    clauses: dict[str, str] = {}
    if not text:
        return clauses
    rest = text
    while True:
        clause = _CLAUSE.match(rest)
        if clause is None or clause["key"] not in allowed or clause["key"] in clauses:
            raise ServiceRefusal(400, *INVALID_INPUT)
        clauses[clause["key"]] = clause["value"].replace("''", "'")
        rest = rest[clause.end() :]
        if not rest:
            return clauses
        joint = _AND.match(rest)
        if joint is None:
            raise ServiceRefusal(400, *INVALID_INPUT)
        # Another clause must follow, even where nothing is left.
        rest = rest[joint.end() :]


def page(call: Call, rows: Sequence[JsonObject]) -> Answer:
    """One page of a list, with a link to the next on the caller's own host."""
    start = _offset(call.query.get("$skipToken"))
    end = start + min(call.state.page_size, _top(call.query.get("$top")))
    document: JsonObject = {"value": list(rows[start:end])}
    if end < len(rows):
        # The whole query again: the next page must be cut from the same rows.
        query = dict(call.query) | {"$skipToken": _token(end)}
        path = quote(call.path, safe="/;:~,()")
        document["nextLink"] = f"{call.base_url}{path}?{urlencode(query, safe='$')}"
    return json_answer(document)


def _top(text: str | None) -> int:
    """The caller's wish for rows on a page; the service keeps to its own limit, too."""
    if text is None:
        return sys.maxsize
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise ServiceRefusal(400, *INVALID_INPUT)
    return int(text)


def _token(offset: int) -> str:
    # Opaque, so that no client is tempted to count for itself.
    return base64.urlsafe_b64encode(f"from {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        offset = int(number)
    except ValueError:
        word, offset = "", 0
    if word != "from":
        raise ServiceRefusal(400, *INVALID_INPUT)
    return offset


def refuse(refusal: ServiceRefusal) -> Answer:
    """A refusal as ARM and the backup service write it."""
    error: JsonObject = {"code": refusal.code, "message": refusal.message}
    if refusal.code.startswith(("BMS", "UserError", "Cloud")):
        # The backup service itself fills in all members, ARM in front of it only these two.
        error |= {"target": None, "details": None, "innerError": None}
    return json_answer({"error": error}, status=refusal.status)
