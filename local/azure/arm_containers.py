"""What is registered in a vault: containers and engines (recovery-services 3)."""

from collections.abc import Iterable
from datetime import datetime

from domain.codec import JsonObject
from local.azure.arm_common import INVALID_INPUT, arm_id, find_vault, page, parse_filter
from local.azure.backups import last_backup
from local.azure.contents import Engine, Item, Machine, Workload
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.model import Vault
from local.azure.moments import format_moment
from local.azure.names import stable_number
from local.azure.sources import container_name, source_id, vm_type
from local.azure.upgrades import is_old_agent

_CONTAINER_KEYS = frozenset(
    {
        "backupManagementType",
        "containerType",
        "backupEngineName",
        "fabricName",
        "status",
        "friendlyName",
    }
)
_ENGINE_KEYS = frozenset({"backupManagementType", "friendlyName", "expand"})
_EXTENDED = "extendedinfo"
_ID_BITS = 20
"""The recorded container and engine ids have six digits."""


def list_containers(call: Call) -> Answer:
    """The containers of one management type; without that filter the service refuses (3)."""
    vault = find_vault(call)
    wanted = parse_filter(call, _CONTAINER_KEYS)
    if "backupManagementType" not in wanted:
        raise ServiceRefusal(400, *INVALID_INPUT)
    rows = [row for row in _containers(vault, call.now) if _matches(row, wanted)]
    return page(call, rows)


def read_container(call: Call) -> Answer:
    """One container by its name."""
    vault = find_vault(call)
    name = call.params["container"].lower()
    found = [row for row in _containers(vault, call.now) if row["name"].lower() == name]
    if not found:
        raise ServiceRefusal(404, "BMSUserErrorContainerNotFound", "The container was not found.")
    return json_answer(found[0])


def _matches(row: JsonObject, wanted: dict[str, str]) -> bool:
    # The filter says status where the row says registrationStatus.
    shown = row["properties"] | {"status": row["properties"].get("registrationStatus")}
    shown["fabricName"] = row["id"].split("/backupFabrics/")[1].split("/")[0]
    # Which engine a container came through is not in the recorded rows: nothing to compare with.
    return _shows(shown, {key: wanted[key] for key in wanted if key != "backupEngineName"})


def _shows(shown: JsonObject, wanted: dict[str, str]) -> bool:
    return all(str(shown.get(key, "")).lower() == value.lower() for key, value in wanted.items())


def _containers(vault: Vault, now: datetime) -> Iterable[JsonObject]:
    # Servers with an old agent stay invisible until they get a new one (vault-upgrade 1.7).
    was_classic = vault.classic is not None
    for machine in vault.contents.machines:
        if not (was_classic and is_old_agent(machine.agent_version)):
            yield _machine(vault, machine, now)
    seen = set()
    for item in vault.contents.items:
        key = (item.workload, item.group.lower(), item.holder.lower())
        # Agents are listed by machine above, with or without items.
        if item.workload is not Workload.MAB and key not in seen:
            seen.add(key)
            yield _container(vault, item)


def _machine(vault: Vault, machine: Machine, now: datetime) -> JsonObject:
    items = [item for item in vault.contents.items if item.holder == machine.name]
    properties: JsonObject = {
        "canReRegister": True,
        "containerId": stable_number("container", vault.seed, machine.name, bits=_ID_BITS),
        "protectedItemCount": len(items),
        # In capitals, while the container's name is in lower case (recovery-services 3): comparing
        # the two as they are written finds no machine.
        "friendlyName": machine.name.upper(),
        "backupManagementType": "MAB",
        "registrationStatus": "Registered",
        # Often empty for agents (recovery-services 3); it says nothing about them, good or bad.
        "healthStatus": "",
        "containerType": "Windows",
        "protectableObjectType": "MABWindowsContainer",
    }
    # The lists of 2016 show no version, nor anything else that an agent reports (3).
    if machine.agent_version is not None:
        properties |= _agent(vault, machine, items, now)
    name = f"Windows;{machine.name}"
    return _container_document(vault, machine.fabric, name, properties)


def _agent(vault: Vault, machine: Machine, items: list[Item], now: datetime) -> JsonObject:
    # No recording has these members; they follow the published definition (recovery-services 3,
    # 11).
    ended = [backup.ends_at for item in items if (backup := last_backup(vault, item, now))]
    extended: JsonObject = {"backupItemType": "FileFolder", "backupItems": [], "policyName": ""}
    if ended:
        extended["lastRefreshedAt"] = format_moment(max(ended))
    return {
        "agentVersion": machine.agent_version,
        "containerHealthState": "Healthy",
        "mabContainerHealthDetails": [],
        "extendedInfo": extended,
    }


def _container(vault: Vault, item: Item) -> JsonObject:
    kind = _container_type(item)
    properties: JsonObject = {
        "friendlyName": item.holder,
        "backupManagementType": item.workload.value,
        "registrationStatus": "Registered",
        "healthStatus": "Healthy",
        "containerType": kind,
        "protectableObjectType": kind,
    }
    if item.workload is Workload.VM:
        properties |= {
            "virtualMachineId": source_id(vault, item),
            "virtualMachineVersion": "ClassicCompute" if item.is_classic else "Compute",
            "resourceGroup": item.group,
        }
    elif item.workload in (Workload.FILE_SHARE, Workload.SQL_IN_VM):
        properties["sourceResourceId"] = source_id(vault, item)
    return _container_document(vault, "Azure", container_name(item), properties)


def _container_type(item: Item) -> str:
    return {
        Workload.VM: vm_type(item),
        Workload.FILE_SHARE: "StorageContainer",
        Workload.SQL_IN_VM: "VMAppContainer",
        Workload.AZURE_SQL: "AzureSqlContainer",
    }.get(item.workload, "GenericContainer")


def _container_document(vault: Vault, fabric: str, name: str, properties: JsonObject) -> JsonObject:
    return {
        "id": f"{arm_id(vault)}/backupFabrics/{fabric}/protectionContainers/{name}",
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers",
        "properties": properties,
    }


def list_engines(call: Call) -> Answer:
    """DPM servers and Azure Backup Servers; builds and updates only where asked for."""
    vault = find_vault(call)
    wanted = parse_filter(call, _ENGINE_KEYS)
    expanded = wanted.pop("expand", "").lower()
    if expanded not in ("", _EXTENDED):
        raise ServiceRefusal(400, *INVALID_INPUT)
    rows = [
        _engine(vault, engine, call.now if expanded else None) for engine in vault.contents.engines
    ]
    return page(call, [row for row in rows if _shows(row["properties"], wanted)])


def _engine(vault: Vault, engine: Engine, now: datetime | None) -> JsonObject:
    properties: JsonObject = {
        "friendlyName": engine.name,
        "backupManagementType": "DPM" if engine.is_dpm else "AzureBackupServer",
        "registrationStatus": "Registered",
        "healthStatus": "Healthy",
        "backupEngineType": "DpmBackupEngine" if engine.is_dpm else "AzureBackupServerEngine",
        "canReRegister": True,
        "backupEngineId": str(stable_number("engine", vault.seed, engine.name, bits=_ID_BITS)),
    }
    # The recorded lists, asked without expand, end here.
    if now is not None:
        properties |= _engine_details(engine, now)
    return {
        "id": f"{arm_id(vault)}/backupEngines/{engine.name}",
        "name": engine.name,
        "type": "Microsoft.RecoveryServices/vaults/backupEngines",
        "properties": properties,
    }


def _engine_details(engine: Engine, now: datetime) -> JsonObject:
    """Builds and updates of a server, by the published definition; no recording shows them."""
    details: JsonObject = {"extendedInfo": {"refreshedAt": format_moment(now)}}
    if engine.agent_version is not None:
        details |= {
            "azureBackupAgentVersion": engine.agent_version,
            "isAzureBackupAgentUpgradeAvailable": is_old_agent(engine.agent_version),
        }
    if engine.dpm_version is not None:
        details |= {"dpmVersion": engine.dpm_version, "isDpmUpgradeAvailable": engine.has_update}
    return details
