"""Classic vaults in Resource Manager: what was recorded, against our client and simulated Azure."""

import json
from typing import Any

import pytest
from aiohttp import web

from adapters.classic_contents import ClassicContentsApi
from domain.lost_machines import registered_machines
from tests.contract.simulated_azure.recordings import classic_backup_exchanges
from tests.fakes import FakeClock, classic_ref, classic_vault
from tests.http_server import Asked, server_clients, serving
from tests.unit.simulated_azure.harness import SUBSCRIPTION, Client, open_client
from tests.unit.simulated_azure.test_arm_classic import MACHINES, RESOURCES, ROW, VAULT, ask, body

LIST, CONTAINERS, UNREGISTER = "/resources?", "/backupContainers?", "/UnRegisterContainer?"
POLICIES, STORAGE, ITSELF = "/protectionPolicies?", "/vaultstorageconfig?", "/backuprn?"


def _recorded(part: str, method: str = "GET") -> dict[str, Any]:
    """The first recorded exchange with this method and part of an address."""
    found = classic_backup_exchanges()
    return next(one for one in found if one["method"] == method and part in one["uri"])


def _query(uri: str) -> dict[str, str]:
    """The query of an address, by name; clients may write it in any order."""
    pairs = uri.partition("?")[2].replace("%24", "$").split("&")
    plain = {name: text for name, _, text in (pair.partition("=") for pair in pairs)}
    return {name: text.replace("+", "%20").replace("%27", "'") for name, text in plain.items()}


async def _sent(part: str) -> tuple[dict[str, Any], Asked, Any]:
    """A recorded exchange, what our client sends for it, and what it makes of the answer."""
    recorded = _recorded(part, "DELETE" if part is UNREGISTER else "GET")
    path = recorded["uri"].partition("?")[0]
    vault_id = path.partition("/backuprn")[0] + "/" + path.split("/BackupVault/")[-1].split("/")[0]
    if recorded["responseBody"] is None:
        answer = web.Response(status=recorded["status"])
    else:
        answer = web.json_response(recorded["responseBody"])
    async with serving(answer) as server:
        api = ClassicContentsApi(server_clients(server, FakeClock()), FakeClock())
        calls: dict[str, Any] = {
            CONTAINERS: lambda: api.list_machines(vault_id),
            POLICIES: lambda: api.list_policies(vault_id),
            STORAGE: lambda: api.read_storage(vault_id),
            UNREGISTER: lambda: api.unregister_machine(path),
        }
        try:
            result = await calls[part]()
        finally:
            await api.aclose()
    return recorded, server.asked[0], result


@pytest.mark.parametrize("part", [CONTAINERS, POLICIES, STORAGE, UNREGISTER])
async def test_our_calls_are_the_recorded_ones(part: str) -> None:
    """Method, path, api-version and filter."""
    recorded, asked, _ = await _sent(part)

    assert (recorded["method"], recorded["uri"].partition("?")[0]) == (
        asked.method,
        asked.path.partition("?")[0],
    )
    assert _query(recorded["uri"]) == _query(asked.path)


async def test_the_recorded_machine_is_found_by_its_name() -> None:
    """And its number makes the recorded call that unregisters it."""
    _, _, reading = await _sent(CONTAINERS)
    unregister = _recorded(UNREGISTER, "DELETE")["uri"].partition("?")[0]
    vault_id = unregister.partition("/backupContainers")[0]

    (machine,) = registered_machines(vault_id, reading.value)

    assert unregister == machine.path


async def test_a_recorded_vault_is_found_in_the_list() -> None:
    """By name and location, whatever its group."""
    recorded = _recorded(LIST)
    row = recorded["responseBody"]["value"][0]
    subscription = row["id"].split("/")[2]
    vault = classic_vault(classic_ref(row["name"], "Southeast Asia"))
    missing = web.json_response({"error": {"code": "ResourceNotFound"}}, status=404)
    async with serving(missing, web.json_response(recorded["responseBody"])) as server:
        api = ClassicContentsApi(server_clients(server, FakeClock()), FakeClock())
        found = await api.find_vault(vault)
        await api.aclose()

    assert row["id"] == found.value
    ours = _query(server.asked[1].path)
    assert _query(recorded["uri"]) == ours
    assert subscription in row["id"]


def _shape(value: Any) -> Any:
    """Names and kinds of a document's members, in their order."""
    if isinstance(value, dict):
        return [(name, _shape(member)) for name, member in value.items()]
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return "text" if isinstance(value, str) else type(value).__name__


def _simulated(azure: Client, part: str) -> Any:
    """What simulated Azure answers to the same call."""
    calls: dict[str, tuple[str, dict[str, str]]] = {
        LIST: (f"/subscriptions/{SUBSCRIPTION}/resources", RESOURCES),
        CONTAINERS: (f"{VAULT}/backupContainers", MACHINES),
        POLICIES: (f"{VAULT}/protectionPolicies", {}),
        STORAGE: (f"{VAULT}/storageconfig/vaultstorageconfig", {}),
        ITSELF: (VAULT, {}),
    }
    path, query = calls[part]
    return body(ask(azure, path, **query))


@pytest.mark.parametrize("part", [LIST, CONTAINERS, STORAGE, ITSELF])
def test_simulated_answers_have_the_recorded_members_in_their_order(part: str) -> None:
    """Names, kinds and order are those of the service."""
    recorded = _recorded(part)["responseBody"]
    if part is LIST:
        recorded["value"] = recorded["value"][:1]

    assert _shape(recorded) == _shape(_simulated(open_client(ROW), part))


def test_a_simulated_policy_has_the_recorded_members_in_their_order() -> None:
    """A daily policy for virtual machines, kept for days."""
    row = {"name": "v1", "policies": [{"name": "DefaultPolicy", "type": "vm"}]}
    recorded = _recorded(POLICIES)["responseBody"]["value"][0]

    simulated = _simulated(open_client(row), POLICIES)["value"][0]

    assert _shape(recorded) == _shape(simulated)


def test_an_empty_list_of_machines_has_the_recorded_bytes() -> None:
    """After the last machine was unregistered."""
    recorded = next(
        one
        for one in classic_backup_exchanges()
        if "after unregister" in one["uri"] and one["method"] == "GET"
    )
    answer = ask(open_client({"name": "v1"}), f"{VAULT}/backupContainers", **MACHINES)

    compact = json.dumps(recorded["responseBody"], separators=(",", ":")).encode()
    assert (compact, recorded["contentLength"]) == (answer.body, len(answer.body))
