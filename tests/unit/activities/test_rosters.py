"""A subscription's machines are read once a day, by one of those who need them."""

from datetime import timedelta
from typing import Any

from activities.agents import run_list_agents
from activities.rosters import CLAIM_LASTS, read_rosters, run_register_machines
from adapters.ports import Ports
from domain.errors import AccessDeniedError
from domain.rosters import RosterRequest
from tests.fakes import (
    SUBSCRIPTION,
    FakeClock,
    FakeRecoveryServices,
    FakeVault,
    fake_ports,
    vault_ref,
)
from tests.unit.activities.policy_worlds import PREFIX, settle

REQUEST = RosterRequest(subscription_id=SUBSCRIPTION)
DAY = timedelta(days=1)


def _machine(name: str) -> dict[str, Any]:
    properties = {"friendlyName": name, "agentVersion": "2.0.9269.0"}
    return {"name": f"Windows;{name}", "properties": properties}


def _world(**machines: str) -> tuple[Ports, FakeRecoveryServices, FakeClock]:
    """Vaults by name, each with one machine."""
    clock = FakeClock()
    arm = FakeRecoveryServices(clock=clock)
    for vault, machine in machines.items():
        document = {"id": vault_ref(vault).arm_id, "name": vault}
        arm.add(vault_ref(vault), FakeVault(document=document, agents=[_machine(machine)]))
    return fake_ports(recovery_services=arm, clock=clock), arm, clock


async def test_the_roster_is_read_once_however_many_ask() -> None:
    """The second one finds it; nothing is listed again that day."""
    ports, arm, _ = _world(one="fs1", two="fs2")
    await run_register_machines(ports, REQUEST)

    answer = await run_register_machines(ports, REQUEST)

    assert (True, 2) == (answer.is_ready, arm.count("list_agents"))


async def test_who_comes_while_it_is_read_waits() -> None:
    """One claim at a time; the others look again."""
    ports, arm, _ = _world(one="fs1")
    arm.fail("list_vaults", AccessDeniedError("not yet", status=403))
    try:
        await run_register_machines(ports, REQUEST)
    except AccessDeniedError:
        answer = await run_register_machines(ports, REQUEST)

    assert (False, 0) == (answer.is_ready, arm.count("list_agents"))


async def test_a_reader_that_died_is_followed_by_another() -> None:
    """A claim lasts a quarter of an hour."""
    ports, arm, clock = _world(one="fs1")
    arm.fail("list_vaults", AccessDeniedError("killed", status=403))
    try:
        await run_register_machines(ports, REQUEST)
    except AccessDeniedError:
        clock.advance(CLAIM_LASTS)
    answer = await run_register_machines(ports, REQUEST)

    assert (True, 1) == (answer.is_ready, arm.count("list_agents"))


async def test_the_next_day_it_is_read_anew() -> None:
    """Machines come and go."""
    ports, arm, clock = _world(one="fs1")
    await run_register_machines(ports, REQUEST)
    clock.advance(DAY)

    await run_register_machines(ports, REQUEST)

    assert 2 == arm.count("list_agents")


async def test_a_vault_that_cannot_be_read_is_named_in_the_roster() -> None:
    """The others are read all the same."""
    ports, arm, _ = _world(one="fs1", two="fs2")
    arm.fail("list_agents", AccessDeniedError("no rights", status=403))
    await run_register_machines(ports, REQUEST)

    (roster,) = await read_rosters(ports, (SUBSCRIPTION,))

    assert (1, True) == (len(roster.registrations), "no rights" in roster.unread[0])


async def test_without_a_roster_its_absence_is_told() -> None:
    """No roster is not a roster without machines."""
    ports, _, _ = _world()

    (roster,) = await read_rosters(ports, ("another-subscription",))

    assert "no roster of subscription another-subscription was made" == roster.unread[0]


async def test_a_machine_in_two_vaults_is_found_by_each() -> None:
    """The vault's own list is read now, the others' come from the roster."""
    ports, _, _ = _world(**{"vault-clean": "fs1", "other": "FS1"})
    await run_register_machines(ports, REQUEST)

    await run_list_agents(ports, settle())

    kept = await ports.evidence.read(f"{PREFIX}/10-agents.json")
    twice = [one for one in (kept or {})["data"]["findings"] if one["check_id"] == "machine-once"]
    assert ["fail"] == [one["verdict"] for one in twice]


async def test_a_machine_shown_yesterday_and_hidden_today_is_named() -> None:
    """Its agent is too old for the upgraded vault; the count says that it is still registered."""
    ports, arm, clock = _world(**{"vault-clean": "old1"})
    await run_register_machines(ports, REQUEST)
    clock.advance(DAY)
    vault = arm.vaults[vault_ref().key]
    vault.agents = []
    vault.container_counts = [{"name": {"value": "MAB"}, "currentValue": 1}]

    await run_list_agents(ports, settle())

    kept = await ports.evidence.read(f"{PREFIX}/10-agents.json")
    tasks = (kept or {})["data"]["tasks"]
    assert [("old1", "machine-visible")] == [(one["subject"], one["check_id"]) for one in tasks]
