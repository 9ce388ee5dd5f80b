"""The ARM adapter and the job log against simulated Azure."""

from datetime import timedelta

import pytest

from domain.codec import JsonObject
from domain.diagnostics import setting_body
from domain.errors import NotFoundError, OutcomeUnknownError, RefusedError
from domain.vaults import ClassicVaultRef, VaultRef
from local.azure.faults import FaultKind, FaultRule
from tests.fakes import SUBSCRIPTION
from tests.integration.adapters.conftest import WORKSPACE, World, target


async def _upgraded(world: World, name: str, region: str) -> VaultRef:
    """A vault of the estate, upgraded twelve hours ago."""
    classic = world.ports.classic
    ref = ClassicVaultRef(subscription_id=SUBSCRIPTION, region=region, name=name)
    vault = await classic.read_vault(ref)
    await classic.start_upgrade(vault, target(name), "op-1")
    world.pass_time(timedelta(hours=12))
    return target(name)


@pytest.fixture
async def policies_vault(world: World) -> VaultRef:
    """The vault with a policy of every workload."""
    return await _upgraded(world, "vault-policies", "Australia East")


@pytest.fixture
async def clean_vault(world: World) -> VaultRef:
    """The vault with machines, virtual machines and a workspace."""
    return await _upgraded(world, "vault-clean", "West Europe")


async def test_an_upgraded_vault_tells_its_story(world: World, clean_vault: VaultRef) -> None:
    """The vault document carries the upgrade's own record."""
    vault = (await world.ports.recovery_services.read_vault(clean_vault)).value

    details = vault["properties"]["upgradeDetails"]
    assert ("Succeeded", "Upgraded", "op-1") == (
        vault["properties"]["provisioningState"],
        details["status"],
        details["operationId"],
    )


async def test_vaults_are_listed_by_subscription(world: World, clean_vault: VaultRef) -> None:
    """The new vault stands beside the one that was upgraded by force."""
    listed = await world.ports.recovery_services.list_vaults(SUBSCRIPTION)

    assert {"vault-upgraded", clean_vault.name} == {each["name"] for each in listed.value}


async def test_security_is_on_after_the_upgrade(world: World, clean_vault: VaultRef) -> None:
    """The configuration can be read and says so."""
    config = await world.ports.recovery_services.read_vault_config(clean_vault)

    assert "Enabled" == config.value["properties"]["enhancedSecurityState"]


async def test_a_policy_of_every_kind_is_listed(world: World, policies_vault: VaultRef) -> None:
    """All pages of policies come, with the raw members of each kind."""
    listed = await world.ports.recovery_services.list_policies(policies_vault)

    kinds = {policy["properties"]["backupManagementType"] for policy in listed.value}
    assert {"AzureIaasVM", "AzureStorage", "AzureWorkload", "MAB", "AzureSql"} <= kinds


async def _with_zone(world: World, vault: VaultRef, name: str, zone: str) -> JsonObject:
    document = (await world.ports.recovery_services.read_policy(vault, name)).value
    document["properties"]["timeZone"] = zone
    return document


async def test_a_zone_can_be_written_and_followed(world: World, policies_vault: VaultRef) -> None:
    """A policy in use answers with an operation, which leads to its job and to the new zone."""
    arm = world.ports.recovery_services
    document = await _with_zone(world, policies_vault, "VmDaily", "Tokyo Standard Time")
    answer = await arm.write_policy(policies_vault, "VmDaily", document)
    world.pass_time(timedelta(minutes=10))
    operation = await arm.read_policy_operation(
        policies_vault, "VmDaily", answer.operation_id or ""
    )
    job = await arm.read_job(policies_vault, operation.value["properties"]["jobIds"][0])
    after = await arm.read_policy(policies_vault, "VmDaily")

    assert (202, "Succeeded") == (answer.status, operation.value["status"])
    assert "ConfigureBackup" == job.value["properties"]["operation"]
    assert "Tokyo Standard Time" == after.value["properties"]["timeZone"]


async def test_a_policy_nobody_uses_is_written_at_once(
    world: World, policies_vault: VaultRef
) -> None:
    """Without items the answer is 200 and there is nothing to follow."""
    arm = world.ports.recovery_services
    document = await _with_zone(world, policies_vault, "VmEnhanced", "UTC")

    answer = await arm.write_policy(policies_vault, "VmEnhanced", document)

    assert (200, None) == (answer.status, answer.operation_id)


async def test_an_unknown_zone_is_refused(world: World, policies_vault: VaultRef) -> None:
    """The service's refusal comes with its code, and the policy stays."""
    arm = world.ports.recovery_services
    document = await _with_zone(world, policies_vault, "VmDaily", "Middle Earth Time")

    with pytest.raises(RefusedError) as caught:
        await arm.write_policy(policies_vault, "VmDaily", document)
    after = await arm.read_policy(policies_vault, "VmDaily")

    assert caught.value.code
    assert "timeZone" not in after.value["properties"]


async def test_a_write_with_a_lost_answer_happened_once(
    world: World, policies_vault: VaultRef
) -> None:
    """The layers below do not send the policy again behind our back."""
    arm = world.ports.recovery_services
    document = await _with_zone(world, policies_vault, "VmDaily", "UTC")
    world.azure.service.faults.add(
        FaultRule(kind=FaultKind.LOST_RESPONSE, method="PUT", route="policy")
    )

    with pytest.raises(OutcomeUnknownError):
        await arm.write_policy(policies_vault, "VmDaily", document)
    world.pass_time(timedelta(minutes=10))
    after = await arm.read_policy(policies_vault, "VmDaily")

    assert "UTC" == after.value["properties"]["timeZone"]
    assert 1 == world.azure.service.journal.count("PUT", "policy")


async def test_a_missing_policy_is_not_found(world: World, clean_vault: VaultRef) -> None:
    """The service's empty 404 becomes an error with the policy's name in it."""
    with pytest.raises(NotFoundError, match="policy Nowhere"):
        await world.ports.recovery_services.read_policy(clean_vault, "Nowhere")


async def test_agents_items_and_engines_are_listed(world: World, clean_vault: VaultRef) -> None:
    """Two machines, four items and no backup server, each with its raw members."""
    arm = world.ports.recovery_services

    agents = (await arm.list_agents(clean_vault)).value
    items = (await arm.list_items(clean_vault)).value
    engines = (await arm.list_engines(clean_vault)).value

    assert {"2.0.9269.0", "2.0.9083.0"} == {a["properties"]["agentVersion"] for a in agents}
    assert (4, 0) == (len(items), len(engines))


async def test_jobs_are_listed_for_a_window(world: World, clean_vault: VaultRef) -> None:
    """Every listed job started within the window that was asked for."""
    now = world.clock.now()

    jobs = await world.ports.recovery_services.list_jobs(clean_vault, now - timedelta(days=1), now)

    operations = {job["properties"]["operation"] for job in jobs.value}
    assert {"Backup"} == operations


async def test_the_job_log_knows_every_item(world: World, clean_vault: VaultRef) -> None:
    """Twelve hours after the upgrade the workspace has a row for each of the four items."""
    since = world.clock.now() - timedelta(days=1)

    rows = await world.ports.job_log.list_last_jobs(WORKSPACE, clean_vault, since)

    assert 4 == len({row["BackupItemUniqueId"] for row in rows.value})


async def test_arrivals_are_told_for_every_table(world: World, clean_vault: VaultRef) -> None:
    """The second query of the job log: six tables, each with the moment of its last row."""
    since = world.clock.now() - timedelta(days=2)

    rows = await world.ports.job_log.list_arrivals(WORKSPACE, clean_vault, since)

    tables = {row["TableName"] for row in rows.value}
    assert (6, True) == (len(tables), all(row["LastArrival"] for row in rows.value))


async def test_a_diagnostic_setting_is_made_and_read_back(
    world: World, policies_vault: VaultRef
) -> None:
    """What is sent is what is there; a second one of the same categories is refused."""
    arm = world.ports.recovery_services
    body = setting_body("/subscriptions/s/resourceGroups/g/providers/x/workspaces/w")

    await arm.write_diagnostic_setting(policies_vault, "reports", body)

    (setting,) = (await arm.list_diagnostic_settings(policies_vault)).value
    assert "reports" == setting["name"]
    with pytest.raises(RefusedError):
        await arm.write_diagnostic_setting(policies_vault, "another", body)


async def test_another_workspace_is_not_found(world: World, clean_vault: VaultRef) -> None:
    """A workspace that does not exist is not one without jobs."""
    with pytest.raises(NotFoundError):
        await world.ports.job_log.list_last_jobs(
            "00000000-0000-4000-8000-000000000000", clean_vault, world.clock.now()
        )


async def test_nothing_was_asked_that_azure_does_not_know(
    world: World, policies_vault: VaultRef
) -> None:
    """Every read of the ports goes to an address simulated Azure serves."""
    arm = world.ports.recovery_services
    now = world.clock.now()
    await arm.list_vaults(SUBSCRIPTION)
    for read in (
        *(arm.read_vault, arm.read_vault_config, arm.list_policies),
        *(arm.list_agents, arm.list_engines, arm.list_items),
        *(arm.list_protectable_vms, arm.list_container_counts, arm.list_guard_proxies),
        arm.list_diagnostic_settings,
    ):
        await read(policies_vault)
    await arm.list_jobs(policies_vault, now - timedelta(days=1), now)

    assert [] == world.azure.service.journal.refused
