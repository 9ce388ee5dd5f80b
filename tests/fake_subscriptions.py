"""Resource Manager as a fake: one subscription in which nothing stands against an upgrade."""

from typing import Any

from domain.codec import JsonObject
from domain.errors import NotFoundError
from domain.prechecks import REGISTERED
from domain.subscription_checks import PROVIDERS
from domain.vaults import Reading
from tests.fake_base import Fake, FakeClock


class FakeSubscriptions(Fake):
    """A subscription with its groups, providers and features; change what the test needs.

    A provider that is registered passes through ``Registering`` for ``looks_until_registered``
    looks.
    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.subscription: JsonObject = {
            "state": "Enabled",
            "subscriptionPolicies": {"quotaId": "PayAsYouGo_2014-09-01"},
        }
        self.groups = ["rg-backup-upgraded"]
        self.providers = dict.fromkeys(PROVIDERS, REGISTERED)
        self.features = {"VaultUpgrade": REGISTERED}
        self.looks_until_registered = 0
        self._looks_left: dict[str, int] = {}

    async def read_subscription(self, subscription_id: str) -> Reading[JsonObject]:
        """The subscription."""
        self._enter("read_subscription", subscription_id)
        return self._answer("read_subscription", self.subscription)

    async def list_groups(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The groups by name."""
        self._enter("list_groups", subscription_id)
        rows = tuple({"name": name, "location": "westus"} for name in self.groups)
        return self._leave("list_groups", self.reading("GET list_groups", rows))

    async def read_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """The provider; each look brings a registration nearer to its end."""
        self._enter("read_provider", subscription_id, namespace)
        if namespace in self._looks_left:
            self._looks_left[namespace] -= 1
            if self._looks_left[namespace] < 0:
                self.providers[namespace] = REGISTERED
        return self._answer("read_provider", self._provider(namespace))

    async def register_provider(self, subscription_id: str, namespace: str) -> Reading[JsonObject]:
        """Begins a registration."""
        self._enter("register_provider", subscription_id, namespace)
        if self.providers[namespace] != REGISTERED:
            self.providers[namespace] = "Registering"
            self._looks_left.setdefault(namespace, self.looks_until_registered)
        return self._answer("register_provider", self._provider(namespace))

    async def read_feature(
        self, subscription_id: str, namespace: str, feature: str
    ) -> Reading[JsonObject]:
        """A feature of ``features``."""
        self._enter("read_feature", subscription_id, namespace, feature)
        if feature not in self.features:
            raise NotFoundError("no such feature", subject=feature, status=404)
        return self._answer("read_feature", {"properties": {"state": self.features[feature]}})

    def _provider(self, namespace: str) -> JsonObject:
        return {"namespace": namespace, "registrationState": self.providers[namespace]}

    def _answer(self, method: str, document: Any) -> Reading[JsonObject]:
        return self._leave(method, self.reading(f"GET {method}", document))
