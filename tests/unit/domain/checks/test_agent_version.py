"""Whether every agent is new enough."""

from typing import Any

import pytest

from domain.checks import agent_version
from domain.findings import Finding, Verdict
from domain.readings import FailedRead
from tests.unit.domain.builders import reading

NONE = reading(())


def machine(name: str = "FS01.CONTOSO.LOCAL", **properties: Any) -> dict[str, Any]:
    """A MARS container."""
    return {
        "name": f"Windows;{name.lower()}",
        "properties": {"friendlyName": name, **properties},
    }


def finding_for(**properties: Any) -> Finding:
    """The finding about one machine."""
    listed = reading((machine(**properties),))
    (only,) = agent_version.check(listed, NONE, vault="vault-one")
    return only


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("2.0.9082.0", Verdict.FAIL),
        ("2.0.9083.0", Verdict.PASS),
        ("2.0.10000.0", Verdict.PASS),
        ("two", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_an_agent_is_judged_by_the_floor(version: str | None, verdict: Verdict) -> None:
    """Unknown versions are neither old nor new."""
    assert verdict == finding_for(agentVersion=version).verdict


def test_an_old_agent_is_a_task_with_the_version_needed() -> None:
    """The owner of the machine learns what to install."""
    found = finding_for(agentVersion="2.0.8700.0")

    assert found.what_to_do.startswith("Install the latest agent on FS01.CONTOSO.LOCAL")
    assert "2.0.9083.0" in found.what_to_do


def test_what_a_passing_agent_cannot_do_is_told() -> None:
    """New enough to show, too old for immutable vaults."""
    assert finding_for(agentVersion="2.0.9249.0").message.endswith("too old for immutable vaults")


def test_a_backup_server_is_judged_by_its_agent() -> None:
    """And the update the service offers is told."""
    server = {
        "name": "DPM01",
        "properties": {
            "friendlyName": "DPM01",
            "azureBackupAgentVersion": "2.0.9300.0",
            "isDpmUpgradeAvailable": True,
        },
    }
    (only,) = agent_version.check(NONE, reading((server,)), vault="vault-one")

    assert (Verdict.PASS, "DPM01") == (only.verdict, only.subject)
    assert only.message.endswith("the service offers an update")


def test_one_list_that_cannot_be_read_does_not_hide_the_other() -> None:
    """The machines are judged although the servers are unknown."""
    failed = FailedRead(what="backup servers", reason="500")
    listed = reading((machine(agentVersion="2.0.9300.0"),))
    findings = agent_version.check(listed, failed, vault="vault-one")

    assert [Verdict.PASS, Verdict.UNKNOWN] == [one.verdict for one in findings]
