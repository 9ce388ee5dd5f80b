"""Machines that do not show after an upgrade are named as far as their names are known."""

from typing import Any

import pytest

from activities.agents import run_list_agents
from activities.before_images import keep_before_image
from activities.evidence import keep_step
from adapters.ports import Ports
from domain.steps import PrecheckRequest, Run
from tests.fakes import (
    FakeClassicContents,
    FakeRecoveryServices,
    FakeVault,
    classic_vault,
    fake_ports,
    machine_row,
    upgrade_request,
    vault_ref,
)
from tests.unit.activities.policy_worlds import settle
from tests.unit.domain.check_samples import service_check

OLD, SERVER, SHOWN = "OLD.CONTOSO.EXAMPLE", "DPM1.CONTOSO.EXAMPLE", "FS01.CONTOSO.EXAMPLE"


async def _upgraded(registered: int, **request: Any) -> tuple[Ports, str]:
    """A vault that had three machines before its upgrade and shows one of them and the server."""
    contents, arm = FakeClassicContents(), FakeRecoveryServices()
    contents.machines = [machine_row(name.lower(), 7) for name in (OLD, SERVER, SHOWN)]
    counts = [{"name": {"value": "MAB"}, "currentValue": registered}]
    named = [{"name": name, "properties": {"friendlyName": name}} for name in (SHOWN, SERVER)]
    shown = FakeVault({}, agents=named[:1], engines=named[1:], container_counts=counts)
    arm.add(vault_ref(), shown)
    ports = fake_ports(classic_contents=contents, recovery_services=arm)
    run = Run(instance_id="upgrade-1", request=upgrade_request(**request))
    await keep_step(ports, run, "01-request", run.request)
    check = PrecheckRequest(run=run, classic=classic_vault(), check=service_check(), check_no=1)
    await keep_before_image(ports, check)
    return ports, run.prefix


async def _missed(ports: Ports, prefix: str) -> list[tuple[str, str]]:
    await run_list_agents(ports, settle(prefix=prefix))
    kept = await ports.evidence.read(f"{prefix}/10-agents.json")
    return [
        (one["subject"], one["verdict"])
        for one in (kept or {})["data"]["findings"]
        if one["check_id"] == "machine-visible"
    ]


async def test_a_machine_of_the_classic_vault_that_does_not_show_is_named() -> None:
    """Its name is in the run's own evidence; a backup server shows in a list of its own."""
    missed = await _missed(*await _upgraded(registered=2))

    assert [(OLD.lower(), "fail"), (vault_ref().name, "pass")] == missed


@pytest.mark.parametrize(
    ("registered", "request_"),
    [(2, {"unregister_machines": (OLD,)}), (1, {})],
    ids=["given up by the run", "gone by the count"],
)
async def test_a_machine_that_left_is_not_named(registered: int, request_: dict[str, Any]) -> None:
    """Whoever was unregistered does not have to install an agent."""
    missed = await _missed(*await _upgraded(registered, **request_))

    assert OLD.lower() not in [subject for subject, _ in missed]


async def test_a_settlement_by_itself_has_no_earlier_names() -> None:
    """Without an upgrade in its evidence the number alone is told."""
    ports, _ = await _upgraded(registered=2)

    assert [(vault_ref().name, "fail")] == await _missed(ports, settle().prefix)
