"""The unmodified SDK clients understand what simulated Azure says."""

from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.monitor.query import LogsQueryStatus
from azure.monitor.query.aio import LogsQueryClient

from local.azure.clocks import FixedClock, MovableClock
from local.azure.server import running_azure
from tests.unit.simulated_azure.harness import GROUP, START, SUBSCRIPTION, estate, native

WORKSPACE = "5b8a2f6e-0c43-4d7e-8a19-2e6f3b1c7d40"
MANY = [{"name": f"Policy{number:02}", "type": "vm"} for number in range(7)]
POLICIES = [
    *MANY,
    {"name": "Files", "type": "mab", "runTime": "03:00"},
    {"name": "Sql", "type": "sql", "timeZone": "Tokyo Standard Time"},
]
VAULT = native(
    policies=POLICIES,
    machines=[{"name": "fs1.example", "agentVersion": "2.0.9269.0"}],
    engines=[{"name": "dpm1", "type": "dpm", "agentVersion": "2.0.9269.0"}],
    items=[
        {"type": "vm", "name": "vm1", "policy": "Policy00"},
        {"type": "folder", "name": "C:\\", "holder": "fs1.example", "policy": "Files"},
    ],
    logWorkspace=WORKSPACE,
)
PLACE = {"vault_name": "rsv", "resource_group_name": GROUP}
FORCED = {"operationId": "op-forced", "resourceGroup": GROUP, "startedAgo": "60d"}


class Bearer(SansIOHTTPPolicy):
    """Puts a token on requests; the SDK's own policy refuses to do so over plain HTTP."""

    def __init__(self, token: str) -> None:
        self._token = token

    def on_request(self, request):
        request.http_request.headers["Authorization"] = f"Bearer {self._token}"


class NoCredential:
    """Never asked: the policy above stands in."""

    async def get_token(self, *scopes, **options):
        raise AssertionError(scopes)

    async def close(self):
        """Nothing to close."""


@pytest.fixture
async def azure():
    """A running service."""
    clock = MovableClock(FixedClock(START))
    source = estate(
        VAULT, {"name": "v1", "record": FORCED}, workspaces=[{"id": WORKSPACE}], pageSize=3
    )
    async with running_azure(source, clock) as running:
        yield running


@pytest.fixture
async def vaults(azure):
    """The client of vaults."""
    bearer = Bearer(azure.service.tokens.issue())
    async with RecoveryServicesClient(
        NoCredential(), SUBSCRIPTION, base_url=azure.url, authentication_policy=bearer
    ) as client:
        yield client


@pytest.fixture
async def backup(azure):
    """The client of what is in a vault."""
    bearer = Bearer(azure.service.tokens.issue())
    async with RecoveryServicesBackupClient(
        NoCredential(), SUBSCRIPTION, base_url=azure.url, authentication_policy=bearer
    ) as client:
        yield client


async def test_upgrade_details_are_read_as_a_model(vaults):
    """With aware moments and the trigger's name."""
    vault = await vaults.vaults.get(resource_group_name=GROUP, vault_name="v1")
    details = vault.properties.upgrade_details

    assert details.operation_id == "op-forced"
    assert details.status == "Upgraded"
    assert details.start_time_utc == START - timedelta(days=60)
    assert vault.properties.provisioning_state == "Succeeded"


async def test_vaults_are_listed(vaults):
    """By subscription and by group."""
    by_subscription = [vault.name async for vault in vaults.vaults.list_by_subscription_id()]
    by_group = [vault.name async for vault in vaults.vaults.list_by_resource_group(GROUP)]

    assert by_subscription == by_group == ["rsv", "v1"]


async def test_pages_are_followed(backup):
    """Nine policies in pages of three."""
    names = [policy.name async for policy in backup.backup_policies.list(**PLACE)]

    assert names == [policy["name"] for policy in POLICIES]


async def test_policies_become_their_models(backup):
    """Each with its zone where its type keeps it."""
    read = backup.protection_policies.get
    sql = await read(**PLACE, policy_name="Sql")
    files = await read(**PLACE, policy_name="Files")

    assert type(sql.properties).__name__ == "AzureVmWorkloadProtectionPolicy"
    assert sql.properties.settings.time_zone == "Tokyo Standard Time"
    assert type(files.properties).__name__ == "MabProtectionPolicy"


async def test_a_missing_policy_has_no_error_model(backup):
    """The empty object that is really sent."""
    with pytest.raises(ResourceNotFoundError) as caught:
        await backup.protection_policies.get(**PLACE, policy_name="none")

    assert caught.value.error is None


async def test_a_policy_goes_round_trip(backup):
    """Read, change, write, read; unknown to the SDK members included."""
    policy = await backup.protection_policies.get(**PLACE, policy_name="Policy03")
    policy.properties.time_zone = "W. Europe Standard Time"
    written = await backup.protection_policies.create_or_update(
        **PLACE, policy_name="Policy03", parameters=policy
    )
    read = await backup.protection_policies.get(**PLACE, policy_name="Policy03")

    assert written.properties.time_zone == read.properties.time_zone == "W. Europe Standard Time"


async def test_a_policy_in_use_is_accepted(azure, backup):
    """None from the SDK, and an operation to ask for."""
    policy = await backup.protection_policies.get(**PLACE, policy_name="Policy00")
    policy.properties.time_zone = "UTC"
    written = await backup.protection_policies.create_or_update(
        **PLACE, policy_name="Policy00", parameters=policy
    )
    (operation,) = azure.state.vaults[0].operations
    azure.service.clock.advance(timedelta(seconds=16))
    status = await backup.protection_policy_operation_statuses.get(
        **PLACE, policy_name="Policy00", operation_id=operation
    )

    assert written is None
    assert status.status == "Succeeded"
    assert len(status.properties.job_ids) == 1


async def test_a_refusal_carries_the_services_code(backup):
    """For people to look up."""
    policy = await backup.protection_policies.get(**PLACE, policy_name="Policy03")
    policy.properties.time_zone = "Europe/Berlin"

    with pytest.raises(HttpResponseError) as caught:
        await backup.protection_policies.create_or_update(
            **PLACE, policy_name="Policy03", parameters=policy
        )

    assert caught.value.status_code == 400
    assert caught.value.error.code == "BMSUserErrorInvalidPolicyInput"


async def test_agents_and_engines_become_their_models(backup):
    """With their versions."""
    containers = backup.backup_protection_containers.list(
        **PLACE, filter="backupManagementType eq 'MAB'"
    )
    machines = [container.properties async for container in containers]
    engines = [engine.properties async for engine in backup.backup_engines.list(**PLACE)]

    assert [machine.agent_version for machine in machines] == ["2.0.9269.0"]
    assert type(machines[0]).__name__ == "MabContainer"
    assert [type(engine).__name__ for engine in engines] == ["DpmBackupEngine"]


async def test_items_and_jobs_agree(backup):
    """Every item's last backup lies in one of the listed jobs."""
    items = [item.properties async for item in backup.backup_protected_items.list(**PLACE)]
    window = "startTime eq '2026-03-08 12:00:00 PM' and endTime eq '2026-03-10 12:00:00 PM'"
    jobs = [job.properties async for job in backup.backup_jobs.list(**PLACE, filter=window)]

    assert {type(job).__name__ for job in jobs} == {"AzureIaaSVMJob", "MabJob"}
    for item in items:
        last = START.fromisoformat(item["lastBackupTime"])
        names = [job.entity_friendly_name for job in jobs if job.start_time <= last <= job.end_time]
        assert item["friendlyName"] in names


async def test_the_configuration_is_read_and_changed(backup):
    """Through the SDK's own model."""
    read = await backup.backup_resource_vault_configs.get(**PLACE)
    read.properties.soft_delete_feature_state = "Disabled"
    written = await backup.backup_resource_vault_configs.update(**PLACE, parameters=read)

    assert written.properties.soft_delete_feature_state == "Disabled"
    assert written.properties.enhanced_security_state == "Enabled"


async def test_the_query_client_gets_a_table(azure):
    """With typed columns."""
    vault = azure.state.vaults[0].arm_id.lower()
    query = (
        f'// vaultlift:last-jobs/1\nlet vault = "{vault}";\n'
        "let since = datetime(2026-03-01T00:00:00Z);\nCoreAzureBackup"
    )
    async with LogsQueryClient(
        NoCredential(),
        endpoint=azure.url,
        authentication_policy=Bearer(azure.service.tokens.issue()),
    ) as client:
        result = await client.query_workspace(WORKSPACE, query, timespan=None)

    assert result.status == LogsQueryStatus.SUCCESS
    assert [row["BackupItemFriendlyName"] for row in result.tables[0].rows] == ["vm1", "C:\\"]
