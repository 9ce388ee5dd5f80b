"""Reading the user's file and making the request body of it."""

import json
from datetime import UTC, datetime

import pytest

from cli.input_file import read_vaults, upgrade_body
from domain.errors import InvalidInputError
from tests.unit.cli.fake_app import SUBSCRIPTION

NOW = datetime(2017, 9, 5, 12, 0, tzinfo=UTC)
HEADER = "subscription_id,vault_name,region,target_resource_group,accept_warnings"
VAULT = {
    "subscriptionId": SUBSCRIPTION,
    "vaultName": "vault-a",
    "region": "West US",
    "targetResourceGroup": "rg",
}


def read(path):
    """Reads a file in the name of nora."""
    return read_vaults(path, requested_by="nora", request_id="request-1", requested_at=NOW)


def problems_of(path):
    """The problems of a file that cannot be used."""
    with pytest.raises(InvalidInputError) as caught:
        read(path)
    return [(problem.where, problem.message) for problem in caught.value.problems]


def test_csv_becomes_a_body(tmp_path):
    """A CSV row becomes the vault object of the API, with defaults spelt out."""
    path = tmp_path / "vaults.csv"
    path.write_text(f"{HEADER}\n{SUBSCRIPTION},vault-a,West US,rg,yes\n", "utf-8")
    body = upgrade_body(read(path))

    assert ("nora", "request-1") == (body["requestedBy"], body["requestId"])
    assert [
        {
            **VAULT,
            "vaultType": "BackupVault",
            "timeZoneMode": "set-zone",
            "approval": "required",
            "acceptWarnings": True,
        }
    ] == body["vaults"]


def test_json_file_may_name_its_sender(tmp_path):
    """A JSON file that says who asks keeps its own word."""
    path = tmp_path / "vaults.json"
    path.write_text(json.dumps({"requestedBy": "max", "requestId": "r9", "vaults": [VAULT]}))
    body = upgrade_body(read(path))

    assert ("max", "r9", 1) == (body["requestedBy"], body["requestId"], len(body["vaults"]))


def test_file_without_suffix_is_recognised(tmp_path):
    """A file that begins with a brace is JSON, whatever it is called."""
    path = tmp_path / "vaults.txt"
    path.write_text(f"\n {json.dumps({'vaults': [VAULT]})}", "utf-8")

    assert 1 == len(read(path))


def test_body_is_understood_by_the_app(tmp_path):
    """What is sent is read by the app as the very same requests."""
    path = tmp_path / "vaults.json"
    path.write_text(json.dumps({"vaults": [VAULT, {**VAULT, "vaultName": "vault-b"}]}))
    sent = tmp_path / "sent.json"
    sent.write_text(json.dumps(upgrade_body(read(path))))

    assert read(path) == read(sent)


def test_absent_file_is_a_problem(tmp_path):
    """A file that is not there is reported in words."""
    assert [("file", "cannot be read: No such file or directory")] == problems_of(
        tmp_path / "nope.csv"
    )


def test_other_encoding_is_a_problem(tmp_path):
    """A file of another encoding is refused with what to do."""
    path = tmp_path / "vaults.csv"
    path.write_bytes("Zürich".encode("latin-1"))

    assert [("file", "not text in UTF-8; save it as CSV UTF-8")] == problems_of(path)


def test_huge_file_is_not_read(tmp_path):
    """A file too big to be a list of vaults is refused before it is read."""
    path = tmp_path / "disk.csv"
    with path.open("wb") as file:
        file.truncate(51 * 1024 * 1024)

    assert [("file", "over 50 MB; not a list of vaults")] == problems_of(path)


def test_all_problems_of_a_file_are_reported(tmp_path):
    """Problems of every line come at once, each with its line."""
    path = tmp_path / "vaults.csv"
    path.write_text(
        f"{HEADER}\nx,vault-a,West US,rg,yes\n{SUBSCRIPTION},vault-b,West US,rg.,maybe\n"
    )

    assert ["line 2", "line 3", "line 3"] == [where for where, _ in problems_of(path)]
