"""The durable client binding, read by the library itself."""

import json

from azure.durable_functions import DurableFunctionsClient
from azure.functions import HttpRequest

from local.host.client_binding import ClientBinding

BINDING = ClientBinding(
    hub_name="Hub",
    engine_address="127.0.0.1:4001",
    base_url="http://127.0.0.1:7071",
    system_key="key",
)


async def test_the_library_finds_engine_and_management_api():
    """Addresses and hub name are taken from the JSON as the library expects them."""
    client = DurableFunctionsClient(BINDING.to_json({}))
    request = HttpRequest("GET", "http://localhost:7071/api/x", body=b"")

    payload = client.create_http_management_payload(request, "one two")
    await client.close()

    assert (client.taskHubName, client.rpcBaseUrl) == ("Hub", "http://127.0.0.1:4001")
    assert payload["statusQueryGetUri"] == (
        "http://localhost:7071/runtime/webhooks/durabletask/instances/one%20two"
        "?taskHub=Hub&connection=Storage&code=key"
    )
    assert "/raiseEvent/{eventName}?" in payload["sendEventPostUri"]


def test_a_binding_may_name_its_own_hub():
    """``task_hub`` and ``connection_name`` of the decorator are respected."""
    given = json.loads(BINDING.to_json({"taskHub": "Other", "connectionName": "Conn"}))

    assert (given["taskHubName"], given["connectionName"]) == ("Other", "Conn")
    assert "taskHub=Other&connection=Conn" in given["requiredQueryStringParameters"]
