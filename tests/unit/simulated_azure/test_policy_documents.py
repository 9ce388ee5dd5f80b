"""Policy documents and what the service adds to them."""

import copy

import pytest

from local.azure.policy_documents import BUILDERS, ZONELESS, file_share, shown, sql, vm

TYPES = {
    "vm": "AzureIaasVM",
    "vm-enhanced": "AzureIaasVM",
    "file-share": "AzureStorage",
    "sql": "AzureWorkload",
    "generic": "GenericProtectionPolicy",
    "mab": "MAB",
    "azure-sql": "AzureSql",
}


@pytest.mark.parametrize(("name", "management_type"), TYPES.items())
def test_every_type_has_a_builder(name, management_type):
    """The builder writes the management type of its kind."""
    document = BUILDERS[name]("22:30", 30, None)

    assert management_type == document["backupManagementType"]


@pytest.mark.parametrize("name", BUILDERS)
def test_a_policy_without_zone_has_no_zone_member(name):
    """As policies of 2016 had none: absent, not null."""
    assert "timeZone" not in str(BUILDERS[name]("22:30", 30, None))


@pytest.mark.parametrize("name", sorted(BUILDERS.keys() - ZONELESS))
def test_a_zone_is_written_once(name):
    """In the place its type keeps it."""
    document = str(BUILDERS[name]("22:30", 30, "Tokyo Standard Time"))

    assert document.count("Tokyo Standard Time") == 1


def test_defaults_are_added_when_shown():
    """Members the service adds without having been sent them."""
    sent = vm("22:30", 30, "UTC") | {"tieringPolicy": {"ArchivedRP": {"tieringMode": "X"}}}
    del sent["schedulePolicy"]["scheduleWeeklyFrequency"]

    document = shown(sent, 3)

    assert document["instantRPDetails"] == {}
    assert document["schedulePolicy"]["scheduleWeeklyFrequency"] == 0
    assert document["tieringPolicy"]["ArchivedRP"] == {
        "tieringMode": "X",
        "duration": 0,
        "durationType": "Invalid",
    }
    assert document["protectedItemsCount"] == 3


def test_defaults_reach_into_sub_policies():
    """SQL policies keep their schedules in a list."""
    sent = sql("22:30", 30, "UTC")
    del sent["subProtectionPolicy"][0]["schedulePolicy"]["scheduleWeeklyFrequency"]

    schedule = shown(sent, 0)["subProtectionPolicy"][0]["schedulePolicy"]

    assert schedule["scheduleWeeklyFrequency"] == 0


def test_a_count_that_was_sent_is_ignored():
    """The service counts for itself."""
    assert shown(vm("22:30", 30, None) | {"protectedItemsCount": 9}, 1)["protectedItemsCount"] == 1


def test_file_shares_never_show_the_workload_they_were_sent():
    """Sent by every client, never echoed."""
    assert "workLoadType" not in shown(file_share("22:30", 30, None) | {"workLoadType": "x"}, 0)


def test_showing_changes_nothing():
    """The document that is kept stays as it was sent."""
    sent = vm("22:30", 30, "UTC")
    before = copy.deepcopy(sent)
    shown(sent, 1)

    assert before == sent


def test_fractions_of_zero_are_dropped():
    """``22:00:00.000Z`` is shown as ``22:00:00Z``."""
    sent = vm("22:00", 30, None)
    sent["schedulePolicy"]["scheduleRunTimes"] = ["2017-03-01T22:00:00.000Z"]

    assert shown(sent, 0)["schedulePolicy"]["scheduleRunTimes"] == ["2017-03-01T22:00:00Z"]
