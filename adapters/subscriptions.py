"""Subscriptions, resource groups, resource providers and features, through Resource Manager.

Plain calls: the management packages for these four are large, and each would be used for one GET.
Addresses and versions: vault-upgrade 2.6.
"""

from adapters.arm_json import ArmJson, arm_path
from adapters.clients import Clients
from adapters.loop_local import LoopLocal
from adapters.pipelines import REPEATABLE
from adapters.ports import Clock
from domain.codec import JsonObject
from domain.vaults import Reading

SUBSCRIPTION_API_VERSION = "2022-12-01"
GROUPS_API_VERSION = "2021-04-01"
"""Of resource groups and of resource providers."""
FEATURES_API_VERSION = "2021-07-01"


def _version(api_version: str) -> dict[str, str]:
    return {"api-version": api_version}


class SubscriptionsApi:
    """Port Subscriptions over the wire.

    Args:
        clients: Gives the clients of the running loop.
        clock: Dates readings.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._arm = ArmJson(clients, clock)

    async def read_subscription(self, subscription_id: str) -> Reading[JsonObject]:
        """State and offer of the subscription.

        Raises:
            ServiceError: As the port says.
        """
        path = arm_path("subscriptions", subscription_id)
        return await self._arm.read("GET", path, _version(SUBSCRIPTION_API_VERSION))

    async def list_groups(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """Every resource group, page by page.

        Raises:
            ServiceError: As the port says.
        """
        path = arm_path("subscriptions", subscription_id, "resourcegroups")
        return await self._arm.read_pages(path, _version(GROUPS_API_VERSION))

    async def read_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """A resource provider.

        Raises:
            ServiceError: As the port says.
        """
        path = arm_path("subscriptions", subscription_id, "providers", namespace)
        return await self._arm.read("GET", path, _version(GROUPS_API_VERSION))

    async def register_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """Asks for a provider's registration.

        Raises:
            ServiceError: As the port says.
        """
        path = arm_path("subscriptions", subscription_id, "providers", namespace, "register")
        version = _version(GROUPS_API_VERSION)
        # Asking twice is harmless, so this POST may be repeated like a read.
        return await self._arm.read("POST", path, version, retry_on_methods=REPEATABLE)

    async def read_feature(
        self, subscription_id: str, namespace: str, feature: str
    ) -> Reading[JsonObject]:
        """A feature of a provider.

        Raises:
            ServiceError: As the port says.
        """
        owner = ("providers", "Microsoft.Features", "providers", namespace, "features", feature)
        path = arm_path("subscriptions", subscription_id, *owner)
        return await self._arm.read("GET", path, _version(FEATURES_API_VERSION))

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._arm.aclose()
