"""Answers of simulated ARM hold against the published OpenAPI definitions."""

import json

import pytest

from tests.contract.simulated_azure.openapi import Specification, specification
from tests.unit.simulated_azure.harness import Client, native, open_client

BACKUP = "recoveryservicesbackup-2024-04-01-bms"
VAULTS = "recoveryservices-2024-04-01-vaults"
USAGES = "recoveryservices-2024-04-01-vaultusages"
PREFIX = "/Subscriptions/{}/resourceGroups/{}/providers/Microsoft.RecoveryServices/vaults/{}"
NOT_PUBLISHED = (
    # Sent by the real service and recorded, but not in the definitions of 2024-04-01.
    "isSoftDeleteFeatureStateEditable",
    "isCompression",
    "dedupState",
    "xcoolState",
    "policyType",
)
POLICY_TYPES = ("vm", "vm-enhanced", "file-share", "sql", "generic", "mab", "azure-sql")
POLICIES = [{"name": f"P-{kind}", "type": kind, "days": 30} for kind in POLICY_TYPES]
ITEMS = [
    {"type": "vm", "name": "vm1", "group": "rg1", "policy": "P-vm", "failing": True},
    {"type": "classic-vm", "name": "vm2", "group": "rg1", "policy": "P-vm"},
    {"type": "folder", "name": "C:\\", "holder": "fs1.example", "policy": "P-mab"},
    {"type": "file-share", "name": "s", "holder": "acct", "group": "rg1", "policy": "P-file-share"},
    {"type": "sql", "name": "orders", "holder": "sql1", "group": "rg1", "policy": "P-sql"},
    {"type": "azure-sql", "name": "db", "holder": "srv", "group": "rg1", "policy": "P-azure-sql"},
]
FULL = native(
    policies=POLICIES,
    items=ITEMS,
    machines=[{"name": "fs1.example", "agentVersion": "2.0.9269.0"}],
    engines=[{"name": "dpm1", "type": "dpm", "agentVersion": "2.0.9062.0", "dpmVersion": "5.1"}],
    settings={"multiUserAuthorization": True, "immutability": "Unlocked"},
    protectable=[{"name": "vm3", "group": "rg1"}],
)
LISTS = [
    ("/backupPolicies", {}),
    ("/backupProtectedItems", {}),
    ("/backupJobs", {}),
    ("/backupEngines", {}),
    ("/backupEngines", {"filter": "expand eq 'extendedinfo'"}),
    ("/backupResourceGuardProxies", {}),
    ("/backupUsageSummaries", {"filter": "type eq 'BackupProtectedItemCountSummary'"}),
    ("/backupUsageSummaries", {"filter": "type eq 'BackupProtectionContainerCountSummary'"}),
    ("/backupProtectableItems", {"filter": "backupManagementType eq 'AzureIaasVM'"}),
    *(
        ("/backupProtectionContainers", {"filter": f"backupManagementType eq '{kind}'"})
        for kind in ("AzureIaasVM", "MAB", "AzureStorage", "AzureWorkload", "AzureSql")
    ),
]
DOCUMENTS = [
    ("/backupconfig/vaultconfig", "/backupconfig/vaultconfig"),
    ("/backupstorageconfig/vaultstorageconfig", "/backupstorageconfig/vaultstorageconfig"),
    *((f"/backupPolicies/P-{kind}", "/backupPolicies/{}") for kind in POLICY_TYPES),
]


def problems(spec: Specification, tail: str, body: bytes, *, prefix: str = PREFIX) -> list[str]:
    """What of an answer its definition does not allow, but for what the real service sends too."""
    schema = spec.answer_schema("GET", prefix + tail, 200)
    return [
        problem
        for problem in spec.problems(schema, json.loads(body))
        if not problem.partition(":")[0].endswith(NOT_PUBLISHED)
    ]


@pytest.mark.parametrize(("tail", "query"), LISTS)
def test_lists_hold_against_their_definitions(tail, query):
    """Every row of every list, with the definition its discriminator names."""
    answer = open_client(FULL).arm("GET", tail, **query)

    assert answer.status == 200
    assert json.loads(answer.body)["value"]
    assert problems(specification(BACKUP), tail, answer.body) == []


@pytest.mark.parametrize(("tail", "operation"), DOCUMENTS)
def test_documents_hold_against_their_definitions(tail, operation):
    """Policies of every type, and the configurations."""
    answer = open_client(FULL).arm("GET", tail)

    assert answer.status == 200
    assert problems(specification(BACKUP), operation, answer.body) == []


def test_a_job_with_its_details_holds_against_its_definition():
    """What the list leaves out is there."""
    client = open_client(FULL)
    for row in client.rows("/backupJobs"):
        answer = client.arm("GET", f"/backupJobs/{row['name']}")

        assert problems(specification(BACKUP), "/backupJobs/{}", answer.body) == []


def test_an_operation_status_holds_against_its_definition():
    """Running and over."""
    client = open_client(FULL)
    document = json.loads(client.arm("GET", "/backupPolicies/P-vm").body)
    accepted = client.arm("PUT", "/backupPolicies/P-vm", document=document)
    link = accepted.headers["Azure-AsyncOperation"]
    tail = "/backupPolicies/{}/operations/{}"
    for seconds in (0, 20):
        client.wait(seconds=seconds)

        assert problems(specification(BACKUP), tail, client.follow(link).body) == []


def upgrading() -> Client:
    """A vault whose upgrade has just started."""
    client = open_client({"name": "v1"})
    client.start()
    return client


@pytest.mark.parametrize("opened", [lambda: open_client(FULL), upgrading])
def test_vaults_hold_against_their_definition(opened):
    """With and without upgrade details."""
    prefix = PREFIX.replace("/Subscriptions", "/subscriptions")
    answer = opened().arm("GET")

    assert problems(specification(VAULTS), "", answer.body, prefix=prefix) == []


def test_usages_hold_against_their_definition():
    """Counts with localized names."""
    answer = open_client(FULL).arm("GET", "/usages")

    assert problems(specification(USAGES), "/usages", answer.body) == []


def test_what_the_definition_does_not_allow_is_found():
    """The test itself can fail: wrong types, unknown and missing members."""
    spec = Specification(
        {
            "paths": {},
            "definitions": {
                "Base": {
                    "type": "object",
                    "discriminator": "kind",
                    "required": ["kind"],
                    "properties": {"kind": {"type": "string"}},
                },
                "One": {
                    "type": "object",
                    "x-ms-discriminator-value": "one",
                    "allOf": [{"$ref": "#/definitions/Base"}],
                    "properties": {"count": {"type": "integer"}, "all": {"type": "array"}},
                },
            },
        }
    )
    schema = {"$ref": "#/definitions/Base"}

    assert list(spec.problems(schema, {"kind": "one", "count": 1})) == []
    assert list(spec.problems(schema, {"kind": "one", "count": True, "all": 1, "x": 1})) == [
        "$.count: True is no integer",
        "$.all: not an array",
        "$.x: not in the definition",
    ]
    assert list(spec.problems(schema, {"count": 1})) == [
        "$.count: not in the definition",
        "$.kind: missing",
    ]
