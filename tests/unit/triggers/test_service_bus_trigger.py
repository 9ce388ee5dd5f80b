"""The queue trigger validates, starts or joins, and nothing else."""

import json
from dataclasses import replace

import pytest
from durabletask.client import OrchestrationStatus

from domain.codec import to_json
from domain.errors import InvalidInputError
from domain.intake import message_body
from domain.requests import UpgradeRequest
from orchestrators import names
from tests.fake_durable import FakeDurableClient, instance_state
from tests.fakes import upgrade_request
from triggers.service_bus import start_from_message

INSTANCE = instance_state().instance_id


def _message(request: UpgradeRequest) -> bytes:
    return json.dumps(message_body(request)).encode()


async def test_a_message_starts_the_one_instance_of_its_vault() -> None:
    """The instance id is the vault's own, the input is the request."""
    client = FakeDurableClient()
    request = upgrade_request()

    await start_from_message(_message(request), client)

    assert [(names.UPGRADE_VAULT, INSTANCE, to_json(request))] == client.started


async def test_a_vault_that_is_running_is_joined() -> None:
    """A second request for a vault in flight starts nothing."""
    client = FakeDurableClient(instance_state())

    await start_from_message(_message(replace(upgrade_request(), request_id="other")), client)

    assert [] == client.started


@pytest.mark.parametrize(
    "status",
    [OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED],
)
async def test_a_redelivered_message_does_not_run_an_ended_vault_again(
    status: OrchestrationStatus,
) -> None:
    """The same request finds the run it started, whatever became of it."""
    client = FakeDurableClient(instance_state(status=status))

    await start_from_message(_message(upgrade_request()), client)

    assert [] == client.started


async def test_a_new_request_may_run_an_ended_vault_again() -> None:
    """A vault that was blocked is handed in again after the cause is removed."""
    client = FakeDurableClient(instance_state(status=OrchestrationStatus.COMPLETED))

    await start_from_message(_message(replace(upgrade_request(), request_id="other")), client)

    assert [INSTANCE] == [instance_id for _, instance_id, _ in client.started]


async def test_a_message_of_a_newer_schema_is_not_guessed_at() -> None:
    """A body this version does not know is refused, and nothing is started."""
    client = FakeDurableClient()
    body = {**message_body(upgrade_request()), "schemaVersion": 2}

    with pytest.raises(InvalidInputError):
        await start_from_message(json.dumps(body).encode(), client)
    assert [] == client.started


async def test_a_vault_without_a_workspace_gets_the_one_of_the_settings() -> None:
    """The default workspace is part of what the run is started with."""
    client = FakeDurableClient()

    await start_from_message(_message(upgrade_request()), client, "workspace-1")

    assert ["workspace-1"] == [request["log_workspace_id"] for _, _, request in client.started]
