"""What settling asks of simulated Azure: reports, machines to protect, guards, another editor."""

import json
from datetime import timedelta

import pytest

from local.azure import policy_documents
from local.azure.diagnostic_settings import CATEGORIES
from local.azure.faults import parse_rules
from local.azure.logs_api import ARRIVALS_MARKER
from local.azure.meddling import MARK
from tests.unit.simulated_azure.harness import GROUP, SUBSCRIPTION, error_of, native, open_client

SETTINGS = "/providers/Microsoft.Insights/diagnosticSettings"
WORKSPACE = "5b8a2f6e-0c43-4d7e-8a19-2e6f3b1c7d40"
MACHINES = "/backupProtectableItems"
VMS = "backupManagementType eq 'AzureIaasVM'"
POLICY = {"name": "Daily", "type": "vm", "runTime": "22:30"}


def body(*categories, workspace="/w/one"):
    """A setting to put."""
    logs = [{"category": one, "enabled": True} for one in categories]
    return {"properties": {"workspaceId": workspace, "logs": logs}}


def put(client, name, *categories, **members):
    """Puts one setting."""
    return client.arm("PUT", f"{SETTINGS}/{name}", document=body(*categories, **members))


def test_a_setting_is_kept_and_listed():
    """In the shape of Azure Monitor, with its own id."""
    client = open_client(native())
    put(client, "Reports", *CATEGORIES)

    (row,) = client.rows(SETTINGS)

    assert "reports" == row["name"]
    assert CATEGORIES == tuple(one["category"] for one in row["properties"]["logs"])


@pytest.mark.parametrize(
    ("kind", "count"), [(None, 0), ("none", 0), ("whole", 1), ("legacy", 1), ("doubled", 2)]
)
def test_an_estate_starts_with_the_settings_it_declares(kind, count):
    """Left out, a vault without a workspace has none."""
    client = open_client(native(**({"reports": kind} if kind else {})))

    assert count == len(client.rows(SETTINGS))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda client: put(client, "two", CATEGORIES[0]), 409),
        (lambda client: put(client, "two", CATEGORIES[0], workspace="/w/two"), 200),
        (lambda client: put(client, "one", CATEGORIES[0]), 200),
        (lambda client: put(client, "two", "NoSuchCategory"), 400),
        (lambda client: put(client, "two"), 400),
        (lambda client: client.arm("GET", f"{SETTINGS}/two"), 404),
    ],
    ids=["used already", "other workspace", "replaced", "unknown", "empty", "not there"],
)
def test_what_azure_monitor_refuses_is_refused(answer, status):
    """One category goes to one workspace by one setting only."""
    client = open_client(native())
    put(client, "one", CATEGORIES[0])

    assert status == answer(client).status


def test_machines_to_protect_are_listed_for_virtual_machines_only():
    """Other workloads have to be inquired about first."""
    client = open_client(native(protectable=[{"name": "vm1"}]))

    (row,) = client.rows(MACHINES, filter=VMS)

    assert ("vm1", "NotProtected") == (
        row["properties"]["friendlyName"],
        row["properties"]["protectionState"],
    )
    assert 400 == client.arm("GET", MACHINES).status


def test_a_vault_shows_its_tags():
    """And has no such member where it has none."""
    tagged = json.loads(open_client(native(tags={"a": "b"})).arm("GET").body)
    plain = json.loads(open_client(native()).arm("GET").body)

    assert ({"a": "b"}, False) == (tagged["tags"], "tags" in plain)


def write(client):
    """Gives the policy a zone."""
    document = {"properties": policy_documents.vm("22:30", 30, "UTC")}
    return client.arm("PUT", "/backupPolicies/Daily", document=document)


def meddling(method):
    """A client of a vault whose policy somebody else edits after the first such call."""
    client = open_client(native(policies=[POLICY]))
    rule = {"kind": "meddle", "method": method, "route": "policy", "count": 1}
    client.service.faults.add(parse_rules(rule)[0])
    return client


def policy(client):
    """The policy's members now."""
    return json.loads(client.arm("GET", "/backupPolicies/Daily").body)["properties"]


def test_another_editor_changes_what_was_read():
    """The caller has the document from before the edit."""
    client = meddling("GET")

    assert MARK not in policy(client)
    assert MARK in policy(client)


def test_another_editor_writes_over_a_write():
    """They had opened the policy before it: the caller's zone is lost."""
    client = meddling("PUT")
    assert 200 == write(client).status

    shown = policy(client)

    assert (True, None) == (MARK in shown, shown.get("timeZone"))


def admin(client, method, path, document=None, **query):
    """One call below /admin."""
    data = b"" if document is None else json.dumps(document).encode()
    answer = client.send(method, f"/admin/{path}", query=query, body=data).answer
    return answer.status, json.loads(answer.body)


def test_every_document_of_a_policy_can_be_looked_at():
    """For whoever compares what was meant with what was done."""
    client = meddling("PUT")
    write(client)

    status, answer = admin(client, "GET", "policies", vault="rsv")

    (row,) = answer["policies"]
    assert (200, [False, False, True]) == (
        status,
        [version["isForeign"] for version in row["versions"]],
    )


def test_the_guard_s_owner_can_agree_and_take_it_back():
    """By the vault's name; another name is not found."""
    client = open_client(native())

    granted = admin(client, "POST", "guard", {"vault": "RSV"})
    taken = admin(client, "POST", "guard", {"vault": "rsv", "granted": False})
    unknown = admin(client, "POST", "guard", {"vault": "x"})

    assert (True, False, 404) == (granted[1]["granted"], taken[1]["granted"], unknown[0])


def arrivals(client, days=2):
    """The rows of the arrivals query."""
    vault = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}"
    vault += "/providers/microsoft.recoveryservices/vaults/rsv"
    since = (client.clock.now() - timedelta(days=days)).isoformat().replace("+00:00", "Z")
    query = f'{ARRIVALS_MARKER}\nlet vault = "{vault}";\nlet since = datetime({since});\n'
    path = f"/v1/workspaces/{WORKSPACE}/query"
    answer = client.send("POST", path, body=json.dumps({"query": query}).encode()).answer
    return json.loads(answer.body)["tables"][0]["rows"]


@pytest.mark.parametrize(("workspace", "count"), [(WORKSPACE, 6), (None, 0)])
def test_arrivals_are_those_of_vaults_that_send_there(workspace, count):
    """A vault without a workspace has rows nowhere."""
    vault = native(policies=[POLICY], items=[{"type": "vm", "name": "vm1", "policy": "Daily"}]) | (
        {"logWorkspace": workspace} if workspace else {}
    )
    client = open_client(vault, workspaces=[{"id": WORKSPACE}])

    assert count == len(arrivals(client))


def test_a_guard_s_refusal_has_its_own_code():
    """So that a caller can tell it from a missing role on the vault."""
    settings = {"multiUserAuthorization": True, "guardsPolicyEdits": True}
    client = open_client(native(policies=[POLICY], settings=settings))

    assert (403, "UserErrorResourceGuardRequestMissing") == error_of(write(client))
