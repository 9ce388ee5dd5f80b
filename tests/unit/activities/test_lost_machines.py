"""Unregistering machines that are gone for good."""

import pytest

from activities.lost_machines import run_unregister_machines
from adapters.ports import Ports
from domain.errors import EvidenceError, RefusedError
from domain.lost_machines import registered_machines
from domain.steps import Run, UnregisterRequest
from tests.fakes import (
    FakeClassicContents,
    classic_vault,
    fake_ports,
    machine_row,
    upgrade_request,
)

GONE = "GONE.contoso.example"


def _world() -> tuple[Ports, FakeClassicContents, UnregisterRequest]:
    contents = FakeClassicContents()
    contents.machines = [machine_row(GONE, 7), machine_row("stays.contoso.example", 8)]
    machines = registered_machines(contents.vault_id(classic_vault()), contents.machines[:1])
    run = Run(instance_id="upgrade-1", request=upgrade_request())
    ports = fake_ports(classic_contents=contents)
    return ports, contents, UnregisterRequest(run=run, machines=machines)


async def test_the_machine_of_the_plan_and_no_other_is_unregistered() -> None:
    """By its number, which the plan names."""
    ports, contents, request = _world()

    await run_unregister_machines(ports, request)

    assert [request.machines[0].path] == contents.unregistered
    assert ["stays.contoso.example"] == [one["uniqueName"] for one in contents.machines]


async def test_what_is_asked_for_is_kept_before_anything_is_sent() -> None:
    """Evidence away: nothing happens."""
    ports, contents, request = _world()
    ports.evidence.fail("create", EvidenceError("the disk is full"))  # type: ignore[attr-defined]

    with pytest.raises(EvidenceError):
        await run_unregister_machines(ports, request)

    assert [] == contents.unregistered


async def test_a_machine_that_is_gone_already_is_well() -> None:
    """Delivered twice, or unregistered in the portal meanwhile."""
    ports, contents, request = _world()
    await run_unregister_machines(ports, request)

    await run_unregister_machines(ports, request)

    assert 1 == len(contents.unregistered)


async def test_a_number_that_belongs_to_another_machine_by_now_is_left_alone() -> None:
    """Agreed was about a machine, not about a number."""
    ports, contents, request = _world()
    contents.machines = [machine_row("new.contoso.example", 7)]

    await run_unregister_machines(ports, request)

    assert [] == contents.unregistered


async def test_a_refusal_reaches_the_run() -> None:
    """The run stops before anything is started."""
    ports, contents, request = _world()
    contents.fail("unregister_machine", RefusedError("the vault is being upgraded", status=409))

    with pytest.raises(RefusedError):
        await run_unregister_machines(ports, request)
