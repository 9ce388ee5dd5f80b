"""Where evidence is kept, as ``VAULTLIFT_EVIDENCE`` says it.

* ``folder:PATH``: on this machine;
* ``https://ACCOUNT.blob.core.windows.net/CONTAINER``: a blob container, reached by identity;
* ``container:NAME``: a blob container of the account that a connection string names, which is how
  emulators are reached.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from adapters.clouds import KNOWN_CLOUDS, Cloud

_FOLDER = "folder:"
_CONTAINER = "container:"
_FORMS = "expected folder:PATH, https://ACCOUNT.blob.core.windows.net/CONTAINER or container:NAME"
# The service's rule for names of containers: 3 to 63 lower case letters, digits, single hyphens.
_CONTAINER_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
STORAGE_AUDIENCE = "https://storage.azure.com"
"""Whom tokens for blobs are issued for, in every Azure cloud, whatever the account's host."""


@dataclass(frozen=True, kw_only=True)
class FolderLocation:
    """A folder of this machine."""

    path: Path


@dataclass(frozen=True, kw_only=True)
class ContainerLocation:
    """A blob container."""

    name: str
    account_url: str | None
    """``https://host`` of the account; None where a connection string names it."""

    def audience(self, cloud: Cloud) -> str:
        """Whom a token for the account is asked for."""
        # Outside of Azure nobody issues tokens for Azure's audience; the account stands for itself.
        return STORAGE_AUDIENCE if cloud.blob_suffixes else str(self.account_url)


type EvidenceLocation = FolderLocation | ContainerLocation


def parse_location(text: str) -> EvidenceLocation:
    """Reads one of the three forms.

    Raises:
        ValueError: None of them; says what is wrong, and repeats nothing that may be secret.
    """
    if text.startswith(_FOLDER) and text != _FOLDER:
        return FolderLocation(path=Path(text.removeprefix(_FOLDER)))
    if text.startswith(_CONTAINER):
        return ContainerLocation(name=_name(text.removeprefix(_CONTAINER)), account_url=None)
    if text.startswith("https://"):
        return parse_container_url(text)
    raise ValueError(_FORMS)


def parse_container_url(url: str) -> ContainerLocation:
    """Reads the address of a container.

    Raises:
        ValueError: More or less than the host of an account and the name of a container.
    """
    parts = urlsplit(url)
    # A signature in the address would be a secret in a setting that is shown like any other.
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("nothing but host and container: access is by identity, not by signature")
    if not parts.hostname:
        raise ValueError(_FORMS)
    return ContainerLocation(
        name=_name(parts.path.strip("/")), account_url=f"https://{parts.netloc.lower()}"
    )


def _name(text: str) -> str:
    if _CONTAINER_NAME.fullmatch(text) is None:
        raise ValueError("not a container: 3 to 63 lower case letters, digits, single hyphens")
    return text


def cloud_of(location: ContainerLocation) -> Cloud:
    """Microsoft's cloud that the account is in.

    Raises:
        ValueError: In none of them.
    """
    fitting = (cloud for cloud in KNOWN_CLOUDS.values() if not find_cloud_problem(location, cloud))
    found = next(fitting, None)
    if found is None:
        raise ValueError("not a blob account of any Azure cloud")
    return found


def find_cloud_problem(location: EvidenceLocation, cloud: Cloud) -> str | None:
    """Why a token of this cloud must not go to that account, or None."""
    if not isinstance(location, ContainerLocation) or location.account_url is None:
        return None
    host = location.account_url.removeprefix("https://")
    if not cloud.blob_suffixes or host.endswith(cloud.blob_suffixes):
        return None
    # An account of another cloud could not read the token; anybody else's host could use it.
    return f"not a blob account of {cloud.name}: *{' or *'.join(cloud.blob_suffixes)} expected"
