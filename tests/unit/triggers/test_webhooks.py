"""Approvals from other systems: the signature decides who is heard."""

import json
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from domain.signatures import sign
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import NOON, fake_ports
from triggers.shapes.common import SIGNATURE_HEADER
from triggers.webhooks import post_signed_approval

SECRET = "a secret of good length"
PLAN_HASH = "ab" * 32
INSTANCE = instance_state().instance_id
BODY = json.dumps({"planHash": PLAN_HASH, "approver": "boss", "decision": "approve"}).encode()


def _client() -> FakeDurableClient:
    status = {"state": "awaiting_approval", "plan": {"hash": PLAN_HASH, "key": "k"}}
    return FakeDurableClient(instance_state(custom_status=status))


async def _send(
    client: FakeDurableClient,
    *,
    body: bytes = BODY,
    secret: str | None = SECRET,
    **headers: str,
) -> func.HttpResponse:
    request = func.HttpRequest(
        method="POST",
        url="http://localhost:7071/api/hooks/approval",
        headers=headers,
        route_params={"id": INSTANCE},
        body=body,
    )
    return await post_signed_approval(request, client, fake_ports(), secret)


def _signed(body: bytes = BODY, **changes: Any) -> dict[str, str]:
    given = {"secret": SECRET, "instance": INSTANCE, "at": NOON, **changes}
    return {SIGNATURE_HEADER: sign(given["secret"], given["instance"], body, given["at"])}


async def test_a_signed_approval_is_handed_to_the_run() -> None:
    """The run gets what it would get from a person."""
    client = _client()

    response = await _send(client, **_signed())

    ((instance_id, event, approval),) = client.events
    assert (202, INSTANCE, names.APPROVAL_EVENT, "boss") == (
        response.status_code,
        instance_id,
        event,
        approval["approver"],
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE_HEADER: ""},
        {SIGNATURE_HEADER: "t=1,v1=00"},
        _signed(secret="another secret of good length"),
        _signed(b"another body"),
        _signed(instance="upgrade-" + "0" * 32),
        _signed(at=NOON - timedelta(minutes=6)),
        _signed(at=NOON + timedelta(minutes=6)),
    ],
)
async def test_a_signature_that_does_not_count_is_refused(headers: dict[str, str]) -> None:
    """401, and the run hears nothing."""
    client = _client()

    response = await _send(client, **headers)

    assert (401, []) == (response.status_code, client.events)


async def test_an_app_without_a_secret_takes_none() -> None:
    """The route might as well not be there."""
    client = _client()

    response = await _send(client, secret=None, **_signed())

    assert (404, []) == (response.status_code, client.events)


async def test_a_header_that_names_somebody_does_not_count() -> None:
    """It was not signed; the approver in the body was."""
    client = _client()

    await _send(client, **_signed(), **{"x-ms-client-principal-name": "mallory"})

    assert "boss" == client.events[0][2]["approver"]


async def test_the_requester_cannot_sign_their_own_plan() -> None:
    """DESIGN rule 3 holds for every way in."""
    body = json.dumps(
        {"planHash": PLAN_HASH, "approver": "operator@example.com", "decision": "approve"}
    ).encode()

    response = await _send(_client(), body=body, **_signed(body))

    assert 409 == response.status_code


async def test_a_signature_for_another_plan_is_refused() -> None:
    """A message sent again after the plan has changed names the old one."""
    body = BODY.replace(b"ab", b"cd")

    response = await _send(_client(), body=body, **_signed(body))

    assert 409 == response.status_code
