"""The SDK clients of one event loop, each made at first use and all sharing its connections."""

from collections.abc import Callable
from typing import Any, cast

from azure.core import AsyncPipelineClient
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.monitor.query.aio import LogsQueryClient

from adapters.pipelines import Connections

VAULTS_API_VERSION = "2025-08-01"
"""Pinned, so that a package update cannot change what comes back (recovery-services 0, 2.3)."""
BACKUP_API_VERSION = "2025-08-01"
"""The newest version of which answers of the real service were seen (recovery-services 0)."""

type RestClient = AsyncPipelineClient[HttpRequest, AsyncHttpResponse]
type ClassicClient = RestClient


class Clients:
    """Makes clients; one per kind and subscription."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._cloud = connections.cloud
        self._made: dict[tuple[str, ...], Any] = {}

    # An SDK client is bound to one subscription, so an estate of many needs many. They are cheap:
    # connections, token and throttle are shared by all of them.
    def _once[T](self, make: Callable[[], T], *key: str) -> T:
        if key not in self._made:
            self._made[key] = make()
        return cast("T", self._made[key])

    def classic_reader(self) -> ClassicClient:
        """For the classic calls that may be repeated; the list has no client request id (2.1)."""
        service = self._cloud.classic
        return self._once(
            lambda: AsyncPipelineClient(
                service.endpoint, **self._connections.read_options(service, names_requests=False)
            ),
            *("classic", "read"),
        )

    def classic_writer(self) -> ClassicClient:
        """For the classic call that is sent once."""
        service = self._cloud.classic
        return self._once(
            lambda: AsyncPipelineClient(
                service.endpoint, **self._connections.write_options(service, names_requests=False)
            ),
            *("classic", "write"),
        )

    @property
    def arm_endpoint(self) -> str:
        """Scheme, host and port of Resource Manager."""
        return self._cloud.arm.endpoint

    def arm_reader(self) -> RestClient:
        """For calls to Resource Manager that may be repeated and have no package here."""
        service = self._cloud.arm
        return self._once(
            lambda: AsyncPipelineClient(
                service.endpoint, **self._connections.read_options(service)
            ),
            *("arm", "read"),
        )

    def arm_writer(self) -> RestClient:
        """For calls to Resource Manager that are sent once."""
        service = self._cloud.arm
        return self._once(
            lambda: AsyncPipelineClient(
                service.endpoint, **self._connections.write_options(service)
            ),
            *("arm", "write"),
        )

    def vaults(self, subscription_id: str) -> RecoveryServicesClient:
        """Reads vaults."""
        return self._once(
            lambda: RecoveryServicesClient(
                **self._arm(subscription_id, VAULTS_API_VERSION),
                **self._connections.read_options(self._cloud.arm),
            ),
            *("vaults", subscription_id),
        )

    def vaults_writer(self, subscription_id: str) -> RecoveryServicesClient:
        """Writes what hangs on vaults; sends once."""
        return self._once(
            lambda: RecoveryServicesClient(
                **self._arm(subscription_id, VAULTS_API_VERSION),
                **self._connections.write_options(self._cloud.arm),
            ),
            *("vaults", "write", subscription_id),
        )

    def backup(self, subscription_id: str) -> RecoveryServicesBackupClient:
        """Reads what is inside vaults."""
        return self._once(
            lambda: RecoveryServicesBackupClient(
                **self._arm(subscription_id, BACKUP_API_VERSION),
                **self._connections.read_options(self._cloud.arm),
            ),
            *("backup", "read", subscription_id),
        )

    def backup_writer(self, subscription_id: str) -> RecoveryServicesBackupClient:
        """Writes policies; sends once."""
        return self._once(
            lambda: RecoveryServicesBackupClient(
                **self._arm(subscription_id, BACKUP_API_VERSION),
                **self._connections.write_options(self._cloud.arm),
            ),
            *("backup", "write", subscription_id),
        )

    def logs(self) -> LogsQueryClient:
        """Asks Log Analytics."""
        service = self._cloud.logs
        return self._once(
            lambda: LogsQueryClient(
                self._connections.credential,
                endpoint=service.endpoint,
                # Without it the package asks for tokens of the endpoint, which is right in the
                # public cloud only (recovery-services 6.1).
                audience=service.scope.removesuffix("/.default"),
                **self._connections.read_options(service),
            ),
            "logs",
        )

    def _arm(self, subscription_id: str, api_version: str) -> dict[str, Any]:
        return {
            "credential": self._connections.credential,
            "subscription_id": subscription_id,
            "base_url": self._cloud.arm.endpoint,
            "credential_scopes": [self._cloud.arm.scope],
            "api_version": api_version,
        }

    async def aclose(self) -> None:
        """Closes the connections; the clients hold nothing else."""
        # First, so that nobody gets a client whose connections are about to close.
        self._made.clear()
        await self._connections.aclose()
