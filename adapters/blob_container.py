"""The connection to the blob container that evidence is kept in.

The SDK builds its own pipeline; what differs here is that it gives up within seconds (longer waits
are left to the workflow), that redirects are not followed, and the transport, which never sends
anything again by itself.
"""

from dataclasses import dataclass
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.storage.blob.aio import ContainerClient, ExponentialRetry

from adapters.clouds import Cloud
from adapters.evidence_location import ContainerLocation
from adapters.pipelines import USER_AGENT

RETRY_BASE_S = 2
"""Seconds before the first retry, about; each further one waits twice as long."""
LARGEST_PUT_BYTES = 256 * 1024 * 1024
"""Documents up to this size are sent in one request, which is every document there can be."""

type Transport = AsyncHttpTransport[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container as one event loop reaches it."""

    client: ContainerClient
    credential: AsyncTokenCredential | None = None

    async def aclose(self) -> None:
        """Closes the connections."""
        await self.client.close()
        if self.credential is not None:
            await self.credential.close()


def container_by_identity(
    location: ContainerLocation,
    cloud: Cloud,
    credential: AsyncTokenCredential,
    transport: Transport,
    retry_base_s: int = RETRY_BASE_S,
) -> Container:
    """The container, as the app's identity may use it; belongs to the running loop."""
    client = ContainerClient(
        location.account_url or "",
        location.name,
        credential=credential,
        audience=location.audience(cloud),
        **_options(transport, retry_base_s),
    )
    return Container(client=client, credential=credential)


def container_by_connection(
    location: ContainerLocation,
    connection_string: str,
    transport: Transport,
    retry_base_s: int = RETRY_BASE_S,
) -> Container:
    """The container of the account a connection string names; its key signs every request."""
    client = ContainerClient.from_connection_string(
        connection_string, location.name, **_options(transport, retry_base_s)
    )
    return Container(client=client)


def _options(transport: Transport, retry_base_s: int) -> dict[str, Any]:
    # By default the SDK would hold a worker for two minutes.
    retry = ExponentialRetry(
        initial_backoff=0,
        increment_base=retry_base_s,
        retry_total=3,
        random_jitter_range=retry_base_s // 2,
    )
    return {
        "transport": transport,
        # Repeats what failed without an answer, or with a 408 or 5xx; puts too, which is safe here
        # (evidence_blob).
        "retry_policy": retry,
        # Never in blocks: those that two writers stage under one name could be committed mixed.
        "max_single_put_size": LARGEST_PUT_BYTES,
        "permit_redirects": False,
        "user_agent": USER_AGENT,
    }
