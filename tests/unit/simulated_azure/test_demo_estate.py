"""The demo's vaults, each taken along the way its scenario describes."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from local.azure.clocks import FixedClock, MovableClock
from local.azure.estate import load_estate
from local.azure.names import cloud_service_name, vault_id
from local.azure.routes import ROUTER
from local.azure.service import SimulatedAzure
from tests.unit.simulated_azure.harness import START, Client, parse_xml, upgrade_input

ESTATE = Path(__file__).parents[3] / "local" / "demo" / "estate.yaml"
SUBSCRIPTION = "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11"
GROUP = "rg-backup-upgraded"
AZURE = "{http://schemas.microsoft.com/windowsazure}"


class Demo:
    """The demo estate, and calls about one of its vaults."""

    def __init__(self, name, group=GROUP):
        self.clock = MovableClock(FixedClock(START))
        self.service = SimulatedAzure(load_estate(ESTATE), self.clock, ROUTER)
        self._client = Client(service=self.service, clock=self.clock)
        (self.vault,) = [one for one in self.service.state.vaults if one.name == name]
        self._group = group

    def classic(self, action, method="POST"):
        """Answer of an upgrade call."""
        vault = self.vault
        path = (
            f"/{SUBSCRIPTION}/cloudservices/{cloud_service_name(SUBSCRIPTION, vault.region)}"
            f"/resources/WABackup/~/BackupVault/{vault.name}/{action}"
        )
        target = vault_id(SUBSCRIPTION, self._group, vault.name).replace("/vaults/", "/Vaults/")
        headers = {
            "Accept": "application/xml",
            "Agent-Authentication": "",
            "Content-Type": "application/xml",
            "x-ms-client-request-id": f"{action}-1",
            "x-ms-version": "2013-03-01",
        }
        body = upgrade_input(target) if method == "POST" else b""
        return self._client.send(method, path, headers=headers, body=body).answer

    def reasons(self):
        """Code, type and message of every reason of the check."""
        root = parse_xml(self.classic("checkPrereqsForUpgrade").body)
        return [
            tuple(detail.findtext(f"{AZURE}{name}") for name in ("Code", "Type", "Message"))
            for detail in root.iter(f"{AZURE}ErrorDetail")
        ]

    def upgrade(self):
        """Starts the upgrade and waits until it is over."""
        assert self.classic("upgrade").status == 200
        self.clock.advance(self.vault.plan.duration)

    def arm(self, tail="", **query):
        """Document of an ARM read."""
        path = vault_id(SUBSCRIPTION, self._group, self.vault.name) + tail
        parameters = {"api-version": "2025-08-01"} | query
        return json.loads(self._client.send("GET", path, query=parameters).answer.body)

    def jobs(self):
        """How many jobs of the last week are listed."""
        now = self.clock.now()
        times = [moment.strftime("%Y-%m-%d %I:%M:%S %p") for moment in (now - timedelta(7), now)]
        text = f"startTime eq '{times[0]}' and endTime eq '{times[1]}'"
        return len(self.arm("/backupJobs", **{"$filter": text})["value"])


def test_vault_clean_goes_through():
    """Checked, started, upgraded, and in ARM."""
    demo = Demo("vault-clean")

    assert demo.reasons() == []

    demo.upgrade()

    assert demo.arm()["properties"]["provisioningState"] == "Succeeded"


def test_vault_billing_is_only_warned_about():
    """And can be started all the same."""
    demo = Demo("vault-billing")

    assert [reason[:2] for reason in demo.reasons()] == [("StorageBasedBilling", "Warning")]

    demo.upgrade()

    assert demo.arm()["properties"]["upgradeDetails"]["status"] == "Upgraded"


def test_vault_old_agent_has_a_row_per_machine():
    """Two of its three machines."""
    ((code, severity, message),) = Demo("vault-old-agent").reasons()

    assert (code, severity) == ("AgentVersionNotSupported", "Error")
    assert message.split("|") == [
        "fs11.contoso.example;2.0.8719.0",
        "fs12.contoso.example;2.0.9062.0",
    ]


@pytest.mark.parametrize("name", ["vault-old-agent", "vault-busy"])
def test_a_blocked_vault_cannot_be_started(name):
    """The start checks again."""
    demo = Demo(name)

    assert demo.classic("upgrade").status == 400
    assert demo.vault.starts_received == 0


def test_vault_busy_is_busy_as_long_as_the_demo_lasts():
    """Twelve virtual hours later its job still runs."""
    demo = Demo("vault-busy")
    demo.clock.advance(timedelta(hours=12))

    assert [reason[0] for reason in demo.reasons()] == ["ConfigurationJobRunning"]


def test_vault_failing_fails_after_it_has_started():
    """Nothing shows before; and the service would take another start, so only we keep it away."""
    demo = Demo("vault-failing")

    assert demo.reasons() == []

    demo.upgrade()
    tracked = parse_xml(demo.classic("upgradeOperationResult", "GET").body)

    assert tracked.findtext(f"{AZURE}OperationResult") == "Failed"
    assert demo.arm()["properties"]["provisioningState"] == "Provisioning"
    assert demo.classic("upgrade").status == 200


def test_vault_upgraded_was_upgraded_by_the_service():
    """In the default group of its region."""
    demo = Demo("vault-upgraded", group="Default-RecoveryServices-ResourceGroup-westus")
    details = demo.arm()["properties"]["upgradeDetails"]

    assert (details["status"], details["triggerType"]) == ("Upgraded", "ForcedUpgrade")
    assert demo.jobs() > 0


def test_vault_policies_has_a_policy_of_every_type():
    """Without a zone, with UTC, with another, and with none to set."""
    demo = Demo("vault-policies")
    demo.upgrade()
    zones = {
        row["name"]: row["properties"].get("timeZone")
        or row["properties"].get("settings", {}).get("timeZone")
        for row in demo.arm("/backupPolicies")["value"]
    }

    assert zones == {
        "VmDaily": None,
        "VmUtc": "UTC",
        "VmEnhanced": "Tokyo Standard Time",
        "SharesDaily": None,
        "SqlDaily": "UTC",
        "GenericDaily": None,
        "FilesNightly": None,
        "AzureSqlKeep": None,
    }


def test_vault_late_jobs_shows_its_jobs_after_six_hours():
    """Not a minute before."""
    demo = Demo("vault-late-jobs")
    demo.upgrade()
    demo.clock.advance(timedelta(hours=5, minutes=59))
    early = demo.jobs()
    demo.clock.advance(timedelta(minutes=1))

    assert (early, demo.jobs() > 0) == (0, True)


def test_every_protected_item_of_the_demo_was_backed_up_lately():
    """So that job sync can be proven."""
    for vault in Demo("vault-clean").service.state.vaults:
        if vault.expected_end not in ("closed", "closed_with_tasks"):
            continue
        demo = Demo(vault.name)
        if vault.name == "vault-upgraded":
            demo = Demo(vault.name, group="Default-RecoveryServices-ResourceGroup-westus")
        else:
            demo.upgrade()
        states = {
            row["properties"]["protectionState"]
            for row in demo.arm("/backupProtectedItems")["value"]
        }

        assert states == {"Protected"}, vault.name
