"""Every HTTP route of the app, asked over the wire on the running whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.stack import ENDED, Stack, running_stack, vault

UNKNOWN = "upgrade-" + "0" * 32

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One stack for all routes."""
    folder: Path = tmp_path_factory.mktemp("stack")
    async with running_stack(folder) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/upgrades", b"{nonsense", 400),
        ("POST", "/api/upgrades", {"vaults": []}, 400),
        ("POST", "/api/upgrades", {"vaults": [{"vaultName": "x"}]}, 400),
        ("GET", "/api/upgrades", None, 200),
        ("GET", "/api/upgrades?top=none", None, 400),
        ("GET", f"/api/upgrades/{UNKNOWN}", None, 404),
        ("POST", f"/api/upgrades/{UNKNOWN}/approval", {}, 404),
        ("PUT", "/api/upgrades", {}, 405),
        ("DELETE", f"/api/upgrades/{UNKNOWN}", None, 405),
        ("GET", f"/api/upgrades/{UNKNOWN}/approval", None, 405),
        ("GET", "/api/nothing", None, 404),
    ],
)
async def test_routes_answer_as_documented(
    stack: Stack, method: str, path: str, body: object, status: int
) -> None:
    """Bad input, unknown ids, wrong methods and unknown routes each have their status."""
    assert status == stack.call(method, path, body).status


async def test_a_list_with_problems_names_all_of_them_and_sends_nothing(stack: Stack) -> None:
    """400 lists every problem of every vault; no upgrade appears."""
    body = {
        "vaults": [
            vault("vault-clean", "West Europe", subscriptionId="no-guid"),
            vault("vault-busy", "West US", targetResourceGroup="ends with a period."),
            vault("vault-busy", "West US", timeZone="Middle Earth Time"),
        ]
    }

    answer = stack.call("POST", "/api/upgrades", body)

    fields = [one["field"] for one in answer.body["error"]["problems"]]
    assert {"subscriptionId", "targetResourceGroup", "timeZone"} <= set(fields)
    assert [] == stack.call("GET", "/api/upgrades").body["upgrades"]


async def test_an_upgrade_waits_for_its_approval_and_takes_the_right_one_only(
    stack: Stack,
) -> None:
    """Another plan's hash and the requester's own yes are conflicts; a colleague's yes goes on."""
    row = vault("vault-failing", "West Europe", approval="required")
    body = {"requestedBy": "ann", "vaults": [row]}
    (entry,) = stack.call("POST", "/api/upgrades", body).body["upgrades"]
    view = stack.until(entry["id"], lambda one: one["state"] == "awaiting_approval")
    right = {"planHash": view["plan"]["hash"], "approver": "bob", "decision": "approve"}
    route = f"/api/upgrades/{entry['id']}/approval"

    statuses = [
        stack.call("POST", route, answer).status
        for answer in (
            {**right, "decision": "perhaps"},
            {**right, "planHash": "0" * 64},
            {**right, "approver": "Ann"},
            right,
        )
    ]

    end = stack.until(entry["id"], lambda one: one["state"] in ENDED)
    assert ([400, 409, 409, 202], "needs_support", 1) == (
        statuses,
        end["state"],
        stack.upgrades_started()["vault-failing"],
    )


async def test_a_vault_handed_in_twice_is_upgraded_once(stack: Stack) -> None:
    """The second request joins the first, and the service sees one upgrade."""
    body = {"vaults": [vault("vault-clean", "West Europe")]}
    (first,) = stack.call("POST", "/api/upgrades", body).body["upgrades"]
    stack.until(first["id"], lambda one: one["state"] not in {"queued", "inspecting"})

    (second,) = stack.call("POST", "/api/upgrades", body).body["upgrades"]

    stack.until(first["id"], lambda one: one["state"] in ENDED)
    assert (first["id"], True, 1) == (
        second["id"],
        second["joined"],
        stack.upgrades_started()["vault-clean"],
    )
