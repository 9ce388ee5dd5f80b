"""A failed upgrade is started once more on Microsoft's word, by the commands a user types."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from local.demo.plan import ROOT
from tests.e2e.stack import ENDED, Stack, running_stack, vault

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio]


async def _command(stack: Stack, *arguments: str) -> list[dict[str, Any]]:
    """The events of one command that ended well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *arguments, "--url", stack.app, "--json"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert 0 == process.returncode, output.decode()
    return [json.loads(line) for line in output.decode().splitlines()]


async def test_a_told_to_retry_start_is_a_new_upgrade_that_ends_well(tmp_path: Path) -> None:
    """Fails, bundle, instruction, second attempt: another OperationId, and two starts in all."""
    ticket = ("--ticket", "2611230040001234", "--instruction", "Please start the upgrade again.")
    async with running_stack(tmp_path) as stack:
        body = {"requestedBy": "ann", "vaults": [vault("vault-failing", "West Europe")]}
        (entry,) = stack.call("POST", "/api/upgrades", body).body["upgrades"]
        ended = await asyncio.to_thread(stack.until, entry["id"], lambda one: one["state"] in ENDED)
        (support,) = await _command(stack, "support", "vault-failing")
        (retry,) = await _command(stack, "authorize-retry", "vault-failing", *ticket)
        again = await asyncio.to_thread(
            stack.until,
            entry["id"],
            lambda one: retry["requestId"] in (one["evidencePrefix"] or ""),
        )

        assert ("needs_support", 2, "closed", 2) == (
            ended["state"],
            retry["attempt"],
            again["state"],
            stack.upgrades_started()["vault-failing"],
        )
        assert ended["operationId"] == support["bundle"]["operation_id"]
        assert again["operationId"] not in {None, ended["operationId"]}
