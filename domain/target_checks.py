"""The target of an upgrade: its resource group, and a vault of the same name in it.

Rules: vault-upgrade 1.3, 1.7. A group that is not there is made by the service during the upgrade,
so a misspelt name silently makes a new one; that is why it takes somebody's consent.
"""

import difflib
from collections.abc import Iterable
from dataclasses import replace

from domain.codec import JsonObject
from domain.documents import value_at
from domain.prechecks import CheckContext, CheckReason, Consent, Gravity, error
from domain.vaults import PROVISIONING, VaultRef

DEFAULT_GROUP_PREFIX = "Default-RecoveryServices-ResourceGroup-"
"""Where forced upgrades put their vaults; the region follows, lower case, without blanks. Only
vaults of CPS Standard kept the group they were in."""

RESEMBLANCE = 0.8
"""From here on one name looks like a slip of the pen of the other."""

_GROUPS = "resource groups"


def default_group(region: str) -> str:
    """The group a forced upgrade puts the vaults of a region in."""
    return f"{DEFAULT_GROUP_PREFIX}{region.replace(' ', '').lower()}"


def judge_group(context: CheckContext, groups: Iterable[JsonObject]) -> list[CheckReason]:
    """What the subscription's resource groups say about the target group."""
    names = (str(group.get("name") or "") for group in groups)
    folded = {name.casefold(): name for name in names}
    wanted = context.target_group.casefold()
    reasons = _default_group_notes(context)
    if wanted in folded:
        return reasons
    close = difflib.get_close_matches(wanted, folded, cutoff=RESEMBLANCE)
    return [*reasons, _missing_group(context, [folded[one] for one in close])]


def _missing_group(context: CheckContext, similar: list[str]) -> CheckReason:
    wanted, region = context.target_group, context.classic.ref.region
    # Consent to "make it" was given for the name as it should be, not for a slip of the pen.
    is_agreed = context.create_group and not similar
    hint = f"; it looks like {' and '.join(similar)}" if similar else ""
    return CheckReason(
        code="TargetGroupResembles" if similar else "TargetGroupMissing",
        gravity=Gravity.NOTE if is_agreed else Gravity.WARNING,
        message=f"resource group {wanted} does not exist{hint}",
        what_to_do=f"The service makes it during the upgrade, in {region}. If that is not meant, "
        "correct targetResourceGroup; if it is, "
        + ("approve the plan." if similar else "set createResourceGroup or approve the plan."),
        source=_GROUPS,
        rule="vault-upgrade 1.3",
        consent=None if similar else Consent.CREATE_GROUP,
    )


def _default_group_notes(context: CheckContext) -> list[CheckReason]:
    wanted, own = context.target_group, default_group(context.classic.ref.region)
    if not wanted.casefold().startswith(DEFAULT_GROUP_PREFIX.casefold()):
        return []
    message = f"{wanted} is the group of forced upgrades of "
    note = CheckReason(
        code="DefaultGroup",
        gravity=Gravity.NOTE,
        message=f"{message}this region",
        what_to_do="",
        source="request",
        rule="vault-upgrade 1.7",
    )
    if wanted.casefold() == own.casefold():
        return [note]
    # Allowed by the service, and most likely the group of a vault somebody copied the row from.
    return [
        replace(
            note,
            code="DefaultGroupOfOtherRegion",
            gravity=Gravity.WARNING,
            message=f"{message}another region",
            what_to_do=f"The one of this region is {own}.",
            consent=Consent.WARNINGS,
        )
    ]


def judge_same_name(target: VaultRef, vault: JsonObject | None) -> list[CheckReason]:
    """A vault of the same name in the target group blocks, unless it is still provisioning.

    Args:
        target: The vault to be.
        vault: What Resource Manager shows under that name; None: nothing.
    """
    if vault is None:
        return []
    state = str(value_at(vault, ("properties", "provisioningState")) or "unknown")
    # The upgrade script lets such a vault pass, too: it is the target of an upgrade that runs, or
    # that failed and may be told to be retried (vault-upgrade 1.3, 3.4).
    if state == PROVISIONING:
        return []
    return [
        error(
            "TargetVaultExists",
            f"{target} exists already, in state {state}",
            "Choose a different resource group.",
            source="Recovery Services vaults",
            rule="vault-upgrade 1.3",
        )
    ]
