"""Finding vaults, and the clocks they are looked at with."""

from datetime import timedelta

import pytest

from adapters.clock import ScaledClock
from local.azure.clocks import FixedClock, MovableClock
from local.azure.names import cloud_service_name
from tests.unit.simulated_azure.harness import (
    GROUP,
    REGION,
    START,
    SUBSCRIPTION,
    estate,
    native,
    open_client,
    target_path,
)


def opened(*vaults):
    """A state of these vaults."""
    return estate(*vaults).open(START)


def test_a_classic_vault_is_found_by_its_four_names():
    """Without case; a vault of another type is another vault."""
    state = opened({"name": "v1"})
    service = cloud_service_name(SUBSCRIPTION, REGION)

    assert state.find_classic(SUBSCRIPTION.upper(), service.lower(), "BACKUPVAULT", "V1")
    assert not state.find_classic(SUBSCRIPTION, service, "HyperVRecoveryManagerVault", "v1")


def test_site_recovery_vaults_share_the_cloud_service():
    """Same region, same name, other type."""
    state = opened({"name": "v1"}, {"name": "v1", "type": "HyperVRecoveryManagerVault"})
    ((_, vaults),) = state.cloud_services(SUBSCRIPTION)

    assert [vault.vault_type for vault in vaults] == ["BackupVault", "HyperVRecoveryManagerVault"]


def test_a_vault_is_found_by_its_arm_id():
    """In any spelling."""
    state = opened(native())
    arm_id = state.vaults[0].arm_id

    assert state.find_by_arm_id(arm_id.upper()) is state.vaults[0]
    assert state.find_by_arm_id("/subscriptions/x") is None


def test_the_target_group_is_there_once_the_upgrade_runs():
    """The service makes it."""
    client = open_client({"name": "v1"})
    state = client.service.state

    assert not state.has_group(SUBSCRIPTION, GROUP)

    client.classic("POST", "upgrade", target=target_path("v1", group="Made-By-Upgrade"))

    assert state.has_group(SUBSCRIPTION, "made-by-upgrade")


def test_cloud_service_ids_stay_the_same():
    """Over every list and every opening."""
    first, second = (opened({"name": "v1"}).cloud_services(SUBSCRIPTION) for _ in range(2))

    assert first[0][0] == second[0][0]


def test_a_moved_clock_stays_ahead():
    """Of the clock it started from."""
    base = FixedClock(START)
    clock = MovableClock(base)
    clock.advance(timedelta(hours=3))
    clock.advance(timedelta(minutes=5))

    assert clock.now() - base.now() == timedelta(hours=3, minutes=5)


def test_a_moved_clock_goes_on():
    """It adds to a clock that runs."""
    now = [100.0]
    clock = MovableClock(ScaledClock(1, 100.0, real_time=lambda: now[0]))
    before = clock.now()
    now[0] += 7

    assert clock.now() - before == timedelta(seconds=7)


def test_time_never_goes_back():
    """Not even by hand."""
    with pytest.raises(ValueError, match="cannot go back"):
        MovableClock(FixedClock(START)).advance(timedelta(seconds=-1))
