"""What is read from a policy of each kind."""

from typing import Any

import pytest

from domain.policies import ZoneState, parse_policy, put_body
from tests.unit.domain.policy_documents import (
    agent_policy,
    azure_sql_policy,
    hourly_vm_policy,
    policy,
    share_policy,
    sql_policy,
    stamped,
    vm_policy,
    weekly_vm_policy,
)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (vm_policy(), "properties.timeZone"),
        (share_policy(), "properties.timeZone"),
        (policy({"backupManagementType": "GenericProtectionPolicy"}), "properties.timeZone"),
        (sql_policy(), "properties.settings.timeZone"),
        (agent_policy(), None),
        (azure_sql_policy(), None),
        (policy({"backupManagementType": "azureiaasvm"}), "properties.timeZone"),
    ],
)
def test_each_kind_keeps_its_zone_in_its_own_place(
    document: dict[str, Any], path: str | None
) -> None:
    """Two kinds keep none, workloads keep it in their settings, case does not matter."""
    assert path == parse_policy(document).zone_path


@pytest.mark.parametrize(
    ("document", "state", "raw"),
    [
        (vm_policy(), ZoneState.ABSENT, None),
        (vm_policy(timeZone=None), ZoneState.NULL, None),
        (vm_policy(timeZone=""), ZoneState.EMPTY, ""),
        (vm_policy(timeZone=" "), ZoneState.EMPTY, " "),
        (vm_policy(timeZone="utc"), ZoneState.GIVEN, "utc"),
        (sql_policy(), ZoneState.ABSENT, None),
        (sql_policy(timeZone="UTC"), ZoneState.GIVEN, "UTC"),
        # A zone in the wrong place is not this policy's zone.
        (policy({**sql_policy()["properties"], "timeZone": "UTC"}), ZoneState.ABSENT, None),
        (agent_policy(timeZone="UTC"), ZoneState.NOT_APPLICABLE, None),
        (azure_sql_policy(), ZoneState.NOT_APPLICABLE, None),
        (policy({"backupManagementType": "Novelty"}), ZoneState.UNKNOWN_KIND, None),
        ({}, ZoneState.UNKNOWN_KIND, None),
    ],
)
def test_absent_null_empty_and_given_are_four_things(
    document: dict[str, Any], state: ZoneState, raw: str | None
) -> None:
    """Absent is not UTC, and neither are null and the empty text."""
    parsed = parse_policy(document)

    assert (state, raw) == (parsed.zone_state, parsed.raw_zone)


@pytest.mark.parametrize(
    ("document", "runs", "retentions"),
    [
        (vm_policy("22:30"), 1, 1),
        (weekly_vm_policy("22:30"), 1, 1),
        (hourly_vm_policy("22:30"), 1, 1),
        (share_policy("22:30"), 1, 0),
        (azure_sql_policy(), 0, 0),
    ],
)
def test_clock_times_are_found_wherever_they_are(
    document: dict[str, Any], runs: int, retentions: int
) -> None:
    """Run times, window starts and retention times, as raw text."""
    times = parse_policy(document).times

    assert (runs, retentions) == (
        sum(one.is_run for one in times),
        sum(not one.is_run for one in times),
    )
    assert {stamped("22:30")} >= {one.text for one in times}


def test_the_times_of_sub_policies_are_found() -> None:
    """Paths name the element of the list they stand in."""
    assert [
        "properties.subProtectionPolicy[0].schedulePolicy.scheduleRunTimes[0]",
        "properties.subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionTimes[0]",
    ] == [one.path for one in parse_policy(sql_policy()).times]


def test_a_policy_without_a_type_is_a_standard_one() -> None:
    """Absent reads as V1."""
    assert ("V1", "V2") == (
        parse_policy(vm_policy()).policy_type,
        parse_policy(hourly_vm_policy()).policy_type,
    )


def test_kind_workload_and_items_are_read() -> None:
    """As the service sent them."""
    parsed = parse_policy(sql_policy())

    assert ("policy-one", "AzureWorkload", "SQLDataBase", 2) == (
        parsed.name,
        parsed.management_type,
        parsed.workload,
        parsed.item_count,
    )


def test_a_write_leaves_out_what_is_read_only() -> None:
    """Id, name and type go; tags and everything unknown stay."""
    document = {**vm_policy(), "novelty": [1]}

    assert {"tags", "properties", "novelty"} == put_body(document).keys()


def test_a_policy_has_a_zone_only_where_it_names_one() -> None:
    """It may have one wherever its kind keeps one."""
    policies = map(parse_policy, (vm_policy(timeZone="UTC"), vm_policy(), agent_policy()))

    assert [(True, True), (False, True), (False, False)] == [
        (one.has_zone, one.may_have_zone) for one in policies
    ]


def test_only_what_stands_in_a_list_of_times_is_a_time() -> None:
    """Text deeper inside, of a shape nobody knows yet, is left alone when times are moved."""
    unknown = {"scheduleRunTimes": [{"comment": "not a time"}, "2026-01-01T22:00:00Z"]}

    read = parse_policy(vm_policy(schedulePolicy=unknown))

    assert ["2026-01-01T22:00:00Z"] == [one.text for one in read.times if "Run" in one.path]
