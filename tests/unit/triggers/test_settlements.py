"""The HTTP routes of settlements answer as documented."""

import json
from dataclasses import replace
from typing import Any

import azure.functions as func
import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus

from domain.codec import to_json
from domain.errors import AccessDeniedError, EvidenceError
from domain.findings import Tally
from domain.outcomes import SettlementOutcome
from domain.settling import SettleResult
from domain.summaries import StepSummary
from domain.upgrade import RunState
from orchestrators import names
from tests.estate import settled_vault
from tests.fake_durable import FakeDurableClient
from tests.fakes import (
    NOON,
    SUBSCRIPTION,
    FakeRecoveryServices,
    MemoryEvidence,
    fake_ports,
    vault_ref,
)
from tests.settlements import INSTANCE, estate_with, settle, settle_request
from triggers.settlements import SettlementRoutes

VAULT = {"vaultId": vault_ref().arm_id}
HASH = "cd" * 32


def _request(
    body: Any = None,
    *,
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    instance_id: str = INSTANCE,
) -> func.HttpRequest:
    return func.HttpRequest(
        method="POST",
        url="http://localhost:7071/api/settlements",
        headers=headers,
        params=params,
        route_params={"id": instance_id},
        body=json.dumps(body).encode(),
    )


def _state(
    status: OrchestrationStatus = OrchestrationStatus.RUNNING,
    *,
    output: Any = None,
    shown: Any = None,
    **request: Any,
) -> OrchestrationState:
    return OrchestrationState(
        instance_id=INSTANCE,
        name=names.SETTLE_VAULT,
        runtime_status=status,
        created_at=NOON,
        last_updated_at=NOON,
        serialized_input=json.dumps(to_json(settle_request(**request))),
        serialized_output=json.dumps(output) if output is not None else None,
        serialized_custom_status=json.dumps(shown) if shown is not None else None,
        failure_details=None,
    )


def _ended(**request: Any) -> OrchestrationState:
    outcome = SettlementOutcome(
        instance_id=INSTANCE,
        run_id="request-1",
        vault=vault_ref(),
        state=RunState.CLOSED_WITH_TASKS,
        reasons=(),
        pending_changes=(),
        started_at=NOON,
        ended_at=NOON,
        tally=Tally(passed=3, failed=1),
        task_count=1,
        evidence_prefix=settle_request().prefix,
    )
    result = SettleResult(summary=StepSummary(), job_sync=None, outcome=outcome)
    return _state(OrchestrationStatus.COMPLETED, output=to_json(result), **request)


def _routes(arm: FakeRecoveryServices | None = None) -> SettlementRoutes:
    ports = fake_ports(recovery_services=arm or FakeRecoveryServices())
    return SettlementRoutes(ports, (SUBSCRIPTION,), "11111111-2222-4333-8444-555555555555")


def _read(response: func.HttpResponse) -> Any:
    return json.loads(response.get_body())


async def test_a_vault_is_started_under_its_own_id() -> None:
    """One vault, one settlement; the answer says where to look."""
    client = FakeDurableClient()

    response = await _routes().post(_request(VAULT), client)

    ((orchestrator, instance_id, request),) = client.started
    (entry,) = _read(response)["settlements"]
    assert (202, names.SETTLE_VAULT, INSTANCE, True, f"{INSTANCE}") == (
        response.status_code,
        orchestrator,
        instance_id,
        request["is_alone"],
        entry["statusUrl"].rpartition("/")[2],
    )


async def test_nobody_s_approval_is_skipped_by_leaving_it_out() -> None:
    """What a settlement would write waits for approval unless the request says otherwise."""
    client = FakeDurableClient()

    await _routes().post(_request(VAULT), client)

    assert "required" == client.started[0][2]["approval"]


async def test_the_default_workspace_and_scope_are_the_app_s() -> None:
    """A request that names none gets those of the settings."""
    client = FakeDurableClient()

    await _routes().post(_request(VAULT), client)

    request = client.started[0][2]
    assert ("11111111-2222-4333-8444-555555555555", [SUBSCRIPTION]) == (
        request["log_workspace_id"],
        request["scope"],
    )


async def test_a_subscription_means_every_vault_in_it() -> None:
    """Vaults are listed now; one that is named as well is settled once."""
    arm = FakeRecoveryServices()
    for name in ("one", "two"):
        arm.add(vault_ref(name))
    client = FakeDurableClient()
    rows = [{"subscriptionId": SUBSCRIPTION}, {"vaultId": vault_ref("two").arm_id}]

    response = await _routes(arm).post(_request({"vaults": rows}), client)

    assert ["one", "two"] == [one["vault"]["name"] for one in _read(response)["settlements"]]


async def test_a_subscription_that_cannot_be_listed_starts_nothing() -> None:
    """Not knowing which vaults there are is no empty list."""
    arm = FakeRecoveryServices()
    arm.fail("list_vaults", AccessDeniedError("no rights", status=403))
    client = FakeDurableClient()

    response = await _routes(arm).post(_request({"subscriptionId": SUBSCRIPTION}), client)

    assert (502, []) == (response.status_code, client.started)


@pytest.mark.parametrize(
    ("state", "joined"),
    [
        (_state(), True),
        (_ended(), True),
        (_ended(run_id="an-earlier-request"), False),
    ],
    ids=["running", "the same request", "ended"],
)
async def test_a_settlement_may_run_again_once_it_has_ended(
    state: OrchestrationState, joined: bool
) -> None:
    """While it runs, and for the same request, the second one joins the first."""
    client = FakeDurableClient(state)

    response = await _routes().post(_request({**VAULT, "requestId": "request-1"}), client)

    (entry,) = _read(response)["settlements"]
    assert (joined, joined) == (entry["joined"], not client.started)


async def test_of_two_requests_at_once_the_second_joins_and_starts_the_rest() -> None:
    """The host refuses it with a bare exception; the other vaults of the list are settled."""
    client = FakeDurableClient()
    client.refuse_start = _state()
    rows = [VAULT, {"vaultId": vault_ref("two").arm_id}]

    response = await _routes().post(_request({"vaults": rows}), client)

    joined = [one["joined"] for one in _read(response)["settlements"]]
    assert (202, [True, False], 1) == (response.status_code, joined, len(client.started))


async def test_a_task_hub_that_refuses_for_another_reason_is_no_start() -> None:
    """Nothing runs under the id, so nothing was joined."""
    client = FakeDurableClient()
    client.refuse_start = _ended(run_id="an-earlier-request")

    with pytest.raises(RuntimeError, match="already exists"):
        await _routes().post(_request(VAULT), client)


async def test_every_problem_is_named_and_nothing_started() -> None:
    """All or nothing, as for upgrades."""
    client = FakeDurableClient()
    rows = [{"vaultId": "nonsense"}, {**VAULT, "timeZone": "Mars"}, {**VAULT, "zone": "x"}]

    response = await _routes().post(_request({"vaults": rows}), client)

    places = {one["where"] for one in _read(response)["error"]["problems"]}
    assert (400, {"vaults[0]", "vaults[1]", "vaults[2]"}, []) == (
        response.status_code,
        places,
        client.started,
    )


async def test_a_running_settlement_shows_what_it_waits_for() -> None:
    """The guard's request is in the view, for whoever has to ask its owner."""
    guard = {"guard_id": "g", "request_id": "r", "text": "Ask the owner", "policies": ["P"]}
    shown = {"state": "waiting_for_guard", "guard": guard}

    response = await _routes().get(_request(), FakeDurableClient(_state(shown=shown)))

    view = _read(response)
    assert ("waiting_for_guard", "r") == (view["state"], view["guard"]["request_id"])


@pytest.mark.parametrize(
    ("is_over", "status"), [(False, 200), (True, 404)], ids=["running", "ended"]
)
async def test_the_settlement_of_an_upgrade_is_shown_while_it_runs(
    is_over: bool, status: int
) -> None:
    """It may wait a week for a guard's owner, which the upgrade's own view does not tell."""
    inside = f"upgrade-{'0' * 32}.settle"
    state = _ended() if is_over else _state(shown={"state": "waiting_for_guard"})
    client = FakeDurableClient()
    client.states[inside] = state

    response = await _routes().get(_request(instance_id=inside), client)

    assert status == response.status_code


async def test_an_ended_settlement_shows_its_checklist_and_work() -> None:
    """What the evidence holds is shown with the view."""
    estate = estate_with(settled_vault())
    await settle(estate)
    routes = SettlementRoutes(estate.ports, (), None)

    response = await routes.get(_request(), FakeDurableClient(_ended()))

    view = _read(response)
    assert ("closed_with_tasks", True, []) == (
        view["state"],
        len(view["checklist"]) > 20,
        view["workList"],
    )


async def test_what_would_be_written_is_shown_with_what_it_means() -> None:
    """Before anybody agrees: the zone, who says so, and each policy's times in it."""
    estate = estate_with(settled_vault())
    await settle(estate, settle_request(is_dry_run=True))
    routes = SettlementRoutes(estate.ports, (), None)

    view = _read(await routes.get(_request(), FakeDurableClient(_state())))

    (policy,) = view["policies"]
    assert ("the request", "change", "", True) == (
        view["expectedBy"],
        policy["decision"],
        policy["now"],
        policy["then"].startswith("Runs daily at 22:00 (Pacific Standard Time) = 05:00 UTC"),
    )


@pytest.mark.parametrize("instance_id", ["settle-unknown", "upgrade-" + "0" * 32])
async def test_an_unknown_id_is_not_found(instance_id: str) -> None:
    """Ids of other things are no settlements."""
    response = await _routes().get(_request(instance_id=instance_id), FakeDurableClient())

    assert 404 == response.status_code


async def test_the_list_goes_page_by_page() -> None:
    """A token leads on where more are left."""
    response = await _routes().list(_request(params={"top": "1"}), FakeDurableClient(_state()))

    body = _read(response)
    assert (1, None) == (len(body["settlements"]), body["continuationToken"])


async def test_an_approval_is_raised_to_the_settlement() -> None:
    """It names the hash that is shown."""
    shown = {"state": "awaiting_approval", "plan": {"hash": HASH, "changes": [], "count": 1}}
    client = FakeDurableClient(_state(shown=shown))
    body = {"planHash": HASH, "approver": "boss", "decision": "approve"}

    response = await _routes().approve(_request(body), client)

    assert (202, [names.APPROVAL_EVENT]) == (
        response.status_code,
        [event for _, event, _ in client.events],
    )


@pytest.mark.parametrize(
    ("body", "shown", "status"),
    [
        ({"planHash": HASH, "approver": "boss", "decision": "approve"}, {}, 409),
        (
            {"planHash": HASH, "approver": "operator@example.com", "decision": "approve"},
            {"state": "awaiting_approval", "plan": {"hash": HASH}},
            409,
        ),
        ({"decision": "approve"}, {}, 400),
    ],
    ids=["not waiting", "by the requester", "no approval"],
)
async def test_an_approval_that_cannot_count_is_refused(
    body: dict[str, str], shown: dict[str, Any], status: int
) -> None:
    """The reason is in the answer and nothing is raised."""
    client = FakeDurableClient(_state(shown=shown))

    response = await _routes().approve(_request(body), client)

    assert (status, []) == (response.status_code, client.events)


@pytest.mark.parametrize(
    ("decision", "shown", "status"),
    [
        ("granted", {"state": "waiting_for_guard"}, 202),
        ("granted", {"state": "settling"}, 409),
        ("perhaps", {"state": "waiting_for_guard"}, 400),
    ],
)
async def test_the_guard_s_answer_reaches_a_settlement_that_waits(
    decision: str, shown: dict[str, Any], status: int
) -> None:
    """Only while it waits, and only one of the two words."""
    client = FakeDurableClient(_state(shown=shown))

    response = await _routes().guard(_request({"decision": decision, "by": "ann"}), client)

    assert (status, 1 if status == 202 else 0) == (response.status_code, len(client.events))


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"decision": {}, "by": "ann"}, "decision"),
        ({"decision": ["granted"], "by": "ann"}, "decision"),
        ({"decision": "granted", "by": "a" * 201}, "by"),
        ({"decision": "granted", "by": "ann\nbob"}, "by"),
        ({"decision": "granted", "by": "\ud800"}, "by"),
    ],
)
async def test_a_guard_s_answer_of_another_shape_is_refused(
    told: dict[str, Any], field: str
) -> None:
    """Whatever JSON can hold: 400 with the member, and nothing reaches the settlement."""
    client = FakeDurableClient(_state(shown={"state": "waiting_for_guard"}))

    response = await _routes().guard(_request(told), client)

    problems = json.loads(response.get_body())["error"]["problems"]
    assert (400, [field], []) == (
        response.status_code,
        [one["field"] for one in problems],
        client.events,
    )


async def test_a_settlement_says_that_its_evidence_is_away() -> None:
    """503 with a code, and not the host's bare 500."""
    evidence = MemoryEvidence()
    evidence.fail("read", EvidenceError("the disk is away"))
    routes = SettlementRoutes(fake_ports(evidence=evidence), (SUBSCRIPTION,), None)

    response = await routes.get(_request({}), FakeDurableClient(_ended()))

    assert (503, "EvidenceUnavailable") == (response.status_code, _read(response)["error"]["code"])


async def test_a_guard_s_consent_nobody_gives_is_refused() -> None:
    """Evidence has to name somebody; an absent name is not the word None."""
    client = FakeDurableClient(_state(shown={"state": "waiting_for_guard"}))

    response = await _routes().guard(_request({"decision": "granted"}), client)

    assert (400, ["by"], []) == (
        response.status_code,
        [one["field"] for one in _read(response)["error"]["problems"]],
        client.events,
    )


async def test_the_signed_in_caller_is_the_requester() -> None:
    """What the platform says about the caller is what is kept."""
    client = FakeDurableClient()
    headers = {"x-ms-client-principal-name": "ann@example.com"}

    await _routes().post(_request(VAULT, headers=headers), client)

    assert "ann@example.com" == client.started[0][2]["requested_by"]


@pytest.mark.parametrize("changes", [{"serialized_input": None}, {"name": names.AUDIT_ESTATE}])
async def test_what_was_begun_by_hand_hides_no_settlement_and_gives_way(
    changes: dict[str, Any],
) -> None:
    """Anybody with the management API can do that; the vault can be settled all the same."""
    broken = replace(_state(OrchestrationStatus.FAILED), **changes)
    client = FakeDurableClient(broken)

    listed = await _routes().list(_request(), client)
    asked = await _routes().get(_request(), client)
    started = await _routes().post(_request({**VAULT, "requestId": "request-1"}), client)

    joined = [one["joined"] for one in _read(started)["settlements"]]
    assert ([], 404, [False]) == (_read(listed)["settlements"], asked.status_code, joined)
