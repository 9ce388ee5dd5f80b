"""Opens the evidence store that the settings name."""

from adapters.blob_container import Container, container_by_connection, container_by_identity
from adapters.credentials import make_credential
from adapters.evidence_blob import EvidenceBlobs
from adapters.evidence_folder import EvidenceFolder
from adapters.evidence_location import ContainerLocation, FolderLocation
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


def _connect(settings: Settings, location: ContainerLocation) -> Container:
    transport = CarefulTransport()
    connection = settings.evidence_connection
    if connection is not None:
        return container_by_connection(location, connection.get_secret_value(), transport)
    return container_by_identity(location, settings.cloud, make_credential(settings), transport)
