"""What a policy becomes when it gets a zone."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import assume, given

from domain.documents import value_at, walk
from domain.policies import parse_policy, put_body, time_paths, zone_path
from domain.requests import TimeZoneMode
from domain.time_zones import find_windows_zone, zone_info
from domain.zone_changes import (
    Change,
    NotApplicable,
    Refused,
    Unchanged,
    ZoneChange,
    plan_zone_change,
)
from tests.unit.domain.policy_documents import (
    agent_policy,
    azure_sql_policy,
    policy,
    sql_policy,
    stamped,
    vm_policy,
    weekly_vm_policy,
    zoned_policies,
)
from tests.unit.domain.strategies import moments, zones

WINTER = date(2027, 1, 15)
BERLIN = "W. Europe Standard Time"


def set_zone(document: dict[str, Any], zone: str = BERLIN) -> ZoneChange:
    """Plans a change that keeps the clock times."""
    return plan_zone_change(document, zone=zone, mode=TimeZoneMode.SET_ZONE, day=WINTER)


def keep_moment(document: dict[str, Any], zone: str = BERLIN, day: date = WINTER) -> ZoneChange:
    """Plans a change that keeps the moments."""
    return plan_zone_change(document, zone=zone, mode=TimeZoneMode.KEEP_MOMENT, day=day)


def leaves(document: dict[str, Any], *without: tuple[str | int, ...]) -> dict[Any, Any]:
    """Every value of a document by its path, but for some paths."""
    return {path: value for path, value in walk(document) if path not in without}


@given(zoned_policies, zones)
def test_set_zone_alters_the_zone_and_no_other_byte(document: dict[str, Any], zone: str) -> None:
    """For any schedule and any Windows id, no time string and nothing else changes."""
    change = set_zone(document, zone)
    path = zone_path(document)

    if isinstance(change, Unchanged):
        assert zone == parse_policy(document).raw_zone
        return
    assert isinstance(change, Change)
    assert zone == value_at(change.document, path)
    assert leaves(put_body(document), path) == leaves(change.document, path)


@given(zoned_policies, zones, moments)
def test_keep_moment_never_alters_an_instant(
    document: dict[str, Any], zone: str, moment: datetime
) -> None:
    """For any schedule and any two zones, each time means the same instant before and after."""
    day = moment.date()
    change = keep_moment(document, zone, day)
    assume(isinstance(change, Change))
    old = zone_info(str(find_windows_zone(str(parse_policy(document).raw_zone))))
    for path in time_paths(document):
        before = instant(value_at(document, path), day, old)
        local = before.astimezone(zone_info(zone))
        after = instant(value_at(change.document, path), local.date(), zone_info(zone))

        assert before == after


@given(zoned_policies, zones, moments)
def test_keep_moment_alters_only_clock_times_and_the_zone(
    document: dict[str, Any], zone: str, moment: datetime
) -> None:
    """Dates inside the times, seconds and every other member stay."""
    change = keep_moment(document, zone, moment.date())
    assume(isinstance(change, Change))
    touched = (*time_paths(document), zone_path(document))

    assert leaves(put_body(document), *touched) == leaves(change.document, *touched)
    for path in time_paths(document):
        old, new = value_at(document, path), value_at(change.document, path)

        assert (old[:11], old[16:]) == (new[:11], new[16:])


def instant(text: str, day: date, zone: Any) -> datetime:
    """The instant a policy's clock time means on one day."""
    clock = time.fromisoformat(text[11:16])
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def test_a_zone_that_is_there_already_is_left_alone() -> None:
    """In another case or by its display name it is still the same zone: nothing is written."""
    assert [Unchanged, Unchanged, Unchanged] == [
        type(set_zone(vm_policy(timeZone=BERLIN))),
        type(set_zone(vm_policy(timeZone=BERLIN.upper()))),
        type(set_zone(vm_policy(timeZone="Coordinated Universal Time"), "UTC")),
    ]


def test_an_iana_id_in_a_policy_is_replaced() -> None:
    """It is not a zone the service knows, though it means the same."""
    change = set_zone(vm_policy(timeZone="Europe/Berlin"))

    assert isinstance(change, Change)
    assert [("properties.timeZone", "Europe/Berlin", BERLIN)] == [
        (one.path, one.before, one.after) for one in change.differences
    ]


@pytest.mark.parametrize("document", [agent_policy(), azure_sql_policy()])
def test_policies_without_a_zone_in_arm_are_not_applicable(document: dict[str, Any]) -> None:
    """Nobody writes a zone where the service keeps none."""
    assert isinstance(set_zone(document), NotApplicable)


def test_an_unknown_kind_is_refused() -> None:
    """Where its zone lives is not known, so nothing is written."""
    change = set_zone(policy({"backupManagementType": "Novelty"}))

    assert Refused(reason="unknown kind of policy: Novelty") == change


def test_missing_settings_are_made() -> None:
    """A workload policy without settings gets them, with nothing but the zone."""
    document = sql_policy()
    del document["properties"]["settings"]
    change = set_zone(document)

    assert isinstance(change, Change)
    assert {"timeZone": BERLIN} == change.document["properties"]["settings"]


def test_settings_of_another_form_are_refused() -> None:
    """What is no object cannot hold a zone, and is not thrown away."""
    document = sql_policy()
    document["properties"]["settings"] = "none"

    assert Refused(reason="properties.settings is not an object") == set_zone(document)


@pytest.mark.parametrize("raw", [None, ""])
def test_keep_moment_needs_a_zone_to_start_from(raw: str | None) -> None:
    """Absent is not UTC: the moments of such a policy are not known."""
    change = keep_moment(vm_policy(timeZone=raw))

    assert isinstance(change, Refused)
    assert change.reason.endswith("absent is not UTC")


def test_keep_moment_refuses_a_zone_it_does_not_know() -> None:
    """The moments of a policy with an IANA id are not known either."""
    change = keep_moment(vm_policy(timeZone="Europe/Berlin"))

    assert Refused(reason="the policy's zone 'Europe/Berlin' is not a Windows zone id") == change


def test_keep_moment_rewrites_run_and_retention_times_alike() -> None:
    """22:00 UTC is 23:00 in Berlin in winter."""
    change = keep_moment(vm_policy("22:00", timeZone="UTC"))

    assert isinstance(change, Change)
    assert [stamped("23:00")] * 2 == [one.text for one in parse_policy(change.document).times]


def test_keep_moment_refuses_what_does_not_land_on_a_half_hour() -> None:
    """Nepal is 5:45 ahead of UTC, and backups run on the hour or half hour only."""
    change = keep_moment(vm_policy("22:00", timeZone="UTC"), "Nepal Standard Time")

    assert (
        Refused(reason="22:00 becomes 03:45; backups run on the hour or half hour only") == change
    )


def test_keep_moment_refuses_to_move_a_weekly_run_to_another_day() -> None:
    """Sunday 23:30 UTC is Monday in Berlin."""
    change = keep_moment(weekly_vm_policy("23:30", timeZone="UTC"))

    assert Refused(reason="23:30 becomes 00:30 of another day, and the policy names days") == change


def test_keep_moment_moves_a_daily_run_over_midnight() -> None:
    """A run of every day falls on no day in particular."""
    change = keep_moment(vm_policy("23:30", timeZone="UTC"))

    assert isinstance(change, Change)
    assert stamped("00:30") == parse_policy(change.document).times[0].text


def test_keep_moment_refuses_a_time_the_clock_jumps_over() -> None:
    """02:30 in Berlin does not exist on the day of the change."""
    document = vm_policy("02:30", timeZone=BERLIN)
    change = keep_moment(document, "UTC", date(2027, 3, 28))

    assert Refused(reason="02:30 falls into a change of the clocks on 2027-03-28") == change


def test_keep_moment_refuses_a_result_the_clock_shows_twice() -> None:
    """00:30 UTC is 02:30 in Berlin, and on that night so is 01:30 UTC."""
    change = keep_moment(vm_policy("00:30", timeZone="UTC"), BERLIN, date(2027, 10, 31))

    assert Refused(reason="00:30 falls into a change of the clocks on 2027-10-31") == change


@pytest.mark.parametrize("zone", ["", "utc", "Europe/Berlin", "Nowhere Standard Time"])
@pytest.mark.parametrize("plan", [set_zone, keep_moment])
def test_only_canonical_ids_are_written(plan: Any, zone: str) -> None:
    """Whatever the caller hands in, a policy never gets a zone the service does not know."""
    assert Refused(reason=f"{zone!r} is not a canonical Windows zone id") == plan(
        vm_policy(timeZone="Tokyo Standard Time"), zone
    )


@pytest.mark.parametrize(
    "text",
    [
        "2017-03-28T22:00:10Z",
        "2017-03-28T22:00:00+02:00",
        "2017-03-28T25:00:00Z",
        "2017-03-28T22:60:00Z",
        "22:00",
        "",
    ],
)
def test_keep_moment_refuses_times_of_another_form(text: str) -> None:
    """A time that carries seconds or an offset, or is none, is not rewritten by guess."""
    document = vm_policy(timeZone="UTC")
    document["properties"]["schedulePolicy"]["scheduleRunTimes"] = [text]

    assert Refused(reason=f"{text!r} is not a time of a form known here") == keep_moment(document)


def test_zones_that_change_their_clocks_apart_are_noted() -> None:
    """From UTC to Berlin the moment is kept in winter only; to Lagos it is kept all year."""
    document = vm_policy("22:00", timeZone="UTC")
    notes = [
        len(change.notes)
        for zone in (BERLIN, "W. Central Africa Standard Time")
        if isinstance(change := keep_moment(document, zone), Change)
    ]

    assert [2, 1] == notes


def test_an_id_the_service_may_not_know_is_noted() -> None:
    """The newest zones may be refused."""
    change = set_zone(vm_policy(), "Alberta Standard Time")

    assert isinstance(change, Change)
    assert change.notes[0].startswith("Alberta Standard Time is a new id")
