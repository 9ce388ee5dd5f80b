"""Making the reports from an evidence folder."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.evidence_folder import EvidenceFolder
from cli.evidence_source import ContainerSource, FolderSource, find_source
from cli.report import write_reports
from domain.codec import to_json
from domain.errors import ConfigurationError, EvidenceError
from domain.upgrade import RunState
from domain.work_list import WorkItem
from tests.blob_service import blob_service, blob_store
from tests.unit.reports.samples import NOON, failed_report, mixed_reports, report, settlement

ADDRESS = "https://acc1.blob.core.windows.net/evidence"
ROW = WorkItem(
    owner="it@contoso.example",
    machine="fs01",
    vault="vault-old",
    check_id="agent-version",
    found="agent 2.0.8703.0",
    what_to_do="Install the latest agent.",
)


def document(made):
    """The evidence of an end."""
    return {
        "schema": "vaultlift/evidence/1",
        "kind": "outcome",
        "vault": made.outcome.vault.name,
        "runId": made.outcome.run_id,
        "recordedAt": NOON.isoformat(),
        "data": to_json(made),
    }


@pytest.fixture
async def evidence(tmp_path):
    """An evidence folder with a run of every kind, and a settlement."""
    folder = tmp_path / "kept" / "evidence"
    store = EvidenceFolder(folder)
    for made in (*mixed_reports(), settlement(work_list=(ROW,))):
        await store.create(f"{made.outcome.evidence_prefix}/outcome.json", document(made))
    return folder


def test_both_reports_are_written(evidence, tmp_path):
    """report.html and report.json show the same vaults."""
    written = write_reports(evidence, tmp_path / "out", now=lambda: NOON)
    names = [
        vault["report"]["outcome"]["vault"]["name"]
        for vault in json.loads(written.json.read_text("utf-8"))["vaults"]
    ]

    assert ["vault-clean", "vault-failing", "vault-old-agent", "vault-policies"] == names
    assert all(f"<h2>{name}</h2>" in written.html.read_text("utf-8") for name in names)


def test_links_lead_from_the_report_to_the_evidence(evidence, tmp_path):
    """The link to a support bundle is right wherever the report is put."""
    written = write_reports(evidence, tmp_path / "out" / "deep", now=lambda: NOON)
    bundle = failed_report().support_bundle

    assert f'href="../../kept/evidence/{bundle}"' in written.html.read_text("utf-8")


def test_reports_can_be_written_again(evidence, tmp_path):
    """A second report replaces the first."""
    write_reports(evidence, tmp_path, now=lambda: NOON)
    written = write_reports(evidence, tmp_path, now=lambda: NOON.replace(hour=13))

    assert "2017-09-05T13:00:00Z" == json.loads(written.json.read_text("utf-8"))["generated_at"]


def test_absent_evidence_is_said():
    """A folder that is not there is not an empty report."""
    with pytest.raises(ConfigurationError, match="no such evidence folder"):
        write_reports(Path("nowhere"), Path("out"))


def test_broken_evidence_is_not_passed_over(evidence, tmp_path):
    """A document that cannot be read stops the report: half a report would look like a whole."""
    made = failed_report()
    path = evidence / made.outcome.evidence_prefix / "outcome.json"
    path.write_text("{", "utf-8")

    with pytest.raises(EvidenceError):
        write_reports(evidence, tmp_path)


def test_unwritable_folder_is_one_sentence(evidence, tmp_path):
    """A place that cannot be written is said in words."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_reports(evidence, tmp_path / "file")


def test_settlements_are_reported_with_their_work_lists(evidence, tmp_path):
    """In both reports, and one file for each owner of machines beside them."""
    written = write_reports(evidence, tmp_path / "out", now=lambda: NOON)
    document = json.loads(written.json.read_text("utf-8"))

    assert ["vault-old"] == [
        one["report"]["outcome"]["vault"]["name"] for one in document["settlements"]
    ]
    assert "<h2>vault-old</h2>" in written.html.read_text("utf-8")
    assert [tmp_path / "out/work-lists/it@contoso.example.csv"] == list(written.work_lists)


async def test_evidence_in_a_container_makes_the_same_report(evidence, tmp_path):
    """Read from blobs, the report says what it says of the folder; links lead to the container."""
    local = EvidenceFolder(evidence)
    async with blob_service() as service:
        filling = blob_store(service.connection_string)
        for key in await local.list_keys(""):
            await filling.create(key, await local.read(key))
        await filling.aclose()
        source = ContainerSource(address=ADDRESS, store=blob_store(service.connection_string))
        # In a thread, because the command brings an event loop of its own.
        remote = await asyncio.to_thread(write_reports, source, tmp_path / "b", now=lambda: NOON)
    folder = await asyncio.to_thread(write_reports, evidence, tmp_path / "a", now=lambda: NOON)

    assert folder.json.read_text("utf-8") == remote.json.read_text("utf-8")
    assert f'href="{ADDRESS}/{failed_report().support_bundle}"' in remote.html.read_text("utf-8")


def test_an_address_stands_for_a_container_and_a_path_for_a_folder():
    """Only what begins with https:// is looked for in Azure."""
    remote, folder = find_source(f"{ADDRESS}/"), find_source("out/evidence")

    assert (ADDRESS, FolderSource(path=Path("out/evidence"))) == (remote.address, folder)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("https://example.com/evidence", "not a blob account of any Azure cloud"),
        ("https://acc1.blob.core.windows.net", "not a container"),
        (f"{ADDRESS}?sig=abc", "not by signature"),
    ],
)
def test_other_addresses_are_refused(address, problem):
    """No token goes to a host that is no blob account, and no signature is taken."""
    with pytest.raises(ConfigurationError, match=problem):
        find_source(address)


@pytest.mark.parametrize(
    ("hours", "state", "machines"),
    [
        (20, RunState.CLOSED, []),
        (20, RunState.STOPPED, ["fs01"]),
        (-20, RunState.CLOSED, ["fs01"]),
    ],
    ids=["settled since", "could not read all", "settled before"],
)
def test_nobody_is_sent_to_a_machine_for_what_was_open_once(tmp_path, hours, state, machines):
    """The settlement after an upgrade has looked again; its work list is the one that counts."""
    upgraded = replace(report("vault-one"), work_list=(ROW,))
    settled = settlement("vault-one", state)
    end = replace(
        settled.outcome,
        vault=upgraded.outcome.target,
        ended_at=upgraded.outcome.ended_at + timedelta(hours=hours),
    )
    store = EvidenceFolder(tmp_path / "evidence")
    for made in (upgraded, replace(settled, outcome=end)):
        asyncio.run(store.create(f"{made.outcome.evidence_prefix}/outcome.json", document(made)))

    written = write_reports(tmp_path / "evidence", tmp_path / "out", now=lambda: NOON)

    lists = [path.read_text("utf-8") for path in written.work_lists]
    assert (machines == ["fs01"]) == any("fs01" in one for one in lists)
    assert (not machines) == ("Settled since" in written.html.read_text("utf-8"))
