"""The HTTP routes answer as documented."""

import asyncio
import base64
import json
from dataclasses import replace
from typing import Any

import azure.functions as func
import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus

from adapters.ports import Ports
from domain.errors import EvidenceError, UnavailableError
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import (
    SUBSCRIPTION,
    FakeQueue,
    MemoryEvidence,
    classic_ref,
    fake_ports,
    upgrade_request,
)
from triggers.approvals import post_approval
from triggers.http_api import AT_A_TIME, get_upgrade, list_upgrades, post_upgrades
from triggers.plans import get_plan

PLAN_HASH = "ab" * 32
INSTANCE = instance_state().instance_id


def _request(
    body: Any = None,
    *,
    method: str = "POST",
    params: dict[str, str] | None = None,
    route: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> func.HttpRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return func.HttpRequest(
        method=method,
        url="http://localhost:7071/api/upgrades",
        headers=headers,
        params=params,
        route_params=route,
        body=raw,
    )


def _vault(name: str = "vault-clean", **changes: Any) -> dict[str, Any]:
    vault = {
        "subscriptionId": SUBSCRIPTION,
        "vaultName": name,
        "region": "West US",
        "targetResourceGroup": "rg-backup-upgraded",
        "timeZone": "Pacific Standard Time",
    }
    return {**vault, **changes}


def _read(response: func.HttpResponse) -> Any:
    return json.loads(response.get_body())


def _ports() -> tuple[Ports, FakeQueue]:
    queue = FakeQueue()
    return fake_ports(queue=queue), queue


def _waiting(**changes: Any) -> FakeDurableClient:
    status = {"state": "awaiting_approval", "plan": {"hash": PLAN_HASH, "key": "k"}}
    return FakeDurableClient(instance_state(custom_status={**status, **changes}))


def _approval(**changes: Any) -> dict[str, Any]:
    return {"planHash": PLAN_HASH, "approver": "boss", "decision": "approve", **changes}


async def test_one_vault_is_accepted_and_queued() -> None:
    """A single vault object needs no list around it."""
    ports, queue = _ports()

    response = await post_upgrades(_request(_vault()), FakeDurableClient(), ports)

    assert (202, ["vault-clean"]) == (
        response.status_code,
        [request.vault.name for request in queue.sent],
    )


async def test_the_answer_names_where_to_look() -> None:
    """Each accepted vault comes back with its id and status URL."""
    ports, _ = _ports()

    response = await post_upgrades(_request(_vault()), FakeDurableClient(), ports)

    assert [f"http://localhost:7071/api/upgrades/{INSTANCE}"] == [
        entry["statusUrl"] for entry in _read(response)["upgrades"]
    ]


async def test_a_vault_in_flight_is_reported_as_joined() -> None:
    """The caller learns that a run is there already."""
    ports, _ = _ports()

    response = await post_upgrades(_request(_vault()), FakeDurableClient(instance_state()), ports)

    assert [True] == [entry["joined"] for entry in _read(response)["upgrades"]]


class BusyHub(FakeDurableClient):
    """Takes a turn of the loop for an answer, and knows how many questions it had at once."""

    def __init__(self) -> None:
        super().__init__()
        self.open = 0
        self.most = 0

    async def get_orchestration_state(
        self, instance_id: str, *, fetch_payloads: bool = True
    ) -> OrchestrationState | None:
        """No such instance, a little later."""
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        self.open -= 1
        return None


async def test_a_long_list_does_not_ask_the_task_hub_everything_at_once() -> None:
    """The hub is asked about so many vaults at a time, and the answer names all of them."""
    ports, _ = _ports()
    hub = BusyHub()
    body = {"vaults": [_vault(f"vault-{number}") for number in range(3 * AT_A_TIME)]}

    response = await post_upgrades(_request(body), hub, ports)

    assert (AT_A_TIME, [one["vaultName"] for one in body["vaults"]]) == (
        hub.most,
        [entry["vault"]["name"] for entry in _read(response)["upgrades"]],
    )


async def test_one_bad_vault_keeps_the_whole_list_from_being_sent() -> None:
    """All or nothing: 400 names every problem and the queue stays empty."""
    ports, queue = _ports()
    body = {"vaults": [_vault(), _vault("two", subscriptionId="nonsense"), _vault("two")]}

    response = await post_upgrades(_request(body), FakeDurableClient(), ports)

    problems = _read(response)["error"]["problems"]
    assert (400, [("vaults[1]", "subscriptionId")], []) == (
        response.status_code,
        [(one["where"], one["field"]) for one in problems],
        queue.sent,
    )


async def test_a_body_that_is_not_json_is_a_bad_request() -> None:
    """Nonsense is refused in words, not with a stack trace."""
    ports, _ = _ports()

    response = await post_upgrades(_request(b"{nonsense"), FakeDurableClient(), ports)

    assert (400, "InvalidInput") == (response.status_code, _read(response)["error"]["code"])


async def test_a_queue_that_is_away_is_said_so() -> None:
    """Nothing was accepted: 503, and no trace that says it was."""
    ports, queue = _ports()
    queue.fail("send", UnavailableError("no route to the namespace"))

    response = await post_upgrades(_request(_vault()), FakeDurableClient(), ports)

    assert (503, ()) == (response.status_code, await ports.evidence.list_keys("vaults/"))


async def test_evidence_that_cannot_be_kept_is_said_so() -> None:
    """503 with a code, and not the host's bare 500: whoever asked knows to ask again."""
    evidence = MemoryEvidence()
    evidence.fail("create", EvidenceError("the disk is away"))

    response = await post_upgrades(
        _request(_vault()), FakeDurableClient(), fake_ports(evidence=evidence)
    )

    assert (503, "EvidenceUnavailable") == (response.status_code, _read(response)["error"]["code"])


async def test_an_upgrade_is_not_said_to_be_unknown_while_evidence_is_away() -> None:
    """Not to be able to look is no answer (DESIGN rule 4)."""
    evidence = MemoryEvidence()
    evidence.fail("list_keys", EvidenceError("the disk is away"))

    response = await get_upgrade(
        _request(route={"id": INSTANCE}), FakeDurableClient(), fake_ports(evidence=evidence)
    )

    assert (503, "EvidenceUnavailable") == (response.status_code, _read(response)["error"]["code"])


async def test_the_signed_in_caller_is_the_requester() -> None:
    """What the platform says about the caller is what is kept."""
    ports, queue = _ports()
    headers = {"x-ms-client-principal-name": "ann@example.com"}

    await post_upgrades(_request(_vault(), headers=headers), FakeDurableClient(), ports)

    assert ["ann@example.com"] == [request.requested_by for request in queue.sent]


async def test_an_upgrade_is_shown_with_its_state() -> None:
    """A running upgrade shows what its custom status says."""
    client = FakeDurableClient(instance_state(custom_status={"state": "upgrading"}))

    response = await get_upgrade(_request(route={"id": INSTANCE}), client, _ports()[0])

    assert (200, "upgrading") == (response.status_code, _read(response)["state"])


async def test_an_accepted_vault_is_queued_until_its_message_is_picked_up() -> None:
    """Between the answer and the start, the upgrade is not unknown."""
    ports, _ = _ports()
    await post_upgrades(_request(_vault()), FakeDurableClient(), ports)

    response = await get_upgrade(_request(route={"id": INSTANCE}), FakeDurableClient(), ports)

    assert (200, "queued") == (response.status_code, _read(response)["state"])


@pytest.mark.parametrize("instance_id", [INSTANCE, "upgrade-x", "settle-1"])
async def test_an_id_nobody_handed_in_is_not_found(instance_id: str) -> None:
    """404, whether the id looks like one of ours or not."""
    response = await get_upgrade(
        _request(route={"id": instance_id}), FakeDurableClient(), _ports()[0]
    )

    assert (404, "NotFound") == (response.status_code, _read(response)["error"]["code"])


async def test_pages_cover_every_upgrade_once() -> None:
    """Following the continuation gives all upgrades in the engine's order, none twice."""
    states = [
        instance_state(upgrade_request(classic_ref(f"vault-{number}"))) for number in range(5)
    ]
    client = FakeDurableClient(*states)
    seen: list[str] = []
    token: str | None = ""
    while token is not None:
        page = _read(
            await list_upgrades(_request(params={"top": "2", "continuation": token}), client)
        )
        seen += [one["id"] for one in page["upgrades"]]
        token = page["continuationToken"]

    assert [state.instance_id for state in states] == seen


async def test_children_are_not_listed_as_upgrades() -> None:
    """The waits and settlings of an upgrade have ids of their own and stay out."""
    child = replace(instance_state(), instance_id=f"{INSTANCE}.await")

    response = await list_upgrades(_request(), FakeDurableClient(instance_state(), child))

    assert [INSTANCE] == [one["id"] for one in _read(response)["upgrades"]]


BY_HAND = {
    "no input": {"serialized_input": None},
    "another input": {"serialized_input": '{"vault": "vault-1"}'},
    "another workflow": {"name": "audit_estate"},
}


@pytest.mark.parametrize("changes", BY_HAND.values(), ids=BY_HAND)
async def test_what_was_begun_by_hand_under_a_vault_s_id_hides_no_upgrade(
    changes: dict[str, Any],
) -> None:
    """Anybody with the management API can do that; it is no upgrade, and the others are shown."""
    other = f"upgrade-{'0' * 32}"
    broken = instance_state(status=OrchestrationStatus.FAILED, **changes)
    client = FakeDurableClient(instance_state(), replace(broken, instance_id=other))

    listed = await list_upgrades(_request(), client)
    asked = await get_upgrade(_request(route={"id": other}), client, fake_ports())
    plan = await get_plan(_request(route={"id": other}), client, fake_ports())

    assert ([INSTANCE], 404, 404) == (
        [one["id"] for one in _read(listed)["upgrades"]],
        asked.status_code,
        plan.status_code,
    )


@pytest.mark.parametrize("top", ["0", "-1", "many", "1001", "٣", "9" * 5000])
async def test_a_page_size_out_of_range_is_a_bad_request(top: str) -> None:
    """The parameter and its bounds are named."""
    response = await list_upgrades(_request(params={"top": top}), FakeDurableClient())

    assert (400, "top") == (
        response.status_code,
        _read(response)["error"]["problems"][0]["field"],
    )


FORGED = {
    "no base64": "!",
    "no JSON": "bm90IGpzb24=",
    "no pair": "W10=",
    "no texts": "WzEsIDJd",
    "nested": base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    "not the engine's": base64.urlsafe_b64encode(b'["elsewhere", null]').decode(),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
async def test_a_continuation_nobody_gave_is_a_bad_request(token: str) -> None:
    """The caller is told to begin anew, whoever it is that cannot read the token."""
    client = FakeDurableClient(instance_state())

    response = await list_upgrades(_request(params={"continuation": token}), client)

    assert (400, "continuation") == (
        response.status_code,
        _read(response)["error"]["problems"][0]["field"],
    )


async def test_an_approval_is_raised_as_an_event() -> None:
    """202, and the orchestration gets the answer with the approver's name."""
    client = _waiting()

    response = await post_approval(
        _request(_approval(), route={"id": INSTANCE}), client, _ports()[0]
    )

    assert (202, [("approval", "boss")]) == (
        response.status_code,
        [(name, data["approver"]) for _, name, data in client.events],
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"planHash": "short"}, "planHash"),
        ({"approver": None}, "approver"),
        ({"comment": 0}, "comment"),
        ({"comment": []}, "comment"),
    ],
)
async def test_a_bad_approval_is_refused_by_field(body: dict[str, Any], field: str) -> None:
    """400 names the member that is wrong."""
    response = await post_approval(
        _request(_approval(**body), route={"id": INSTANCE}), _waiting(), _ports()[0]
    )

    assert (400, [field]) == (
        response.status_code,
        [one["field"] for one in _read(response)["error"]["problems"]],
    )


@pytest.mark.parametrize(
    "changes",
    [{"planHash": "cd" * 32}, {"approver": "Operator@example.com"}],
    ids=["another plan", "the requester"],
)
async def test_an_approval_that_cannot_count_is_a_conflict(changes: dict[str, Any]) -> None:
    """409 for another plan's hash and for the requester's own yes (DESIGN rule 3)."""
    client = _waiting()

    response = await post_approval(
        _request(_approval(**changes), route={"id": INSTANCE}), client, _ports()[0]
    )

    assert (409, []) == (response.status_code, client.events)


async def test_an_upgrade_that_asks_for_nothing_takes_no_approval() -> None:
    """409 when the upgrade is not waiting."""
    client = FakeDurableClient(instance_state(custom_status={"state": "upgrading"}))

    response = await post_approval(
        _request(_approval(), route={"id": INSTANCE}), client, _ports()[0]
    )

    assert (409, "NotWaiting") == (response.status_code, _read(response)["error"]["code"])


async def test_a_broken_run_is_shown_as_stopped_with_its_reason() -> None:
    """A workflow that failed as a program is an end with a reason, too."""
    client = FakeDurableClient(instance_state(status=OrchestrationStatus.TERMINATED))

    response = await get_upgrade(_request(route={"id": INSTANCE}), client, _ports()[0])

    assert ("stopped", ["the run was terminated"]) == (
        _read(response)["state"],
        _read(response)["reasons"],
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ms-client-principal-name": "ann@example.com"},
        # A program signs in without a name.
        {"x-ms-client-principal-id": "9d2e7f04-8f4f-4b0e-9a53-0a6c1f5a7d11"},
    ],
)
async def test_a_signed_in_caller_cannot_ask_under_another_name(headers: dict[str, str]) -> None:
    """Whoever could choose the requester could approve their own plan (DESIGN rule 3)."""
    ports, queue = _ports()
    body = {"requestedBy": "bob@example.com", "vaults": [_vault()]}

    response = await post_upgrades(_request(body, headers=headers), FakeDurableClient(), ports)

    assert (400, ["requestedBy"], []) == (
        response.status_code,
        [one["field"] for one in _read(response)["error"]["problems"]],
        queue.sent,
    )
