"""What became of the protected items: kept, moved, stopped, deleted, without a policy.

The article promises that recovery points stay and that backups go on; this looks whether they did.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.checks.catalog import ARM_TWIN, BACKUPS_GO_ON, CLASSIC_VM, ITEM_STATE
from domain.codec import JsonObject
from domain.findings import Fact, Finding, Verdict
from domain.protected_items import ProtectedItem, Twin, parse_protected_item, unprotected_twins
from domain.readings import Attempt, FailedRead, fact, unread
from domain.vaults import Provenance

FIRST_RUN_GRACE = timedelta(hours=26)
"""A daily backup has run by then: a day, and the two hours a start may be late (1.3)."""

STALE_AFTER = timedelta(days=8)
"""A weekly backup has run by then. The schedule behind an item is not looked up: an agent's is not
in ARM."""

_AGENT = "mab"


def _finding(
    check_id: str,
    item: ProtectedItem,
    judged: tuple[Verdict, str, str],
    facts: tuple[Fact, ...],
) -> Finding:
    verdict, message, to_do = judged
    return Finding(
        check_id=check_id,
        verdict=verdict,
        subject=str(item),
        message=message,
        what_to_do=to_do,
        facts=facts,
    )


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "an unknown time"


def _state(item: ProtectedItem) -> tuple[Verdict, str, str]:
    """What an item's own state says."""
    # Before the state: a deleted item reads ProtectionStopped as well (recovery-services 4).
    if item.is_soft_deleted:
        text = (
            f"deleted on {_day(item.deleted_at)}; kept {item.soft_delete_days} days and billed"
            f" until {_day(item.purged_at)}, and can be undeleted until then"
        )
        return Verdict.NOT_APPLICABLE, text, ""
    if item.state.casefold() == "protectionstopped":
        text = "protection is stopped; its recovery points are kept and billed"
        return Verdict.NOT_APPLICABLE, text, ""
    if not item.is_protected:
        to_do = f"Look at {item} in the vault's backup items and resume its protection."
        return Verdict.FAIL, f"is {item.state or 'in no known state'}", to_do
    # The policy's name or its id will do: lists of different years send either (recovery-services
    # 4).
    if item.has_policy:
        return Verdict.PASS, f"is {item.state} by policy {item.policy_name or '(named by id)'}", ""
    return _without_policy(item)


def _without_policy(item: ProtectedItem) -> tuple[Verdict, str, str]:
    if item.is_of_server:
        text = "its protection group is kept by its server; the vault has no policy for it"
        return Verdict.NOT_APPLICABLE, text, ""
    if item.management_type.casefold() == _AGENT:
        text = (
            "its policy does not show in the vault: the agent keeps it; update the policy once at"
            " the agent to see it here"
        )
        return Verdict.NOT_APPLICABLE, text, ""
    return Verdict.FAIL, "is protected by no policy", f"Assign a backup policy to {item}."


def _goes_on(
    item: ProtectedItem, upgrade_ended_at: datetime | None, now: datetime
) -> tuple[Verdict, str, str]:
    """Whether backups went on through the upgrade, or go on today where that was long ago."""
    last = item.last_copy_at
    if last is None and item.is_undated:
        text = f"the vault does not tell when items of {item.management_type} are backed up"
        return Verdict.NOT_APPLICABLE, text, ""
    to_do = f"Look why {item} is not backed up: its agent, its policy, its last job."
    if upgrade_ended_at is not None and now - upgrade_ended_at < STALE_AFTER:
        judged = _since_upgrade(item, upgrade_ended_at, now)
        if judged is not None:
            return judged
    # Later than that, only its age counts: nobody knows any more what ran before.
    if last is None:
        return Verdict.FAIL, "was never backed up", to_do
    # Ahead of its age: backups that run every night and fail leave nothing to restore from.
    if item.has_failed:
        point = f"last recovery point {_day(item.last_recovery_point_at)}"
        return Verdict.FAIL, f"{_last_backup(item)}; {point}", to_do
    if now - last > STALE_AFTER:
        return Verdict.FAIL, f"last backup {_day(last)}, {(now - last).days} days ago", to_do
    return Verdict.PASS, f"last backup {_day(last)}", ""


def _last_backup(item: ProtectedItem) -> str:
    end = f" ended as {item.last_backup_status}" if item.has_failed else ""
    return f"last backup {_day(item.last_copy_at)}{end}"


def _since_upgrade(
    item: ProtectedItem, upgrade_ended_at: datetime, now: datetime
) -> tuple[Verdict, str, str] | None:
    """What a recent upgrade says about a last backup; None where it has to be judged by itself."""
    last = item.last_copy_at
    if last is not None and last >= upgrade_ended_at:
        if item.has_failed:
            return None
        return Verdict.PASS, f"backed up after the upgrade, on {_day(last)}", ""
    if now - upgrade_ended_at < FIRST_RUN_GRACE:
        # What is not due yet is not late, and not unknown either.
        told = (
            "was never backed up" if last is None else f"{_last_backup(item)}, before the upgrade"
        )
        return Verdict.NOT_APPLICABLE, f"{told}; the next one is not due yet", ""
    return None


def _classic(item: ProtectedItem) -> tuple[Verdict, str, str]:
    # Lists leave the recovery point out for some kinds; a backup that ended well made one.
    kept = item.last_recovery_point_at or (None if item.has_failed else item.last_backup_at)
    if kept is None:
        return Verdict.UNKNOWN, "a classic machine of which no recovery point is shown", ""
    return Verdict.PASS, f"a classic machine; its recovery points are kept, last {_day(kept)}", ""


def _twin_finding(twin: Twin, provenance: Provenance | None) -> Finding:
    policy = twin.classic.policy_name or "POLICY"
    return Finding(
        check_id=ARM_TWIN.id,
        verdict=Verdict.FAIL,
        subject=twin.classic.name,
        message=f"its Resource Manager machine {twin.machine_id} is not protected",
        what_to_do=(
            f"Protect the machine with policy {policy}, and keep the classic item's recovery"
            f" points: az backup protection enable-for-vm --vm {twin.machine_id}"
            f" --policy-name {policy}, with the vault's name and group."
        ),
        facts=(
            Fact(field="properties.virtualMachineId", value=twin.machine_id, provenance=provenance),
        ),
    )


def check_twins(
    items: tuple[JsonObject, ...], protectable: Attempt[tuple[JsonObject, ...]], *, vault: str
) -> tuple[Finding, ...]:
    """One finding per classic machine whose Resource Manager twin is not protected.

    Args:
        items: The vault's items, raw.
        protectable: Machines that could be protected, raw.
        vault: The vault's name, for what is not about one machine.
    """
    parsed = tuple(parse_protected_item(one) for one in items)
    if not any(one.is_classic_vm for one in parsed):
        return ()
    if isinstance(protectable, FailedRead):
        return (unread(ARM_TWIN.id, vault, protectable),)
    twins = unprotected_twins(parsed, protectable.value)
    return tuple(_twin_finding(twin, protectable.provenance) for twin in twins)


def _of_item(
    document: JsonObject,
    provenance: Provenance,
    upgrade_ended_at: datetime | None,
    now: datetime,
) -> Iterable[Finding]:
    item = parse_protected_item(document)
    state, *backup = (
        fact(document, ("properties", member), provenance)
        for member in ("protectionState", "lastBackupTime", "lastBackupStatus", "lastRecoveryPoint")
    )
    yield _finding(ITEM_STATE.id, item, _state(item), (state,))
    if item.is_classic_vm:
        yield _finding(CLASSIC_VM.id, item, _classic(item), tuple(backup))
    # Only what is meant to be backed up, and has had its first copy, can be late.
    if item.state.casefold() == "protected" and not item.is_soft_deleted:
        judged = _goes_on(item, upgrade_ended_at, now)
        yield _finding(BACKUPS_GO_ON.id, item, judged, tuple(backup))


def check(
    items: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    upgrade_ended_at: datetime | None,
    now: datetime,
) -> tuple[Finding, ...]:
    """Two or three findings per item: its state, whether backups go on, and classic machines.

    Args:
        items: The vault's protected items, raw.
        vault: The vault's name, for what is not about one item.
        upgrade_ended_at: UTC; None for an upgrade of unknown date, long ago.
        now: UTC.
    """
    if isinstance(items, FailedRead):
        return (unread(ITEM_STATE.id, vault, items),)
    return tuple(
        finding
        for one in items.value
        for finding in _of_item(one, items.provenance, upgrade_ended_at, now)
    )
