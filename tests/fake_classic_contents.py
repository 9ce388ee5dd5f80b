"""Classic vaults as Resource Manager shows them, as a fake: machines, policies, storage."""

from typing import Any

from domain.codec import JsonObject
from domain.errors import NotFoundError
from domain.upgrade import ClassicVault
from domain.vaults import Reading
from tests.fake_base import Fake, FakeClock


def machine_row(name: str, number: int) -> JsonObject:
    """A machine in the recorded shape."""
    return {
        "uniqueName": name.lower(),
        "containerType": "Machine",
        "properties": {"containerId": number, "friendlyName": name, "customerType": "OBS"},
    }


class FakeClassicContents(Fake):
    """One classic vault's contents; ``unregistered`` are the paths of machines that were."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.machines: list[JsonObject] = []
        self.policies: list[JsonObject] = [{"name": "DefaultPolicy"}]
        self.is_shown = True
        self.unregistered: list[str] = []

    def vault_id(self, vault: ClassicVault) -> str:
        """The id the fake gives a vault."""
        ref = vault.ref
        group = f"/subscriptions/{ref.subscription_id}/resourceGroups/{vault.cloud_service}"
        return f"{group}/providers/Microsoft.Backup/BackupVault/{ref.name}"

    async def find_vault(self, vault: ClassicVault) -> Reading[str]:
        """The id, unless the vault is not shown."""
        self._enter("find_vault", vault)
        if not self.is_shown:
            raise NotFoundError("not shown", subject=str(vault.ref))
        return self._answer("find_vault", self.vault_id(vault))

    async def list_machines(self, vault_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The machines."""
        self._enter("list_machines", vault_id)
        return self._answer("list_machines", tuple(self.machines))

    async def list_policies(self, vault_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The policies."""
        self._enter("list_policies", vault_id)
        return self._answer("list_policies", tuple(self.policies))

    async def read_storage(self, vault_id: str) -> Reading[JsonObject]:
        """The storage."""
        self._enter("read_storage", vault_id)
        return self._answer("read_storage", {"properties": {"storageType": "GeoRedundant"}})

    async def unregister_machine(self, path: str) -> None:
        """Takes the machine of the path away."""
        self._enter("unregister_machine", path)
        number = path.split("/")[-2]
        left = [one for one in self.machines if str(one["properties"]["containerId"]) != number]
        if len(left) == len(self.machines):
            raise NotFoundError("no such machine", subject=path)
        self.machines = left
        self.unregistered.append(path)
        self._leave("unregister_machine", None)

    def _answer[T](self, method: str, value: T) -> Reading[Any]:
        return self._leave(method, self.reading(f"GET {method}", value))
