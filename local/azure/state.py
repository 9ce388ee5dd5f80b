"""The estate as a whole: every vault, and how it is found.

Names and ids are compared without case, as the services do (recovery-services 0).
"""

from collections.abc import Iterable
from datetime import datetime

from local.azure.model import CloudService, Identity, Vault, Workspace
from local.azure.names import cloud_service_name, stable_guid
from local.azure.subscriptions import Subscription


class State:
    """Everything simulated Azure holds, and the indexes to find it fast.

    Args:
        identity: Who may ask for tokens.
        vaults: Every vault, in the order the services list them.
        workspaces: Log Analytics workspaces.
        cloud_services: Cloud services whose ids are given; the others are made up.
        subscriptions: What is known of subscriptions; of the others, the usual.
        opened_at: When the estate came to life, virtual time.
        page_size: Rows per page of an ARM list.

    Raises:
        ValueError: Two vaults answer to the same name.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        vaults: Iterable[Vault],
        opened_at: datetime,
        workspaces: Iterable[Workspace] = (),
        cloud_services: Iterable[CloudService] = (),
        subscriptions: Iterable[Subscription] = (),
        page_size: int = 200,
    ) -> None:
        self.identity = identity
        self.opened_at = opened_at
        self.page_size = page_size
        # The estate may be a generator; it must be walked only once.
        self.vaults = list(vaults)
        self.workspaces = {workspace.id.lower(): workspace for workspace in workspaces}
        self._cloud_services = {service.name.lower(): service for service in cloud_services}
        self._subscriptions = {one.id.lower(): one for one in subscriptions}
        self._by_subscription: dict[str, list[Vault]] = {}
        self._classic: dict[tuple[str, ...], Vault] = {}
        for vault in self.vaults:
            self._add(vault)

    def _add(self, vault: Vault) -> None:
        self._by_subscription.setdefault(vault.subscription_id.lower(), []).append(vault)
        if vault.classic is None:
            return
        names = (vault.subscription_id, vault.cloud_service, vault.vault_type, vault.name)
        key = tuple(part.lower() for part in names)
        # The service cannot make such a pair; without this one would hide the other.
        if key in self._classic:
            raise ValueError(f"two classic vaults named {vault.name!r} in {vault.region}")
        self._classic[key] = vault

    def has_subscription(self, subscription_id: str) -> bool:
        """Whether the estate knows the subscription."""
        return subscription_id.lower() in self._by_subscription

    def subscription(self, subscription_id: str) -> Subscription:
        """What is known of a subscription itself."""
        key = subscription_id.lower()
        return self._subscriptions.setdefault(key, Subscription(id=key))

    def subscription_ids(self) -> tuple[str, ...]:
        """Every subscription of the estate."""
        return tuple(self._by_subscription)

    def vaults_of(self, subscription_id: str) -> list[Vault]:
        """Every vault of a subscription, classic or not."""
        return self._by_subscription.get(subscription_id.lower(), [])

    def cloud_services(self, subscription_id: str) -> list[tuple[CloudService, list[Vault]]]:
        """The cloud services of a subscription with the classic vaults in each."""
        # One cloud service per region holds all its vaults (vault-upgrade 2.0), in the order given.
        grouped: dict[str, list[Vault]] = {}
        for vault in self.vaults_of(subscription_id):
            if vault.classic is not None:
                grouped.setdefault(vault.region, []).append(vault)
        return [
            (self._cloud_service(subscription_id, region), vaults)
            for region, vaults in grouped.items()
        ]

    def _cloud_service(self, subscription_id: str, region: str) -> CloudService:
        name = cloud_service_name(subscription_id, region)
        known = self._cloud_services.get(name.lower())
        return known or CloudService(
            name=name,
            label=stable_guid("label", name),
            description=stable_guid("description", name),
            region=region,
        )

    def find_classic(
        self, subscription_id: str, cloud_service: str, vault_type: str, name: str
    ) -> Vault | None:
        """The classic vault of these names."""
        key = (subscription_id, cloud_service, vault_type, name)
        return self._classic.get(tuple(part.lower() for part in key))

    def find_vault(self, subscription_id: str, group: str, name: str) -> Vault | None:
        """The Recovery Services vault of these names, whatever state it is in."""
        # Looked for anew each time: the group is known only once an upgrade was started.
        for vault in self.vaults_of(subscription_id):
            is_named = vault.name.lower() == name.lower()
            if is_named and (vault.resource_group or "").lower() == group.lower():
                return vault
        return None

    def has_group(self, subscription_id: str, group: str) -> bool:
        """Whether there is a resource group of this name: one of the estate, or of a vault."""
        known = self.subscription(subscription_id).groups
        if group.lower() in {name.lower() for name in known}:
            return True
        return any(
            (vault.resource_group or "").lower() == group.lower()
            for vault in self.vaults_of(subscription_id)
        )

    def find_by_arm_id(self, arm_id: str) -> Vault | None:
        """The Recovery Services vault with this id."""
        parts = arm_id.strip("/").split("/")
        if len(parts) != 8:  # noqa: PLR2004 - four names, each behind its own segment
            return None
        return self.find_vault(parts[1], parts[3], parts[7])
