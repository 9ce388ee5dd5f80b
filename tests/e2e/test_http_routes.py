"""Every HTTP route of the app, asked over the wire on the running whole."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local.demo.plan import SUBSCRIPTION
from tests.e2e.stack import ENDED, LOOK_EVERY_S, Stack, running_stack, vault
from tests.published import evidence_problems

UNKNOWN = "upgrade-" + "0" * 32
CAMPAIGN = {"requestedBy": "ann", "vaults": [vault("vault-clean", "West Europe")]}

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
        ("GET", f"/api/upgrades/{UNKNOWN}/plan", None, 404),
        ("GET", f"/api/upgrades/{UNKNOWN}/support", None, 404),
        ("POST", f"/api/upgrades/{UNKNOWN}/retry", {}, 404),
        ("POST", f"/api/hooks/approval/{UNKNOWN}", {}, 404),
        ("POST", "/api/campaigns", {"window": 0}, 400),
        ("POST", "/api/campaigns", {**CAMPAIGN, "dryRun": True}, 200),
        ("GET", "/api/campaigns", None, 200),
        ("GET", "/api/campaigns/none", None, 404),
        ("POST", "/api/campaigns/none/pause", {"requestedBy": "ann"}, 404),
        ("POST", "/api/settlements", {"vaultId": "/subscriptions/x"}, 400),
        ("GET", "/api/settlements?top=1", None, 200),
        ("GET", "/api/settlements?top=0", None, 400),
        ("GET", f"/api/settlements/{UNKNOWN}", None, 404),
        ("POST", f"/api/settlements/{UNKNOWN}/approval", {}, 404),
        ("POST", f"/api/settlements/{UNKNOWN}/guard", {}, 404),
        ("GET", "/api/messages/rejected", None, 200),
        ("GET", "/api/messages/rejected?top=none", None, 400),
        ("GET", "/api/messages/lost", None, 404),
        ("GET", "/api/messages/rejected/7", None, 404),
        ("POST", "/api/messages/rejected/7/replay", {"requestedBy": "ann"}, 404),
        ("POST", "/api/messages/rejected/replay", {}, 400),
        ("POST", "/api/messages/rejected/replay", {"requestedBy": "ann"}, 202),
        ("GET", "/api/admission", None, 200),
    ],
)
async def test_routes_answer_as_documented(
    stack: Stack, method: str, path: str, body: object, status: int
) -> None:
    """Bad input, unknown ids, wrong methods and unknown routes each have their status.

    ``Stack.call`` holds every answer against ``docs/reference/openapi.json``.
    """
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


def _instruct(stack: Stack, route: str, word: dict[str, str]) -> int:
    """The status an instruction is answered with, once no run is in its way."""
    deadline = time.monotonic() + 60
    while True:
        answer = stack.call("POST", route, word)
        is_in_the_way = 409 == answer.status and "StillRunning" == answer.body["error"]["code"]
        if not is_in_the_way or time.monotonic() > deadline:
            return answer.status
        time.sleep(LOOK_EVERY_S)


async def test_a_failed_upgrade_answers_with_its_bundle_and_takes_an_instruction(
    stack: Stack,
) -> None:
    """The bundle is there; a second ticket for the attempt that is open is a conflict."""
    body = {"vaults": [vault("vault-failing", "West Europe")]}
    (entry,) = stack.call("POST", "/api/upgrades", body).body["upgrades"]
    stack.until(entry["id"], lambda one: one["state"] == "needs_support")
    route = f"/api/upgrades/{entry['id']}"
    word = {"instruction": "Please start again.", "authorizedBy": "bob"}

    support = stack.call("GET", f"{route}/support")
    # Seen may be an earlier run of the vault, with this request's own still to come.
    first = [_instruct(stack, f"{route}/retry", sent) for sent in (word, {**word, "ticket": "T-1"})]
    second = stack.call("POST", f"{route}/retry", {**word, "ticket": "T-2"}).status

    assert (200, "vault-failing", [400, 202], 409) == (
        support.status,
        support.body["bundle"]["vault"],
        first,
        second,
    )


async def test_a_campaign_s_life_is_as_documented(stack: Stack) -> None:
    """Started, looked at, told what it may not do, and started twice."""
    body = {**CAMPAIGN, "campaignId": "one", "errorThreshold": {"percent": 3}}

    statuses = [
        stack.call(*call).status
        for call in (
            ("POST", "/api/campaigns", body),
            ("POST", "/api/campaigns", body),
            ("GET", "/api/campaigns/one"),
            ("POST", "/api/campaigns/one/resume", {"requestedBy": "ann"}),
            ("GET", "/api/campaigns"),
        )
    ]

    assert [202, 409, 200, 409, 200] == statuses


async def test_a_settlement_s_life_is_as_documented(stack: Stack) -> None:
    """Started, joined or ended, shown with plan and report, and not asking anybody anything."""
    group = "Default-RecoveryServices-ResourceGroup-westus"
    row = {"subscriptionId": SUBSCRIPTION, "resourceGroup": group, "vaultName": "vault-upgraded"}
    body = {**row, "timeZone": "Pacific Standard Time", "dryRun": True}
    (entry,) = stack.call("POST", "/api/settlements", body).body["settlements"]
    route = f"/api/settlements/{entry['id']}"
    answer = {"planHash": "0" * 64, "approver": "bob", "decision": "approve"}

    shown = stack.until(entry["id"], lambda one: one["endedAt"], noun="settlements")
    statuses = [
        stack.call("POST", f"{route}/{what}", sent).status
        for what, sent in (("approval", answer), ("guard", {"decision": "granted", "by": "bob"}))
    ]

    assert (set(), [409, 409], 1) == (
        {"checklist", "policies", "workList"} - shown.keys(),
        statuses,
        len(stack.call("GET", "/api/settlements").body["settlements"]),
    )


async def test_all_evidence_of_these_tests_is_as_published(stack: Stack) -> None:
    """What the app kept for everything above, read from its folder."""
    documents = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((stack.folder / "evidence").rglob("*.json"))
    ]
    framed = [one for one in documents if "schema" in one]

    assert (True, []) == (
        {"accepted", "plan", "approval", "support-bundle", "outcome", "campaign-note"}
        <= {one["kind"] for one in framed},
        [problem for one in framed for problem in evidence_problems(one)],
    )
