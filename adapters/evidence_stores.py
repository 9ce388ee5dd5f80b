"""Opens evidence stores: the one that the settings name, and any that an operator reads."""

from azure.identity.aio import DefaultAzureCredential

from adapters.blob_container import Container, container_by_connection, container_by_identity
from adapters.credentials import make_credential
from adapters.evidence_blob import EvidenceBlobs
from adapters.evidence_folder import EvidenceFolder
from adapters.evidence_location import ContainerLocation, FolderLocation, cloud_of
from adapters.loop_local import LoopLocal
from adapters.ports import EvidenceStore
from adapters.settings import Settings
from adapters.transport import CarefulTransport


def evidence_store(settings: Settings) -> EvidenceStore:
    """The store; connects when something is asked of it."""
    location = settings.evidence_location
    if isinstance(location, FolderLocation):
        return EvidenceFolder(location.path)
    return EvidenceBlobs(LoopLocal(lambda: _connect(settings, location), Container.aclose))


def container_of_operator(location: ContainerLocation) -> EvidenceBlobs:
    """The container at an address, for whoever is signed in on this machine.

    Raises:
        ValueError: The account is in none of Microsoft's clouds; no token goes there.
    """
    cloud = cloud_of(location)
    return EvidenceBlobs(
        LoopLocal(
            lambda: container_by_identity(
                location,
                cloud,
                DefaultAzureCredential(authority=cloud.authority),
                CarefulTransport(),
                # Somebody waits for the answer, and not being signed in counts as a failed try.
                retry_base_s=1,
            ),
            Container.aclose,
        )
    )


def _connect(settings: Settings, location: ContainerLocation) -> Container:
    transport = CarefulTransport()
    connection = settings.evidence_connection
    if connection is not None:
        return container_by_connection(location, connection.get_secret_value(), transport)
    return container_by_identity(location, settings.cloud, make_credential(settings), transport)
