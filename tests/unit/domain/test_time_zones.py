"""Windows zone ids: recognised, and refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from domain.time_zones import (
    RECENT_ZONES,
    find_windows_zone,
    find_zone,
    nearest_zones,
    require_zone,
    windows_zones,
    zone_info,
)
from tests.unit.domain.builders import NOW


@pytest.mark.parametrize("zone", windows_zones())
def test_every_windows_id_is_recognised_in_any_case(zone: str) -> None:
    """Lower, upper and padded spellings all give the canonical id."""
    assert (zone, zone, zone) == (
        find_zone(zone.lower()),
        find_zone(zone.upper()),
        find_zone(f" {zone} "),
    )


@pytest.mark.parametrize("zone", windows_zones())
def test_every_windows_id_has_rules(zone: str) -> None:
    """The tz database knows the zone behind every id."""
    assert zone_info(zone).utcoffset(NOW) is not None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("America/Los_Angeles", "Pacific Standard Time"),
        ("europe/berlin", "W. Europe Standard Time"),
        ("EST5EDT", "Eastern Standard Time"),
        ("GMT", "UTC"),
        ("Coordinated Universal Time", "UTC"),
    ],
)
def test_a_person_may_name_a_zone_otherwise(text: str, zone: str) -> None:
    """IANA ids, old aliases and the portal's name for UTC are understood on input."""
    assert zone == find_zone(text)


@pytest.mark.parametrize("zone", ["Mid-Atlantic Standard Time", "Kamchatka Standard Time"])
def test_ids_dropped_from_the_unicode_table_are_known(zone: str) -> None:
    """The two ids Windows still ships are accepted and have rules."""
    assert (zone, True) == (find_windows_zone(zone), zone_info(zone) is not None)


def test_the_display_name_of_utc_is_never_written() -> None:
    """Reading the display name gives UTC, and it is not one of the ids."""
    assert ("UTC", False) == (
        find_windows_zone("coordinated universal time"),
        "Coordinated Universal Time" in windows_zones(),
    )


def test_an_iana_id_inside_a_policy_is_not_a_zone() -> None:
    """Only Windows ids count where the service reads them."""
    assert find_windows_zone("Europe/Berlin") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pacfic Standard Time", "Pacific Standard Time"),
        ("Pacific Time", "Pacific Standard Time"),
        ("W Europe Standard Time", "W. Europe Standard Time"),
        ("Los Angelos", "Pacific Standard Time"),
        ("Europe/Berln", "W. Europe Standard Time"),
    ],
)
def test_the_nearest_zone_is_named_first(text: str, expected: str) -> None:
    """A slip of the pen gets the zone that was meant as the first suggestion."""
    assert expected == nearest_zones(text)[0]


def test_an_unknown_zone_is_refused_with_suggestions() -> None:
    """The refusal says what was given and what was probably meant."""
    with pytest.raises(ValueError, match=r"'Tokio'.*nearest: Tokyo Standard Time"):
        require_zone("Tokio")


def test_nonsense_is_refused_without_suggestions() -> None:
    """Nothing is suggested where nothing is near."""
    with pytest.raises(ValueError, match=r"'qqqq' is not a Windows or IANA time zone$"):
        require_zone("qqqq")


def test_recent_ids_are_a_part_of_the_table() -> None:
    """The ids marked as perhaps unknown to the service are ids."""
    assert set() == RECENT_ZONES - set(windows_zones())


def _offsets(zone: ZoneInfo) -> list[timedelta | None]:
    """What the clock shows over the year to come, every ten days."""
    first = datetime(2026, 12, 1, 12, tzinfo=UTC)
    return [(first + timedelta(days=10 * n)).astimezone(zone).utcoffset() for n in range(37)]


def test_an_iana_id_means_a_windows_id_with_the_same_clock() -> None:
    """A place whose clocks have changed is not written as the zone it left."""
    meant = {name: find_zone(name) for name in sorted(available_timezones())}
    other = {
        name: zone
        for name, zone in meant.items()
        if zone is not None and _offsets(ZoneInfo(name)) != _offsets(zone_info(zone))
    }

    assert ({}, True) == (other, len([zone for zone in meant.values() if zone]) > 500)
