"""What a classic Backup vault holds, through Resource Manager (vault-upgrade 2.7).

A classic vault is also a resource ``Microsoft.Backup/BackupVault``: in a group named like its cloud
service where it was made in the classic portal, in any other group where it was made by script.
"""

from adapters.arm_json import ArmJson, arm_path
from adapters.clients import Clients
from adapters.loop_local import LoopLocal
from adapters.ports import Clock
from domain.codec import JsonObject
from domain.errors import NotFoundError
from domain.upgrade import ClassicVault
from domain.vaults import Reading

RESOURCES_API_VERSION = "2013-03-01"
VAULT_API_VERSION = "2015-03-15"
"""Of the vault, its containers and its storage."""
POLICIES_API_VERSION = "2014-09-01"

_TYPE = "Microsoft.Backup/BackupVault"
_PAGE = "100"


class ClassicContentsApi:
    """Port ClassicContents over the wire.

    Args:
        clients: Gives the clients of the running loop.
        clock: Dates readings.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._arm = ArmJson(clients, clock)

    async def find_vault(self, vault: ClassicVault) -> Reading[str]:
        """The vault's ARM id.

        Raises:
            NotFoundError: Resource Manager shows no such vault, or several.
        """
        # Most were made in the portal; one point-read instead of pages of every vault.
        likely = _portal_made(vault)
        try:
            reading = await self._arm.read("GET", likely, {"api-version": VAULT_API_VERSION})
        except NotFoundError:
            return await self._search(vault)
        return Reading(value=likely, provenance=reading.provenance)

    async def _search(self, vault: ClassicVault) -> Reading[str]:
        # The last resort: a subscription may hold hundreds of vaults, and all have to be listed.
        path = arm_path("subscriptions", vault.ref.subscription_id, "resources")
        params = {
            "$filter": f"resourceType eq '{_TYPE}'",
            "$top": _PAGE,
            "api-version": RESOURCES_API_VERSION,
        }
        reading = await self._arm.read_pages(path, params)
        ids = [str(row["id"]) for row in reading.value if _is(vault, row)]
        if len(ids) != 1:
            # Two groups may hold vaults of one name and region: then nobody knows which it is.
            raise NotFoundError(
                f"Resource Manager shows {len(ids)} classic vaults of that name and region",
                subject=str(vault.ref),
                request_id=reading.provenance.request_id,
            )
        return Reading(value=ids[0], provenance=reading.provenance)

    async def list_machines(self, vault_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The machines registered to the vault.

        Raises:
            ServiceError: As the port says.
        """
        params = {"api-version": VAULT_API_VERSION, "$filter": "type eq 'Machine'"}
        return await self._arm.read_pages(f"{vault_id}/backupContainers", params)

    async def list_policies(self, vault_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The vault's policies; their times carry no zone.

        Raises:
            ServiceError: As the port says.
        """
        params = {"api-version": POLICIES_API_VERSION}
        return await self._arm.read_pages(f"{vault_id}/protectionPolicies", params)

    async def read_storage(self, vault_id: str) -> Reading[JsonObject]:
        """How the vault's data is stored.

        Raises:
            ServiceError: As the port says.
        """
        path = f"{vault_id}/storageconfig/vaultstorageconfig"
        return await self._arm.read("GET", path, {"api-version": VAULT_API_VERSION})

    async def unregister_machine(self, path: str) -> None:
        """Unregisters a machine and gives up its backups; sends once.

        Raises:
            NotFoundError: It is not registered any more.
            RefusedError: The service refused.
            OutcomeUnknownError: The answer was lost.
        """
        await self._arm.delete(path, {"api-version": VAULT_API_VERSION})

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._arm.aclose()


def _portal_made(vault: ClassicVault) -> str:
    owner = ("resourceGroups", vault.cloud_service, "providers", *_TYPE.split("/"))
    return arm_path("subscriptions", vault.ref.subscription_id, *owner, vault.ref.name)


def _is(vault: ClassicVault, row: JsonObject) -> bool:
    # Resource Manager writes a region without blanks, the classic list with them.
    region = vault.ref.region.replace(" ", "").casefold()
    is_named = str(row.get("name")).casefold() == vault.ref.name.casefold()
    return is_named and str(row.get("location")).casefold() == region and "id" in row
