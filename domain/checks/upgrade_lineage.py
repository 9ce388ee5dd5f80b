"""Whether the vault comes from a classic one, how that went, and whether its records agree.

Master list of audit-checks: UPG-01, UPG-02, UPG-03.
"""

from datetime import datetime, timedelta

from domain.checks.catalog import UPGRADE_LINEAGE
from domain.codec import JsonObject
from domain.documents import Path
from domain.findings import Fact, Finding, Verdict
from domain.readings import Attempt, FailedRead, fact, unread
from domain.target_checks import default_group
from domain.upgrade import TriggerType, UpgradeRecord, UpgradeStatus
from domain.upgrade_details import compare_records, parse_upgrade_details
from domain.vaults import Reading

LONGEST_UPGRADE = timedelta(minutes=90)
"""What is documented for large vaults (vault-upgrade 1.6)."""

_SUPPORT = (
    "Send the OperationId, the subscription id and the vault's name to Microsoft Support; do not"
    " retry the upgrade unless they say so."
)
_TRIGGER_TEXT = {
    TriggerType.USER: "by a user",
    TriggerType.FORCED: "by the service itself (ForcedUpgrade)",
    TriggerType.OTHER: "by somebody unknown",
}
_GROUP_SEGMENT = 4
"""Of ``/subscriptions/{id}/resourceGroups/{group}/...``."""
_DETAILS: Path = ("properties", "upgradeDetails")


def _facts(reading: Reading[JsonObject]) -> tuple[Fact, ...]:
    members = ("status", "operationId", "triggerType", "startTimeUtc", "endTimeUtc")
    return tuple(fact(reading.value, (*_DETAILS, one), reading.provenance) for one in members)


def _forced_text(document: JsonObject) -> str:
    """Why the service did it, and why the vault is where it is (vault-upgrade 1.7, 1.8)."""
    region, vault_id = str(document.get("location") or ""), str(document.get("id") or "")
    if not region or len(vault_id.split("/")) <= _GROUP_SEGMENT:
        return ""
    group = vault_id.split("/")[_GROUP_SEGMENT]
    if group.casefold() == default_group(region).casefold():
        where = f"put into the region's default group {group}"
    else:
        # Moved since, or never put there: nothing tells the two apart.
        where = f"now in {group}: vaults of CPS Standard keep their group, others may be moved"
    return f"; from September 2017 on it upgraded every vault nobody had; {where}"


def _judge(record: UpgradeRecord, document: JsonObject, now: datetime) -> tuple[Verdict, str, str]:
    who = _TRIGGER_TEXT[record.trigger_type]
    if record.trigger_type is TriggerType.FORCED:
        who += _forced_text(document)
    if record.status is UpgradeStatus.UPGRADED:
        ended = record.ended_at.date().isoformat() if record.ended_at else "at an unknown time"
        return Verdict.PASS, f"upgraded {ended}, started {who}", ""
    if record.status is UpgradeStatus.FAILED:
        text = f"the upgrade {record.operation_id} failed: {record.message or 'no message'}"
        return Verdict.FAIL, text, _SUPPORT
    # The record itself says InProgress for ever where the service has lost the upgrade, so only its
    # age can tell (audit-checks UPG-02).
    if record.started_at is not None and now - record.started_at > LONGEST_UPGRADE:
        minutes = int(LONGEST_UPGRADE.total_seconds()) // 60
        text = f"the upgrade {record.operation_id} runs for more than {minutes} minutes"
        return Verdict.FAIL, text, _SUPPORT
    return Verdict.UNKNOWN, "the upgrade is still running", ""


def _finding(
    subject: str, judged: tuple[Verdict, str, str], facts: tuple[Fact, ...]
) -> tuple[Finding, ...]:
    verdict, message, to_do = judged
    finding = Finding(
        check_id=UPGRADE_LINEAGE.id,
        verdict=verdict,
        subject=subject,
        message=message,
        what_to_do=to_do,
        facts=facts,
    )
    return (finding,)


def check(document: Attempt[JsonObject], *, vault: str, now: datetime) -> tuple[Finding, ...]:
    """What ARM's record of the upgrade says.

    Args:
        document: The vault as read from ARM.
        vault: The vault's name.
        now: UTC.
    """
    if isinstance(document, FailedRead):
        return (unread(UPGRADE_LINEAGE.id, vault, document),)
    record = parse_upgrade_details(document.value)
    # Made as a Recovery Services vault, or upgraded so long ago that nothing is kept: the same
    # document either way, so neither is claimed.
    if record is None:
        text = (
            "the vault tells of no upgrade: made as it is, or the service keeps the record no more"
        )
        return _finding(vault, (Verdict.NOT_APPLICABLE, text, ""), _facts(document))
    return _finding(vault, _judge(record, document.value, now), _facts(document))


def compare(
    classic: UpgradeRecord, document: Attempt[JsonObject], *, vault: str
) -> tuple[Finding, ...]:
    """Whether the classic record and ARM's tell the same story.

    Args:
        classic: The record of the classic list.
        document: The vault as read from ARM.
        vault: The vault's name.
    """
    if isinstance(document, FailedRead):
        return (unread(UPGRADE_LINEAGE.id, vault, document),)
    arm = parse_upgrade_details(document.value)
    # Absence proves no disagreement; nobody knows how long ARM keeps the record.
    if arm is None:
        text = "ARM has no record of the upgrade to compare with the classic one"
        return _finding(vault, (Verdict.UNKNOWN, text, ""), _facts(document))
    differences = compare_records(classic, arm)
    if not differences:
        return _finding(vault, (Verdict.PASS, "both records agree", ""), _facts(document))
    text = "; ".join(f"{one.field}: classic {one.classic}, ARM {one.arm}" for one in differences)
    return _finding(
        vault, (Verdict.FAIL, f"the records differ: {text}", _SUPPORT), _facts(document)
    )
