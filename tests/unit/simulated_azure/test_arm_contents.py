"""Containers, engines, items and jobs of a vault."""

import json

import pytest

from tests.unit.simulated_azure.harness import error_of, native, open_client

MACHINE = {"name": "FS1.Example", "agentVersion": "2.0.9269.0"}
OLD = {"name": "fs2.example", "agentVersion": "2.0.8719.0"}
SILENT = {"name": "fs3.example", "fabric": "ActiveDirectory"}
POLICIES = [
    {"name": "Vm", "type": "vm", "runTime": "20:00", "timeZone": "UTC"},
    {"name": "Files", "type": "mab", "runTime": "03:00"},
    {"name": "Shares", "type": "file-share", "runTime": "19:30"},
    {"name": "Sql", "type": "sql", "runTime": "18:00"},
    {"name": "Keep", "type": "azure-sql"},
]
ITEMS = [
    {"type": "vm", "name": "vm1", "group": "rg1", "policy": "Vm"},
    {"type": "classic-vm", "name": "vm2", "group": "old", "policy": "Vm"},
    {"type": "folder", "name": "C:\\", "holder": "fs1.example", "policy": "Files"},
    {"type": "file-share", "name": "share", "holder": "acct", "group": "rg1", "policy": "Shares"},
    {"type": "sql", "name": "orders", "holder": "sql1", "group": "rg1", "policy": "Sql"},
    {"type": "azure-sql", "name": "db", "holder": "srv", "group": "rg1", "policy": "Keep"},
]
FULL = native(policies=POLICIES, machines=[MACHINE, SILENT], items=ITEMS)


def containers(client, text):
    """Containers a filter finds, by name."""
    return {row["name"]: row for row in client.rows("/backupProtectionContainers", filter=text)}


def items(client):
    """Items by friendly name; that of Azure SQL has none."""
    return {
        row["properties"].get("friendlyName", "Azure SQL"): row["properties"]
        for row in client.rows("/backupProtectedItems")
    }


def test_containers_need_a_management_type():
    """The list without one is refused."""
    answer = open_client(FULL).arm(
        "GET", "/backupProtectionContainers", filter="status eq 'Registered'"
    )

    assert error_of(answer) == (400, "BMSUserErrorInvalidInput")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("MAB", {"Windows;fs1.example", "Windows;fs3.example"}),
        (
            "AzureIaasVM",
            {
                "IaasVMContainer;iaasvmcontainerv2;rg1;vm1",
                "IaasVMContainer;iaasvmcontainer;old;vm2",
            },
        ),
        ("AzureStorage", {"StorageContainer;storage;rg1;acct"}),
        ("AzureWorkload", {"VMAppContainer;Compute;rg1;sql1"}),
        ("AzureSql", {"AzureSqlContainer;Sql;rg1;srv"}),
        ("DPM", set()),
    ],
)
def test_containers_are_named_as_recorded(kind, names):
    """Every management type has its own form."""
    found = containers(open_client(FULL), f"backupManagementType eq '{kind}'")

    assert names == found.keys()


def test_a_machine_shows_its_agent():
    """Version, extended information, and the name in upper case."""
    found = containers(open_client(FULL), "backupManagementType eq 'MAB'")
    shown = found["Windows;fs1.example"]["properties"]

    assert shown["agentVersion"] == "2.0.9269.0"
    assert shown["friendlyName"] == "FS1.EXAMPLE"
    assert shown["protectedItemCount"] == 1
    assert "lastRefreshedAt" in shown["extendedInfo"]


def test_a_machine_of_2016_shows_neither_version_nor_refresh():
    """Absent members, and the fabric it was recorded with."""
    row = containers(open_client(FULL), "backupManagementType eq 'MAB'")["Windows;fs3.example"]

    assert row["properties"].keys().isdisjoint({"agentVersion", "extendedInfo"})
    assert "/backupFabrics/ActiveDirectory/" in row["id"]


def test_filters_narrow_the_list():
    """Name, status and fabric, without case."""
    client = open_client(FULL)
    text = "backupManagementType eq 'MAB' and friendlyName eq 'fs1.example'"

    assert containers(client, text).keys() == {"Windows;fs1.example"}
    assert containers(client, "backupManagementType eq 'MAB' and fabricName eq 'azure'").keys() == {
        "Windows;fs1.example"
    }


def test_old_agents_are_invisible_after_an_upgrade():
    """Until they are updated; in a vault made in ARM they show."""
    record = {"operationId": "op", "resourceGroup": "rg-upgraded", "startedAgo": "60d"}
    upgraded = open_client({"name": "v1", "record": record, "machines": [MACHINE, OLD]})
    made_in_arm = open_client(native(machines=[MACHINE, OLD]))
    text = "backupManagementType eq 'MAB'"

    assert containers(upgraded, text).keys() == {"Windows;fs1.example"}
    assert len(containers(made_in_arm, text)) == 2


def test_a_container_is_read_by_name():
    """Escaped semicolons and all."""
    client = open_client(FULL)
    path = "/backupFabrics/Azure/protectionContainers"

    assert client.arm("GET", f"{path}/windows%3Bfs1.example").status == 200
    assert client.arm("GET", f"{path}/Windows;nobody").status == 404


ENGINES = [
    {
        "name": "dpm1",
        "type": "dpm",
        "agentVersion": "2.0.9062.0",
        "dpmVersion": "5.0.158.0",
        "hasUpdate": True,
    },
    {"name": "mabs1", "type": "mabs"},
]


def test_engines_show_their_versions_where_they_are_expanded():
    """DPM and Azure Backup Server differ in type; what a server never told stays out."""
    client = open_client(native(engines=ENGINES))
    rows = client.rows("/backupEngines", filter="expand eq 'ExtendedInfo'")
    dpm, mabs = (row["properties"] for row in rows)

    assert (dpm["backupEngineType"], dpm["dpmVersion"]) == ("DpmBackupEngine", "5.0.158.0")
    assert dpm["isAzureBackupAgentUpgradeAvailable"] is True
    assert dpm["isDpmUpgradeAvailable"] is True
    assert mabs["backupEngineType"] == "AzureBackupServerEngine"
    assert "azureBackupAgentVersion" not in mabs


def test_engines_hide_their_versions_otherwise():
    """As in the lists recorded in 2016."""
    rows = open_client(native(engines=ENGINES)).rows("/backupEngines")

    assert {"dpmVersion", "extendedInfo"} & {key for row in rows for key in row["properties"]} == (
        set()
    )


def test_nothing_else_of_an_engine_can_be_expanded():
    """One word is known."""
    client = open_client(native(engines=ENGINES))

    assert client.arm("GET", "/backupEngines", filter="expand eq 'all'").status == 400


@pytest.mark.parametrize(
    "wanted", ["friendlyName eq 'MABS1'", "backupManagementType eq 'AzureBackupServer'"]
)
def test_engines_may_be_filtered(wanted):
    """By kind or by name, without case."""
    engines = [{"name": "dpm1", "type": "dpm"}, {"name": "mabs1", "type": "mabs"}]
    rows = open_client(native(engines=engines)).rows("/backupEngines", filter=wanted)

    assert [row["name"] for row in rows] == ["mabs1"]


def test_every_kind_of_item_is_listed():
    """With the discriminator of its kind."""
    kinds = {name: shown["protectedItemType"] for name, shown in items(open_client(FULL)).items()}

    assert kinds == {
        "vm1": "Microsoft.Compute/virtualMachines",
        "vm2": "Microsoft.ClassicCompute/virtualMachines",
        "C:\\": "MabFileFolderProtectedItem",
        "share": "AzureFileShareProtectedItem",
        "orders": "AzureVmWorkloadSQLDatabase",
        "Azure SQL": "Microsoft.Sql/servers/databases",
    }


def test_a_protected_item_tells_its_last_backup():
    """State, status and moment of the latest run that ended."""
    shown = items(open_client(FULL))["vm1"]

    assert shown["protectionState"] == "Protected"
    assert shown["lastBackupStatus"] == "Completed"
    assert shown["lastBackupTime"].startswith("2026-03-09T20:")


def test_an_item_before_its_first_backup_is_pending():
    """With the sentinel as its last backup."""
    item = ITEMS[0] | {"protectedFor": "1m"}
    client = open_client(native(policies=POLICIES, items=[item]))

    shown = items(client)["vm1"]

    assert (shown["protectionState"], shown["lastBackupStatus"]) == ("IRPending", "")
    assert shown["lastBackupTime"] == "2001-01-01T00:00:00Z"

    client.wait(hours=9)

    assert items(client)["vm1"]["protectionState"] == "Protected"


def test_azure_sql_items_have_no_backup_time():
    """The service backs them up by itself, so they are protected from the start."""
    assert items(open_client(FULL))["Azure SQL"]["protectionState"] == "Protected"
    assert "lastBackupTime" not in items(open_client(FULL))["Azure SQL"]


def test_an_item_of_a_hidden_policy_names_none():
    """ARM cannot name what it does not know; the backups go on."""
    hidden = {"name": "Files", "type": "mab", "hidden": True}
    client = open_client(native(policies=[hidden], machines=[MACHINE], items=[ITEMS[2]]))

    shown = items(client)["C:\\"]

    assert (shown["policyId"], shown["policyName"]) == ("", "")
    assert shown["protectionState"] == "Protected"


def test_an_item_is_read_by_its_id():
    """Back slashes in names travel escaped."""
    client = open_client(FULL)
    (row,) = client.rows("/backupProtectedItems", filter="backupManagementType eq 'MAB'")
    tail = row["id"].split("/vaults/rsv")[1]

    answer = client.arm("GET", tail)

    assert json.loads(answer.body)["name"] == "C:\\"
    assert client.arm("GET", f"{tail}x").status == 404


def jobs(client, text=None):
    """Jobs of a filter."""
    return client.rows("/backupJobs", **({} if text is None else {"filter": text}))


WINDOW = "startTime eq '2026-03-08 12:00:00 PM' and endTime eq '2026-03-10 12:00:00 PM'"


def test_jobs_of_a_window_are_listed():
    """Two days of four schedules."""
    assert len(jobs(open_client(FULL), WINDOW)) == 10


@pytest.mark.parametrize(
    ("clause", "count"),
    [
        ("operation eq 'Backup'", 10),
        ("operation eq 'Restore'", 0),
        ("backupManagementType eq 'MAB'", 2),
        ("status eq 'Completed'", 10),
        ("status eq 'failed'", 0),
    ],
)
def test_jobs_are_narrowed_by_every_clause(clause, count):
    """All clauses must hold."""
    assert count == len(jobs(open_client(FULL), f"{WINDOW} and {clause}"))


def test_a_job_carries_names_of_what_it_backed_up():
    """For an agent: machine and folder."""
    text = f"{WINDOW} and backupManagementType eq 'MAB'"
    shown = jobs(open_client(FULL), text)[0]["properties"]

    assert shown["jobType"] == "MabJob"
    assert (shown["mabServerName"], shown["entityFriendlyName"]) == ("FS1.EXAMPLE", "C:\\")


def test_the_last_backup_of_an_item_lies_inside_a_job():
    """This is what job sync is proven by."""
    client = open_client(FULL)
    last = items(client)["vm1"]["lastBackupTime"]
    spans = [
        (job["properties"]["startTime"], job["properties"]["endTime"])
        for job in jobs(client, WINDOW)
        if job["properties"]["entityFriendlyName"] == "vm1"
    ]

    assert any(start <= last <= end for start, end in spans)


@pytest.mark.parametrize(
    "text",
    [
        "startTime eq '2026-03-08T12:00:00Z'",
        "startTime eq '2026-03-08 13:00:00 PM'",
        "startTime eq '2025-01-01 12:00:00 AM' and endTime eq '2026-03-10 12:00:00 PM'",
        "startTime eq '2026-03-10 12:00:00 PM' and endTime eq '2026-03-08 12:00:00 PM'",
    ],
)
def test_windows_that_make_no_sense_are_refused(text):
    """Other clocks, months of jobs, and time running backwards."""
    answer = open_client(FULL).arm("GET", "/backupJobs", filter=text)

    assert error_of(answer) == (400, "BMSUserErrorInvalidInput")


def test_a_job_is_read_with_its_details():
    """The list leaves extendedInfo out."""
    client = open_client(FULL)
    listed = jobs(client, WINDOW)[0]

    read = json.loads(client.arm("GET", f"/backupJobs/{listed['name']}").body)

    assert "extendedInfo" not in listed["properties"]
    assert "extendedInfo" in read["properties"]
    assert client.arm("GET", "/backupJobs/none").status == 404
