"""Every verb of a campaign on the running whole, by command and over HTTP, and its trail."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.stack import Stack, running_stack, vault

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

ROWS = [
    vault("vault-old-agent", "West US"),
    vault("vault-busy", "West US"),
    vault("vault-policies", "Australia East"),
]
"""Two that are blocked at once, and one that takes a while."""

LONGEST_WAIT = {"approval": "required", "approvalHours": 720}
"""Keeps a vault waiting for its approval: 48 minutes by the clock of the stack."""

type Ask = Callable[[Stack, str, str, str], None]
"""Asks a campaign something: its id, the verb, who asks."""


def ask_by_command(stack: Stack, campaign: str, verb: str, by: str) -> None:
    """As an operator at a terminal does."""
    arguments = ["campaign", verb, campaign, "--requested-by", by, "--comment", f"please {verb}"]
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments, "--url", stack.app],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == ended.returncode, ended.stderr


def ask_over_http(stack: Stack, campaign: str, verb: str, by: str) -> None:
    """As a program does."""
    body = {"requestedBy": by, "comment": f"please {verb}"}
    answer = stack.call("POST", f"/api/campaigns/{campaign}/{verb}", body)
    assert 202 == answer.status, answer.body


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One stack for all tests."""
    folder: Path = tmp_path_factory.mktemp("stack")
    async with running_stack(folder) as running:
        yield running


def until(
    stack: Stack,
    campaign: str,
    holds: Callable[[Any], bool],
    meanwhile: Callable[[], None] = lambda: None,
) -> Any:
    """The campaign's view as soon as it is as asked; ``meanwhile`` is done after each look."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        view = stack.call("GET", f"/api/campaigns/{campaign}").body
        if holds(view):
            return view
        meanwhile()
        time.sleep(0.2)
    raise AssertionError(f"not in time; last seen: {view}")


def approve(stack: Stack, name: str) -> None:
    """Agrees to the plan of a vault, if it waits for that."""
    for view in stack.call("GET", "/api/upgrades").body["upgrades"]:
        if view["vault"]["name"] == name and view["state"] == "awaiting_approval":
            answer = {"planHash": view["plan"]["hash"], "approver": "fay", "decision": "approve"}
            stack.call("POST", f"/api/upgrades/{view['id']}/approval", answer)


def steer(stack: Stack, campaign: str, ask: Ask, keeper: str) -> Any:
    """Pauses, resumes, cancels and redrives, each once the last was done; gives the last view.

    The campaign cannot end before it is cancelled, however slow a command is: ``keeper``, a vault
    of it, waits for an approval until then.
    """
    until(stack, campaign, lambda view: view["counts"].get("blocked", 0) > 0)
    for verb, by in (("pause", "bob"), ("resume", "cyd"), ("cancel", "dan")):
        ask(stack, campaign, verb, by)
        done = f"{verb}-done"
        until(
            stack,
            campaign,
            lambda view, done=done: done in [one["what"] for one in view["trail"]],
        )
    let_go = partial(approve, stack, keeper)
    cancelled = until(stack, campaign, lambda view: view["phase"] == "cancelled", let_go)
    # Whatever had been sent was followed to its end; only what never was is given up.
    assert {"waiting", "sent", "proving"}.isdisjoint(cancelled["counts"])
    ask(stack, campaign, "redrive", "eve")
    return until(
        stack,
        campaign,
        lambda view: view["phase"] == "completed" and view["round"] == 2,
        let_go,
    )


def kept_trail(stack: Stack, campaign: str) -> list[dict[str, Any]]:
    """The trail in the evidence store, in the order of its keys."""
    folder = stack.folder / "evidence" / "campaigns" / campaign / "trail"
    return [json.loads(path.read_text())["data"] for path in sorted(folder.iterdir())]


# Each with a vault of its own to keep it going: one that is upgraded waits for nothing any more.
@pytest.mark.parametrize(
    ("ask", "keeper"), [(ask_by_command, "vault-clean"), (ask_over_http, "vault-billing")]
)
async def test_every_verb_works_and_leaves_who_what_and_when(
    stack: Stack, ask: Ask, keeper: str
) -> None:
    """Eight lines for four verbs: who asked, then what came of it, each with its moment."""
    campaign = ask.__name__.replace("_", "-")
    rows = [*ROWS, vault(keeper, "West Europe", **LONGEST_WAIT)]
    body = {"campaignId": campaign, "requestedBy": "ada", "window": 1, "vaults": rows}
    assert 202 == stack.call("POST", "/api/campaigns", body).status

    view = await asyncio.to_thread(steer, stack, campaign, ask, keeper)

    trail = kept_trail(stack, campaign)
    assert [
        ("start-requested", "ada"),
        ("pause-requested", "bob"),
        ("pause-done", "bob"),
        ("resume-requested", "cyd"),
        ("resume-done", "cyd"),
        ("cancel-requested", "dan"),
        ("cancel-done", "dan"),
        ("redrive-requested", "eve"),
        ("redrive-done", "eve"),
    ] == [(one["what"], one["requested_by"]) for one in trail]
    assert sorted(one["at"] for one in trail) == [one["at"] for one in trail]
    assert {"please pause", "please resume", "please cancel", "please redrive"} == {
        one["detail"] for one in trail[1:] if one["what"].endswith("-requested")
    }
    assert view["counts"]["blocked"] >= 1
