"""Where ``vaultlift report`` finds evidence: in a folder, or in a blob container."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from adapters.evidence_folder import EvidenceFolder
from adapters.evidence_location import parse_container_url
from domain.errors import ConfigurationError
from reports.gathering import DocumentReader


class RemoteReader(DocumentReader, Protocol):
    """A store that holds connections."""

    async def aclose(self) -> None:
        """Closes them."""
        ...


@dataclass(frozen=True, kw_only=True)
class FolderSource:
    """Evidence on this machine."""

    path: Path

    def open(self) -> EvidenceFolder:
        """The store.

        Raises:
            ConfigurationError: There is no such folder.
        """
        # An empty folder is no mistake, a folder that is not there is a misspelt one.
        if not self.path.is_dir():
            raise ConfigurationError("there is no such evidence folder", subject=str(self.path))
        return EvidenceFolder(self.path)

    def links(self, out: Path) -> str:
        """The folder as seen from a page in ``out``."""
        # Relative, so that a folder with report and evidence can be moved or zipped.
        return Path(os.path.relpath(self.path.resolve(), out.resolve())).as_posix()

    async def aclose(self) -> None:
        """Nothing: a folder holds no connection."""


@dataclass(frozen=True, kw_only=True)
class ContainerSource:
    """Evidence in Azure, read by whoever is signed in."""

    address: str
    store: RemoteReader

    def open(self) -> RemoteReader:
        """The store; connects at the first reading."""
        return self.store

    def links(self, out: Path) -> str:
        """The container's address: whoever may read evidence may follow a link."""
        del out  # The same from everywhere.
        return self.address

    async def aclose(self) -> None:
        """Closes the connections to Azure."""
        await self.store.aclose()


type EvidenceSource = FolderSource | ContainerSource


def find_source(text: str) -> EvidenceSource:
    """The source that an address of a container, or anything else as a folder, stands for.

    Raises:
        ConfigurationError: It begins like an address and is none of a container.
    """
    if not text.startswith("https://"):
        return FolderSource(path=Path(text))
    # Not at the top: importing the storage SDK would cost every command a fifth of a second.
    from adapters.evidence_stores import container_of_operator  # noqa: PLC0415

    try:
        location = parse_container_url(text)
        store = container_of_operator(location)
    except ValueError as error:
        raise ConfigurationError(str(error), subject="--evidence") from None
    # Otherwise every way of signing in that failed is printed, before the error that says so.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    return ContainerSource(address=f"{location.account_url}/{location.name}", store=store)
