"""Prerequisites of the upgrade, its start and its end."""

from datetime import timedelta

import pytest

from local.azure import upgrades
from local.azure.model import RecordStatus
from local.azure.moments import ticks_of
from tests.unit.simulated_azure.harness import SUBSCRIPTION, native, open_client, target_path

OLD = {"name": "fs1.example", "agentVersion": "2.0.9062.0"}
NEW = {"name": "fs2.example", "agentVersion": "2.0.9083.0"}
SILENT = {"name": "fs3.example"}
VM_POLICY = {"name": "P", "type": "vm"}


def reasons(client, target=None):
    """The codes of the reasons against upgrading the first vault."""
    path = target or target_path(client.vault.name)
    state, now = client.service.state, client.clock.now()
    return upgrades.prerequisite_reasons(state, client.vault, path, now)


def codes(client, target=None):
    """Codes only."""
    return [reason.code for reason in reasons(client, target)]


def test_a_plain_vault_has_no_reasons():
    """Nothing stands against a vault in order."""
    assert codes(open_client({"name": "v1"})) == []


def test_every_old_agent_has_a_row_of_its_own():
    """Name and version are columns, machines are rows."""
    other = {"name": "fs9.example", "agentVersion": "2.0.8719.0"}

    (reason,) = reasons(open_client({"name": "v1", "machines": [OLD, NEW, other]}))

    assert reason.message == "fs1.example;2.0.9062.0|fs9.example;2.0.8719.0"
    assert reason.severity == "Error"


def test_an_agent_that_shows_no_version_is_not_old():
    """Unknown is not a reason."""
    assert codes(open_client({"name": "v1", "machines": [SILENT]})) == []


@pytest.mark.parametrize(
    ("version", "is_old"),
    [
        ("2.0.9082.9", True),
        ("2.0.9083.0", False),
        ("2.0.10000.0", False),
        ("10.0.1.0", False),
        (None, False),
    ],
)
def test_versions_are_compared_by_number(version, is_old):
    """10000 is newer than 9083, as no comparison of strings would say."""
    assert upgrades.is_old_agent(version) is is_old


def test_storage_billing_is_a_warning():
    """The change of billing is asked about, not refused."""
    (reason,) = reasons(open_client({"name": "v1", "storageBilled": True}))

    assert (reason.code, reason.severity) == ("StorageBasedBilling", "Warning")


def test_csp_subscriptions_are_refused():
    """Vaults of a CSP subscription cannot be upgraded."""
    assert codes(open_client({"name": "v1", "csp": True})) == ["CspSubscriptionNotSupported"]


def test_a_configuration_job_stands_in_the_way_while_it_runs():
    """The reason goes away with the job."""
    job = {
        "operation": "Register",
        "type": "folder",
        "entity": "fs1",
        "holder": "fs1",
        "startedAgo": "5m",
        "lasts": "1h",
    }
    client = open_client({"name": "v1", "jobs": [job]})

    assert codes(client) == ["ConfigurationJobRunning"]

    client.wait(hours=1)

    assert codes(client) == []


def test_separators_in_a_name_do_not_break_the_table():
    """A cell holds neither of them, or clients would see rows that are none."""
    job = {
        "operation": "ConfigureBackup",
        "type": "folder",
        "entity": "D:\\a;b|c",
        "holder": "fs1",
        "startedAgo": "5m",
        "lasts": "1h",
    }
    (reason,) = reasons(open_client({"name": "v1", "jobs": [job]}))

    assert [len(row.split(";")) for row in reason.message.split("|")] == [3]


def test_a_restore_does_not_stand_in_the_way():
    """Only configuration and registration count."""
    job = {
        "operation": "Restore",
        "type": "vm",
        "entity": "vm1",
        "holder": "vm1",
        "startedAgo": "5m",
        "lasts": "1h",
    }

    assert codes(open_client({"name": "v1", "jobs": [job]})) == []


def test_a_declared_reason_lasts_as_long_as_it_says():
    """An estate may add reasons of its own, for a time."""
    reason = {"code": "X", "message": "m", "lasts": "2h"}
    client = open_client({"name": "v1", "reasons": [reason]})

    assert codes(client) == ["X"]

    client.wait(hours=2)

    assert codes(client) == []


def test_all_reasons_come_together():
    """The check lists everything it found."""
    client = open_client({"name": "v1", "machines": [OLD], "storageBilled": True, "csp": True})

    assert codes(client, "/nonsense") == [
        "AgentVersionNotSupported",
        "StorageBasedBilling",
        "CspSubscriptionNotSupported",
        "InvalidTargetResource",
    ]


@pytest.mark.parametrize(
    "target",
    [
        "",
        target_path("other-name"),
        target_path("v1", group="bad name"),
        target_path("v1", group="ends-with."),
        target_path("v1", group="x" * 91),
        target_path("v1").replace(SUBSCRIPTION, "99999999-1111-4222-8333-444455556666"),
    ],
)
def test_a_target_that_cannot_hold_the_vault_is_refused(target):
    """Name, subscription and group of the target are checked."""
    assert codes(open_client({"name": "v1"}), target or "/") == ["InvalidTargetResource"]


def test_a_vault_of_the_same_name_blocks_its_group():
    """A Recovery Services vault of that name in the group forbids the upgrade."""
    client = open_client({"name": "v1"}, native("v1"))

    assert codes(client) == ["TargetVaultExists"]
    assert codes(client, target_path("v1", group="elsewhere")) == []


def test_two_vaults_never_share_a_target():
    """Vaults of two regions may have one name; the first to start has the group's."""
    client = open_client({"name": "v1"}, {"name": "v1", "region": "East US"})
    state, now = client.service.state, client.clock.now()
    client.start()

    found = upgrades.prerequisite_reasons(state, state.vaults[1], target_path("v1"), now)

    assert [reason.code for reason in found] == ["TargetVaultExists"]


def test_an_upgrade_ends_when_its_time_is_over():
    """Status follows from the time alone."""
    client = open_client({"name": "v1", "upgrade": {"duration": "20m"}})
    client.start()
    record = client.vault.record
    now = ticks_of(client.clock.now())

    assert record.status(now) is RecordStatus.IN_PROGRESS
    assert record.status(record.ended - 1) is RecordStatus.IN_PROGRESS
    assert record.status(record.ended) is RecordStatus.UPGRADED
    assert record.ended - now == 20 * 60 * 10_000_000


def test_an_upgrade_that_never_ends_stays_in_progress():
    """A stuck upgrade is running after any time."""
    client = open_client({"name": "v1", "upgrade": {"duration": "never"}})
    client.start()
    client.wait(days=30)

    assert upgrades.provisioning_state(client.vault, client.clock.now()) == "Provisioning"


def test_a_failed_upgrade_leaves_the_new_vault_provisioning():
    """The new vault stays half-made."""
    failure = {"code": "F", "message": "It broke."}
    client = open_client({"name": "v1", "upgrade": {"duration": "5m", "fails": failure}})
    client.start()
    client.wait(minutes=6)

    assert upgrades.provisioning_state(client.vault, client.clock.now()) == "Provisioning"


def test_jobs_become_visible_after_the_upgrade_and_the_delay():
    """Monitoring data follows the end of the upgrade."""
    client = open_client({"name": "v1", "upgrade": {"duration": "20m", "jobSync": "6h"}})
    client.start()

    expected = client.clock.now() + timedelta(hours=6, minutes=20)

    assert client.vault.jobs_visible_from() == expected
