"""ARM's record of the upgrade."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.upgrade import TriggerType, UpgradeStatus
from domain.upgrade_details import compare_records, parse_upgrade_details
from tests.unit.domain.builders import NOW, TARGET, upgrade_record

DETAILS: dict[str, Any] = {
    "operationId": "operation-1",
    "startTimeUtc": "2026-11-22T11:40:00.0000000Z",
    "lastUpdatedTimeUtc": "2026-11-22T12:00:00Z",
    "endTimeUtc": "2026-11-22T12:00:00Z",
    "status": "Upgraded",
    "message": "",
    "triggerType": "UserTriggered",
    "upgradedResourceId": TARGET.arm_id,
    "previousResourceId": "/subscriptions/x/old",
}


def vault(details: Any) -> dict[str, Any]:
    """A vault with these details."""
    return {"properties": {"provisioningState": "Succeeded", "upgradeDetails": details}}


def test_the_record_is_read_field_by_field() -> None:
    """ARM's names for the classic record's fields."""
    expected = upgrade_record(previous_resource_id="/subscriptions/x/old")

    assert expected == parse_upgrade_details(vault(DETAILS))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"properties": {}},
        vault(None),
        vault({}),
        vault({**DETAILS, "status": "Unknown"}),
        vault({**DETAILS, "status": "Novelty"}),
        vault({**DETAILS, "status": None}),
        vault("Upgraded"),
    ],
)
def test_what_tells_nothing_is_no_record(document: dict[str, Any]) -> None:
    """Absent, null, empty and Unknown are all the same."""
    assert parse_upgrade_details(document) is None


def test_words_are_read_in_any_case() -> None:
    """The service's enums are open and not always spelt alike."""
    record = parse_upgrade_details(vault({**DETAILS, "status": "failed", "triggerType": "Robot"}))

    assert record is not None
    assert (UpgradeStatus.FAILED, TriggerType.OTHER) == (record.status, record.trigger_type)


def test_an_end_that_is_not_reached_is_no_time() -> None:
    """The sentinel of year 9999 reads as running."""
    record = parse_upgrade_details(vault({**DETAILS, "endTimeUtc": "9999-12-31T23:59:59.9999999"}))

    assert record is not None
    assert record.ended_at is None


def test_equal_records_do_not_differ() -> None:
    """The case of ids, the previous id and the last update are no differences."""
    classic = upgrade_record(last_updated_at=None)
    arm = upgrade_record(
        previous_resource_id="/subscriptions/x/old", upgraded_resource_id=TARGET.arm_id.upper()
    )

    assert () == compare_records(classic, arm)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("operationId", {"operation_id": "other"}),
        ("status", {"status": UpgradeStatus.FAILED}),
        ("triggerType", {"trigger_type": TriggerType.FORCED}),
        ("startTimeUtc", {"started_at": NOW - timedelta(minutes=21)}),
        ("endTimeUtc", {"ended_at": None}),
        ("message", {"message": "text"}),
        ("upgradedResourceId", {"upgraded_resource_id": "/elsewhere"}),
    ],
)
def test_every_field_that_must_agree_is_compared(field: str, change: dict[str, Any]) -> None:
    """A difference is named by ARM's field."""
    differences = compare_records(upgrade_record(), replace(upgrade_record(), **change))

    assert [field] == [one.field for one in differences]
