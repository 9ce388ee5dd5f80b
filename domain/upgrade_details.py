"""ARM's record of the upgrade, and its comparison with the classic one.

``properties.upgradeDetails`` holds the same record as the classic list (vault-upgrade 2.6). A vault
that was never classic has none, and nobody knows whether the service still keeps it for vaults
upgraded long ago (recovery-services 2.4, 13.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

from domain.codec import JsonObject
from domain.documents import value_at
from domain.moments import parse_moment
from domain.upgrade import TriggerType, UpgradeRecord, UpgradeStatus

_STATUSES = {one.value.casefold(): one for one in UpgradeStatus}
_TRIGGERS = {one.value.casefold(): one for one in TriggerType}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def parse_upgrade_details(vault: JsonObject) -> UpgradeRecord | None:
    """The upgrade record of a vault's document.

    None for absent, null, empty and status Unknown alike: all of them tell nothing
    (recovery-services 2.4).
    """
    # Resource Graph shows {} where others show null or nothing.
    details = value_at(vault, ("properties", "upgradeDetails"))
    if not isinstance(details, dict):
        return None
    # The enum is open; a word not seen yet tells no more than Unknown does.
    status = _STATUSES.get(_text(details.get("status")).casefold(), UpgradeStatus.UNKNOWN)
    if status is UpgradeStatus.UNKNOWN:
        return None
    # An open enum as well; who started an upgrade is told and decides nothing.
    trigger = _TRIGGERS.get(_text(details.get("triggerType")).casefold(), TriggerType.OTHER)
    return UpgradeRecord(
        operation_id=_text(details.get("operationId")),
        status=status,
        trigger_type=trigger,
        started_at=parse_moment(details.get("startTimeUtc")),
        last_updated_at=parse_moment(details.get("lastUpdatedTimeUtc")),
        ended_at=parse_moment(details.get("endTimeUtc")),
        message=_text(details.get("message")),
        upgraded_resource_id=_text(details.get("upgradedResourceId")),
        previous_resource_id=_text(details.get("previousResourceId")) or None,
    )


@dataclass(frozen=True, kw_only=True)
class RecordDifference:
    """A field that the two records of one upgrade tell differently."""

    field: str
    """Name of the field in ARM."""
    classic: str
    arm: str


_COMPARED: tuple[tuple[str, Callable[[UpgradeRecord], object]], ...] = (
    ("operationId", lambda record: record.operation_id),
    ("status", lambda record: str(record.status)),
    ("triggerType", lambda record: str(record.trigger_type)),
    ("startTimeUtc", lambda record: record.started_at),
    ("endTimeUtc", lambda record: record.ended_at),
    ("message", lambda record: record.message),
    # Ids are written in any case (recovery-services 0).
    ("upgradedResourceId", lambda record: record.upgraded_resource_id.casefold()),
)
"""What must agree. ``previousResourceId`` is nil on the classic side, and the moment of the last
update is each service's own."""


def compare_records(classic: UpgradeRecord, arm: UpgradeRecord) -> tuple[RecordDifference, ...]:
    """Every field that the classic record and ARM's tell differently."""
    return tuple(
        RecordDifference(field=name, classic=str(read(classic)), arm=str(read(arm)))
        for name, read in _COMPARED
        if read(classic) != read(arm)
    )
