"""What the service means when it refuses a policy write, and what to do about it.

Codes: recovery-services 1.3, 1.4, 9 and audit-checks B. The service reuses its catch-all code for
about ten different rules, so the cause names the likeliest ones.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus


class RefusalKind(StrEnum):
    """What a refusal asks for."""

    FINAL = "final"
    """A person has to change something first."""
    BUDGET = "budget"
    """Wait: the edits of the last 24 hours are used up."""
    GUARD = "guard"
    """The owner of a Resource Guard has to agree first."""
    BUSY = "busy"
    """Wait a little: somebody else is at work, or the caller's token ran out."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refusal, explained."""

    kind: RefusalKind
    cause: str
    next_step: str
    recognised_by: str = ""
    """How we know, where it is not by a published code."""


def _final(cause: str, next_step: str) -> Refusal:
    return Refusal(kind=RefusalKind.FINAL, cause=cause, next_step=next_step)


_BUDGET = Refusal(
    kind=RefusalKind.BUDGET,
    cause="the vault has had its 50 policy edits of 24 hours, some of them by others",
    next_step="Nothing: the write is tried again when edits are free.",
)
_BUSY = Refusal(
    kind=RefusalKind.BUSY,
    cause="another operation is at work on the policy or its items",
    next_step="Nothing: the write is tried again on a fresh read.",
)
_GUARD = Refusal(
    kind=RefusalKind.GUARD,
    cause=(
        "a Resource Guard protects the operation: the write names no request of it, or the identity"
        " has no role on it"
    ),
    next_step="Get the consent of the guard's owner.",
)
_GUARD_WORDS = ("resourceguard", "resource guard", "multiuserauth", "multi-user auth")

_BY_CODE: dict[str, Refusal] = {
    "bmsusererrorinvalidpolicyinput": _final(
        "the service finds the policy as a whole invalid: often daily retention below 7 days,"
        " retention times that differ from the run time or lie in the future, more than one run"
        " time, or minutes other than :00 and :30",
        "Open the policy in the portal, correct what it marks, save, and settle the vault again.",
    ),
    "usererrorlogretentionnotinvalidrangeinpolicy": _final(
        "the log backups of the policy are kept for less than 7 or more than 35 days",
        "Set log retention to 7 to 35 days, then settle the vault again.",
    ),
    "usererrorlogretentionmorethandiffretentioninpolicy": _final(
        "the log backups of the policy are kept longer than its differential backups",
        "Keep log backups for less time than differential ones, then settle the vault again.",
    ),
    "bmsusererrorinvalidpolicyforgivenprovider": _final(
        "the policy does not fit the kind of backup it is for, or its agent has to update it first",
        "Update the policy at its agent or in the portal, then settle the vault again.",
    ),
    "cloudinvalidinputerror": _final(
        "the service does not take one of the members of the policy",
        "Open and save the policy in the portal once, then settle the vault again.",
    ),
    "usererrorinvalidrequestparameter": _final(
        "the service does not know a value of the policy, most likely the time zone",
        "Choose another Windows zone id with the same clock, then settle the vault again.",
    ),
    "bmsusererrorobjectlocked": _BUSY,
    "usererrorvaultupgradeinprogress": _BUSY,
    # The service misspells its own code; both spellings were seen (audit-checks B18).
    "clouddostimeboudlimitreached": _BUDGET,
    "clouddostimeboundlimitreached": _BUDGET,
    # Not tried again by itself although time may cure it: a role that is really missing looks the
    # same, and each try counts as one of 50 edits (recovery-services 9, 1.4).
    # Resource Manager's own: the write names a guard's request, and the access check on it failed.
    "linkedauthorizationfailed": _GUARD,
    "authorizationfailed": _final(
        "the identity may not write policies of this vault, or its role has not spread yet",
        "Give it Backup Contributor on the vault, wait ten minutes, and settle the vault again.",
    ),
    "scopelocked": _final(
        "a resource lock forbids changes of the vault",
        "Remove the read-only lock for the time of the work, then settle the vault again.",
    ),
    "requestdisallowedbypolicy": _final(
        "an Azure Policy assignment denies the change",
        "Exempt the vault from the assignment for the time of the work, then settle it again.",
    ),
}

_UNEXPLAINED = _final(
    "the service gives no reason known here",
    "Read its words and the request id; open and save the policy in the portal once, which"
    " shows what it does not like.",
)


def explain_refusal(code: str | None, status: int | None = None, message: str = "") -> Refusal:
    """What a refused policy write means.

    Args:
        code: The service's own code, where it gave one.
        status: The HTTP status.
        message: What the service said.
    """
    folded = (code or "").casefold()
    if folded in _BY_CODE:
        return _BY_CODE[folded]
    # Words, because the backup service's own codes for a missing request were never published;
    # after the codes, so that one we know is never overruled by a sentence.
    words = next((one for one in _GUARD_WORDS if one in f"{folded} {message.casefold()}"), None)
    if words is not None:
        return replace(_GUARD, recognised_by=f"by the words {words!r} in the answer")
    # An unknown code with one of these has changed nothing and may pass by itself.
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
        return _BUSY
    return _UNEXPLAINED
