"""The classic client against simulated Azure."""

from datetime import timedelta

import pytest

from domain.errors import (
    AccessDeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from domain.upgrade import CheckOutcome, ClassicVault, UpgradeStatus
from domain.vaults import ClassicVaultRef
from local.azure.faults import FaultKind, FaultRule
from tests.fakes import SUBSCRIPTION
from tests.integration.adapters.conftest import World, target

REGIONS = {
    "vault-clean": "West Europe",
    "vault-billing": "West Europe",
    "vault-failing": "West Europe",
    "vault-old-agent": "West US",
    "vault-busy": "West US",
    "vault-upgraded": "West US",
}


async def _vault(world: World, name: str) -> ClassicVault:
    ref = ClassicVaultRef(subscription_id=SUBSCRIPTION, region=REGIONS[name], name=name)
    return await world.ports.classic.read_vault(ref)


async def _start(world: World, name: str = "vault-clean", operation_id: str = "op-1") -> None:
    vault = await _vault(world, name)
    await world.ports.classic.start_upgrade(vault, target(name), operation_id)


async def test_the_list_holds_the_estate(world: World) -> None:
    """Every classic vault is listed with its region; only the upgraded one has a record."""
    vaults = await world.ports.classic.list_vaults(SUBSCRIPTION)

    records = {vault.ref.name for vault in vaults if vault.record}
    assert REGIONS.items() <= {vault.ref.name: vault.ref.region for vault in vaults}.items()
    assert {"vault-upgraded"} == records


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("vault-clean", CheckOutcome.SUCCEEDED),
        ("vault-billing", CheckOutcome.WITH_WARNINGS),
        ("vault-old-agent", CheckOutcome.FAILED),
        ("vault-busy", CheckOutcome.FAILED),
    ],
)
async def test_each_vault_passes_or_fails_its_check(
    world: World, name: str, outcome: CheckOutcome
) -> None:
    """The service's own check comes out as the scenario says."""
    vault = await _vault(world, name)

    check = await world.ports.classic.check_prerequisites(vault, target(name), "check-1")

    assert outcome == check.outcome


async def test_old_agents_come_row_by_row(world: World) -> None:
    """The table in the reason has a row for each of the two machines."""
    vault = await _vault(world, "vault-old-agent")

    check = await world.ports.classic.check_prerequisites(
        vault, target("vault-old-agent"), "check-1"
    )

    machines = {row[0] for reason in check.errors for row in reason.rows}
    assert {"fs11.contoso.example", "fs12.contoso.example"} <= machines


async def test_an_upgrade_runs_from_start_to_end(world: World) -> None:
    """Start, track and list agree with each other at every stage."""
    await _start(world)
    vault = await _vault(world, "vault-clean")
    running = await world.ports.classic.read_operation(vault)
    world.pass_time(timedelta(minutes=19))
    done = await world.ports.classic.read_operation(vault)
    after = (await _vault(world, "vault-clean")).record

    assert (True, True) == (running.is_running, done.has_succeeded)
    assert after is not None
    assert ("op-1", UpgradeStatus.UPGRADED) == (after.operation_id, after.status)
    assert timedelta(minutes=18) == (after.ended_at or world.clock.now()) - (
        after.started_at or world.clock.now()
    )


async def test_a_failing_upgrade_says_why(world: World) -> None:
    """The operation of a failed upgrade carries the code for support."""
    await _start(world, "vault-failing")
    world.pass_time(timedelta(minutes=16))

    operation = await world.ports.classic.read_operation(await _vault(world, "vault-failing"))

    assert (False, False) == (operation.is_running, operation.has_succeeded)
    assert "VaultUpgradeInternalError" == operation.error_code


async def test_a_second_start_is_refused(world: World) -> None:
    """While an upgrade runs the service does not start another."""
    await _start(world)

    with pytest.raises(RefusedError) as caught:
        await _start(world, operation_id="op-2")

    assert "op-2" == caught.value.operation_id


async def test_a_start_with_a_lost_answer_happened_once(world: World) -> None:
    """The answer is lost, the outcome unknown, and the record shows our one upgrade."""
    fault = FaultRule(kind=FaultKind.LOST_RESPONSE, route="classic-upgrade", count=1)
    world.azure.service.faults.add(fault)

    with pytest.raises(OutcomeUnknownError):
        await _start(world)
    record = (await _vault(world, "vault-clean")).record

    assert "op-1" == (record.operation_id if record else None)
    assert 1 == world.azure.service.journal.count("POST", "classic-upgrade")


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.STATUS, FaultKind.WRONG_BODY])
async def test_a_start_that_goes_wrong_is_not_repeated(world: World, kind: FaultKind) -> None:
    """However the answer fails, the service saw one start."""
    world.azure.service.faults.add(FaultRule(kind=kind, route="classic-upgrade", retry_after_s=0))

    with pytest.raises(OutcomeUnknownError):
        await _start(world)

    assert 1 == world.azure.service.journal.count("POST", "classic-upgrade")


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.STATUS, FaultKind.LOST_RESPONSE])
async def test_a_check_that_goes_wrong_is_repeated(world: World, kind: FaultKind) -> None:
    """One bad answer does not stop a check."""
    vault = await _vault(world, "vault-clean")
    world.azure.service.faults.add(
        FaultRule(kind=kind, route="classic-check", count=1, status=503, retry_after_s=0)
    )

    check = await world.ports.classic.check_prerequisites(vault, target("vault-clean"), "c")

    assert CheckOutcome.SUCCEEDED == check.outcome


async def test_a_service_that_stays_down_is_unavailable(world: World) -> None:
    """After its few attempts the client gives up with the reason."""
    world.azure.service.faults.add(
        FaultRule(kind=FaultKind.STATUS, route="classic-list", status=503)
    )

    with pytest.raises(UnavailableError):
        await world.ports.classic.list_vaults(SUBSCRIPTION)


async def test_an_expired_token_is_replaced(world: World) -> None:
    """A token that ends between two calls costs nothing but a renewal."""
    await world.ports.classic.list_vaults(SUBSCRIPTION)
    world.azure.service.faults.add(FaultRule(kind=FaultKind.EXPIRE_TOKEN, count=1))

    vaults = await world.ports.classic.list_vaults(SUBSCRIPTION)

    assert 8 == len(vaults)


async def test_what_was_never_upgraded_has_no_operation(world: World) -> None:
    """Tracking a vault without an upgrade is an error, not a running upgrade."""
    vault = await _vault(world, "vault-clean")

    with pytest.raises((NotFoundError, RefusedError)):
        await world.ports.classic.read_operation(vault)


async def test_a_forbidden_subscription_is_told_apart(world: World) -> None:
    """403 is not an empty list."""
    world.azure.service.faults.add(
        FaultRule(kind=FaultKind.STATUS, route="classic-list", status=403)
    )

    with pytest.raises(AccessDeniedError):
        await world.ports.classic.list_vaults(SUBSCRIPTION)
