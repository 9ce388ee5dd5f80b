"""Every Windows id there is, with any schedule: clock times or moments stay, as was asked."""

import json
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from domain.documents import value_at, with_value
from domain.policies import parse_policy, put_body, time_paths, zone_path
from domain.requests import TimeZoneMode
from domain.time_zones import find_windows_zone, windows_zones, zone_info
from domain.zone_changes import Change, Refused, Unchanged, plan_zone_change
from tests.unit.domain.policy_documents import zoned_policies
from tests.unit.domain.strategies import moments

EVERY = windows_zones()
KNOWN_IDS = 139
"""Ids that the mapping of the Unicode consortium has had for years; more may come."""


def _text(document: dict[str, Any], zone: str) -> str:
    """The document to the byte, with one zone in it whatever it had."""
    path = zone_path(document) or ()
    return json.dumps(with_value(document, path, zone), sort_keys=True)


def _instant(text: str, day: date, zone: ZoneInfo) -> datetime:
    clock = time.fromisoformat(text[11:16])
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def test_no_zone_is_forgotten() -> None:
    """The two ids that the Unicode table dropped are among them."""
    assert KNOWN_IDS < len(EVERY)
    assert {"Mid-Atlantic Standard Time", "Kamchatka Standard Time"} <= {*EVERY}


@pytest.mark.parametrize("zone", EVERY)
@settings(max_examples=12)
@given(document=zoned_policies)
def test_set_zone_never_alters_a_time_string(zone: str, document: dict[str, Any]) -> None:
    """Nor any other byte of the policy."""
    change = plan_zone_change(
        document, zone=zone, mode=TimeZoneMode.SET_ZONE, day=date(2027, 1, 15)
    )

    assert isinstance(change, Change | Unchanged)
    if isinstance(change, Change):
        assert [value_at(document, path) for path in time_paths(document)] == [
            value_at(change.document, path) for path in time_paths(change.document)
        ]
        assert _text(put_body(document), zone) == json.dumps(change.document, sort_keys=True)


@pytest.mark.parametrize("zone", EVERY)
@settings(max_examples=12)
@given(document=zoned_policies, moment=moments)
def test_keep_moment_never_alters_an_instant(
    zone: str, document: dict[str, Any], moment: datetime
) -> None:
    """Where that cannot be done, it says why and changes nothing."""
    day = moment.date()
    change = plan_zone_change(document, zone=zone, mode=TimeZoneMode.KEEP_MOMENT, day=day)

    if not isinstance(change, Change):
        assert isinstance(change, Refused | Unchanged)
        assert change.reason
        return
    old = zone_info(str(find_windows_zone(str(parse_policy(document).raw_zone))))
    for path in time_paths(document):
        before = _instant(value_at(document, path), day, old)
        local = before.astimezone(zone_info(zone))
        assert before == _instant(value_at(change.document, path), local.date(), zone_info(zone))
        assert local.minute in {0, 30}
