"""A vault upgraded earlier is settled by the command a user types, on the running whole."""

import asyncio
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from local.demo.plan import ROOT, SUBSCRIPTION
from tests.e2e.stack import Stack, running_stack

VAULT = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Default-RecoveryServices-ResourceGroup-westus"
    "/providers/Microsoft.RecoveryServices/vaults/vault-upgraded"
)

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One stack for all of it."""
    folder: Path = tmp_path_factory.mktemp("settle")
    async with running_stack(folder) as running:
        yield running


async def _command(stack: Stack, *arguments: str) -> tuple[int, str]:
    """Exit code and output of one command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *arguments, "--url", stack.app),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def _settle(stack: Stack, *arguments: str) -> tuple[int, str]:
    named = ("--time-zone", "America/Los_Angeles", "--interval", "0.2", *arguments)
    return await _command(stack, "settle", VAULT, "--follow", *named)


def _policy_writes(stack: Stack) -> int:
    with urllib.request.urlopen(f"{stack.azure}/admin/calls", timeout=30) as response:  # noqa: S310
        writes: list[dict[str, Any]] = json.load(response)["writes"]
    return sum(one["method"] == "PUT" and one["route"] == "policy" for one in writes)


async def test_a_dry_run_tells_what_is_due_and_writes_nothing(stack: Stack) -> None:
    """Exit code 2, as a plan with changes has."""
    code, output = await _settle(stack, "--dry-run")

    assert (2, True, 0) == (
        code,
        "would write DefaultPolicy: properties.timeZone from (absent) to Pacific" in output,
        _policy_writes(stack),
    )


async def test_the_vault_is_settled_once_somebody_else_has_agreed(stack: Stack) -> None:
    """The command waits with the plan's hash; a colleague's yes lets it go on to the end."""
    running = asyncio.create_task(_settle(stack))
    view: dict[str, Any] = {"state": ""}
    while view["state"] != "awaiting_approval":
        await asyncio.sleep(0.2)
        views = stack.call("GET", "/api/settlements").body["settlements"]
        view = next((one for one in views if one["endedAt"] is None), view)
    arguments = ("approve", view["id"], "--plan", view["plan"]["hash"], "--approver", "colleague")

    approved, _ = await _command(stack, *arguments)

    assert (0, 0, 1) == (approved, (await running)[0], _policy_writes(stack))


async def test_a_second_settlement_finds_nothing_to_write(stack: Stack) -> None:
    """Nobody is asked and nothing is sent."""
    before = _policy_writes(stack)

    code, _ = await _settle(stack)

    assert (0, before) == (code, _policy_writes(stack))


async def test_the_end_shows_the_checklist(stack: Stack) -> None:
    """Every statement of the article, with its state."""
    (view,) = stack.call("GET", "/api/settlements").body["settlements"]

    shown = stack.call("GET", f"/api/settlements/{view['id']}").body

    states = {one["id"]: one["state"] for one in shown["checklist"]}
    assert ("closed", "holds", "told") == (
        shown["state"],
        states["time-zones"],
        states["no-rollback"],
    )
