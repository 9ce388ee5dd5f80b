"""The one query that is answered."""

import json

import pytest

from tests.unit.simulated_azure.harness import (
    GROUP,
    SUBSCRIPTION,
    error_of,
    native,
    open_client,
)

WORKSPACE = "5b8a2f6e-0c43-4d7e-8a19-2e6f3b1c7d40"
EMPTY = "6c9b3a7f-1d54-4e8f-9b2a-3f7a4c2d8e51"
WORKSPACES = [{"id": WORKSPACE}, {"id": EMPTY, "hasTables": False}]
POLICY = {"name": "Daily", "type": "vm", "runTime": "20:00", "timeZone": "UTC"}
ITEM = {"type": "vm", "name": "vm1", "policy": "Daily"}
VAULT = native(policies=[POLICY], items=[ITEM], logWorkspace=WORKSPACE)
VAULT_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}"
    "/providers/microsoft.recoveryservices/vaults/rsv"
)
HEAD = "// vaultlift:last-jobs/1\n"


def kql(vault=VAULT_ID, since="2026-03-01T00:00:00Z", head=HEAD):
    """The query as the app binds it."""
    return f'{head}let vault = "{vault}";\nlet since = datetime({since});\nCoreAzureBackup | take 1'


def ask(client, query=None, workspace=WORKSPACE):
    """Sends a query."""
    body = json.dumps({"query": kql() if query is None else query}).encode()
    return client.send("POST", f"/v1/workspaces/{workspace}/query", body=body).answer


def rows(answer):
    """Rows as objects."""
    (table,) = json.loads(answer.body)["tables"]
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def opened(vault=VAULT):
    """An estate with both workspaces."""
    return open_client(vault, workspaces=WORKSPACES)


def test_every_item_has_one_row_with_its_last_job():
    """Item, state, start, status and job."""
    (row,) = rows(ask(opened()))

    assert row["BackupItemFriendlyName"] == "vm1"
    assert (row["BackupItemType"], row["BackupItemProtectionState"]) == ("VM", "Protected")
    assert row["LastJobStart"].startswith("2026-03-09T20:")
    assert row["LastJobStatus"] == "Completed"


def test_the_job_is_the_one_arm_shows():
    """Both sources name it alike."""
    client = opened()
    (row,) = rows(ask(client))

    assert client.arm("GET", f"/backupJobs/{row['JobUniqueId']}").status == 200


def test_jobs_before_since_do_not_count():
    """An item without a job since then has nulls."""
    (row,) = rows(ask(opened(), kql(since="2026-03-10T00:00:00Z")))

    assert (row["LastJobStart"], row["LastJobStatus"], row["JobUniqueId"]) == (None, None, None)


def test_a_job_arrives_some_time_after_its_end():
    """Ingestion lags behind ARM."""
    client = opened()
    client.wait(hours=8, minutes=42)
    early = rows(ask(client))[0]["LastJobStart"]
    client.wait(minutes=30)

    assert early.startswith("2026-03-09")
    assert rows(ask(client))[0]["LastJobStart"].startswith("2026-03-10")


def test_a_vault_that_sends_elsewhere_has_no_rows():
    """Its diagnostics never reach the workspace."""
    assert rows(ask(opened(native(policies=[POLICY], items=[ITEM])))) == []


def test_an_upgraded_vault_has_no_rows_before_its_jobs_are_visible():
    """The workspace follows job sync."""
    upgrade = {"duration": "20m", "jobSync": "3h"}
    vault = {"name": "rsv", "upgrade": upgrade, "policies": [POLICY], "items": [ITEM]}
    client = opened(vault | {"logWorkspace": WORKSPACE})
    client.start()
    client.wait(hours=3)

    assert rows(ask(client)) == []

    client.wait(minutes=20)

    assert len(rows(ask(client))) == 1


def test_a_workspace_without_tables_cannot_resolve_them():
    """The innermost code tells that nothing ever arrived."""
    answer = ask(opened(), workspace=EMPTY)
    inner = json.loads(answer.body)["error"]["innererror"]["innererror"]

    assert answer.status == 400
    assert inner["code"] == "SEM0100"


@pytest.mark.parametrize("member", ["timespan", "workspaces"])
def test_what_would_narrow_the_answer_is_refused(member):
    """Null is no wish."""
    client = opened()
    body = {"query": kql(), member: None}
    path = f"/v1/workspaces/{WORKSPACE}/query"

    statuses = [
        client.send("POST", path, body=json.dumps(body | {member: wish}).encode()).answer.status
        for wish in (None, "PT1H")
    ]
    assert statuses == [200, 400]


def test_an_unknown_workspace_is_not_found():
    """It is not the same as an empty one."""
    assert ask(opened(), workspace=SUBSCRIPTION).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "CoreAzureBackup | take 10",
        kql(head="// something else\n"),
        kql(head="\n" + HEAD),
        HEAD + 'let vault = "x";\nCoreAzureBackup',
        kql(vault=VAULT_ID.upper()),
        kql(since="yesterday"),
        None,
    ],
)
def test_any_other_query_is_refused(query):
    """There is no Kusto engine here, and it does not pretend."""
    client = opened()
    body = json.dumps({"query": query}).encode()

    answer = client.send("POST", f"/v1/workspaces/{WORKSPACE}/query", body=body).answer

    assert error_of(answer) == (400, "BadArgumentError")
