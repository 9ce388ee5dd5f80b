"""Classic Backup vaults through Resource Manager: ``Microsoft.Backup/BackupVault`` (2.7).

What no source tells is chosen here and marked: a vault that has been upgraded is not found any more
("cannot be viewed", vault-upgrade 1.7), and what changes it is refused with 409 while the upgrade
runs.
"""

from datetime import datetime

from domain.codec import JsonObject
from local.azure.arm_common import (
    INVALID_INPUT,
    demand_manageable,
    demand_subscription,
    page,
    parse_filter,
)
from local.azure.contents import Machine, Policy, Workload
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.model import RecordStatus, Vault
from local.azure.moments import ticks_of
from local.azure.names import location_of, stable_guid, stable_number

TYPE = "Microsoft.Backup/BackupVault"
_FILTER = f"resourceType eq '{TYPE}'"
_KEYS = frozenset({"type", "friendlyName"})
_ID_BITS = 20
"""The recorded container ids have six digits."""
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_DURATIONS = {"Daily": 1, "Weekly": 2, "Monthly": 3, "Yearly": 4}
"""``DurationType`` by schedule. 1 and 2 were recorded, the others are their continuation."""


def list_resources(call: Call) -> Answer:
    """The classic vaults of a subscription, as the list of all its resources shows them."""
    subscription = demand_subscription(call)
    # Of all that this list can do, only what the recorded client asks for.
    if call.query.get("$filter") != _FILTER:
        raise ServiceRefusal(400, "InvalidFilterInQueryString", f"The filter must be {_FILTER}.")
    vaults = call.state.vaults_of(subscription)
    return page(call, [_row(one) for one in vaults if _is_visible(one, call.now)])


def _row(vault: Vault) -> JsonObject:
    location = location_of(vault.region)
    return {"id": _id(vault), "name": vault.name, "type": TYPE, "location": location, "tags": {}}


def _id(vault: Vault) -> str:
    # As for vaults made in the classic portal: the group is the cloud service (2.7).
    group = f"/subscriptions/{vault.subscription_id}/resourceGroups/{vault.cloud_service}"
    return f"{group}/providers/{TYPE}/{vault.name}"


def _is_visible(vault: Vault, now: datetime) -> bool:
    record = vault.record
    is_upgraded = record is not None and record.status(ticks_of(now)) is RecordStatus.UPGRADED
    # Vaults of Site Recovery share the list of cloud services (vault-upgrade 2.0), but they are not
    # of this type.
    return vault.classic is not None and vault.vault_type == "BackupVault" and not is_upgraded


def _find(call: Call) -> Vault:
    subscription, name = demand_subscription(call), call.params["vault"]
    vault = call.state.find_classic(subscription, call.params["group"], "BackupVault", name)
    if vault is None or not _is_visible(vault, call.now):
        raise ServiceRefusal(
            404, "ResourceNotFound", f"The Resource '{TYPE}/{name}' was not found."
        )
    return vault


def read(call: Call) -> Answer:
    """The vault itself."""
    vault = _find(call)
    shown = _row(vault)
    return json_answer(
        {
            "location": shown["location"],
            "name": vault.name,
            "etag": vault.classic.etag if vault.classic else "",
            "tags": {},
            "properties": {"sku": {"name": "standard"}, "provisioningState": "Succeeded"},
            "id": shown["id"],
            "type": TYPE,
        }
    )


def list_containers(call: Call) -> Answer:
    """The machines registered to a vault."""
    vault = _find(call)
    wanted = parse_filter(call, _KEYS)
    if wanted.get("type") != "Machine":
        raise ServiceRefusal(400, *INVALID_INPUT)
    name = wanted.get("friendlyName", "").lower()
    machines = [one for one in vault.contents.machines if name in {"", one.name.lower()}]
    # All on one page, with the link that is always there (2.7).
    return json_answer({"value": [_container(vault, one) for one in machines], "nextLink": None})


def _container(vault: Vault, machine: Machine) -> JsonObject:
    return {
        "uniqueName": machine.name.lower(),
        "containerType": "Machine",
        "properties": {
            "containerId": _number(vault, machine),
            # In capitals, as recorded: clients must not compare names as they are written.
            "friendlyName": machine.name.upper(),
            "containerStampId": stable_guid("stamp", vault.region),
            "containerStampUri": f"https://{location_of(vault.region)}.backup.invalid",
            "canReRegister": False,
            "customerType": "OBS",
        },
    }


def _number(vault: Vault, machine: Machine) -> int:
    return stable_number("classic container", vault.seed, machine.name, bits=_ID_BITS)


def unregister_container(call: Call) -> Answer:
    """Takes a machine out of the vault, and with it everything it backed up."""
    vault = _find(call)
    demand_manageable(vault, call.now)
    contents = vault.contents
    gone = [m for m in contents.machines if str(_number(vault, m)) == call.params["container"]]
    if not gone:
        raise ServiceRefusal(404, "ContainerNotFound", "The container is not registered.")
    # Unregistering gives up the machine's backups: that is what the article warns of (vault-upgrade
    # 1.2).
    names = {machine.name.lower() for machine in gone}
    contents.machines = [one for one in contents.machines if one not in gone]
    contents.items = [
        item
        for item in contents.items
        if item.workload is not Workload.MAB or item.holder.lower() not in names
    ]
    return Answer(status=204)


def list_policies(call: Call) -> Answer:
    """The vault's policies for virtual machines; their times carry no zone."""
    vault = _find(call)
    policies = vault.contents.policies.values()
    rows = [_policy(vault, one, call.now) for one in policies if one.workload is Workload.VM]
    return json_answer({"value": rows})


def _policy(vault: Vault, policy: Policy, now: datetime) -> JsonObject:
    document = policy.document(now)
    schedule = document["schedulePolicy"]
    return {
        "properties": {
            "workloadType": "IaasVM",
            "policyName": policy.name,
            "backupSchedule": {
                "backupType": "Full",
                "scheduleRun": schedule.get("scheduleRunFrequency"),
                "scheduleRunDays": schedule.get("scheduleRunDays"),
                "scheduleRunTimes": _zoneless(schedule.get("scheduleRunTimes")),
            },
            "ltrRetentionPolicy": {
                f"{period}Schedule": _retention(document["retentionPolicy"], period)
                for period in _DURATIONS
            },
        },
        "id": f"{_id(vault)}/protectionPolicies/{policy.name}",
        "name": policy.name,
        "type": f"{TYPE}/protectionPolicies",
    }


def _zoneless(times: list[str] | None) -> list[str]:
    # Classic times carry no zone, which is why policies need one after the upgrade (vault-upgrade
    # 2.7).
    return [time.removesuffix("Z") for time in times or ()]


def _retention(retention: JsonObject, period: str) -> JsonObject | None:
    schedule = retention.get(f"{period.lower()}Schedule")
    if schedule is None:
        return None
    days = schedule.get("daysOfTheWeek")
    return {
        **({"DaysOfTheWeek": [_DAYS.index(day) for day in days]} if days else {}),
        "RetentionTimes": _zoneless(schedule.get("retentionTimes")),
        "CSMRetentionDuration": {
            "Count": schedule["retentionDuration"]["count"],
            "DurationType": _DURATIONS[period],
        },
    }


def read_storage(call: Call) -> Answer:
    """How the vault's data is stored; fixed once something is registered."""
    vault = _find(call)
    is_fixed = bool(vault.contents.machines or vault.contents.items)
    return json_answer(
        {
            "resourceId": vault.classic.resource_id if vault.classic else 0,
            "properties": {
                "storageType": vault.contents.settings.redundancy,
                "storageTypeState": "Locked" if is_fixed else "Unlocked",
            },
        }
    )
