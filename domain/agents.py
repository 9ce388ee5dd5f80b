"""Backup agents and servers registered in a vault: who they are and how old.

Versions are compared as numbers, never as text: 2.0.10000.0 is newer than 2.0.9083.0. A missing
or odd version is unknown, never old (recovery-services 3).
"""

import re
from dataclasses import dataclass
from datetime import datetime

from domain.codec import JsonObject
from domain.documents import integer_at, text_at, value_at
from domain.moments import parse_moment

type Version = tuple[int, ...]
"""The numbers of a version, most significant first."""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """The least agent version for one purpose."""

    version: Version
    purpose: str
    source: str


UPGRADE_FLOOR = Floor(
    version=(2, 0, 9083, 0),
    purpose="the machine shows in an upgraded vault",
    source="vault-upgrade 1.2 (2.0.9070.0 until August 2017)",
)

FEATURE_FLOORS: tuple[Floor, ...] = (
    Floor(version=(2, 0, 9052, 0), purpose="enhanced security", source="recovery-services 7"),
    Floor(version=(2, 0, 9249, 0), purpose="new vault credentials", source="recovery-services 3"),
    Floor(version=(2, 0, 9250, 0), purpose="immutable vaults", source="recovery-services 3"),
)
"""What older agents cannot do; no reason to call an agent too old."""


# Not \d, which takes the digits of every script; no agent writes its version with those.
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def parse_version(text: str | None) -> Version | None:
    """The numbers of a version, without trailing zeros, or None where it is not one."""
    said = (text or "").strip()
    if not _VERSION.fullmatch(said):
        return None
    numbers = [int(part) for part in said.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    # 0.0.0.0 stands for "not filled in".
    return tuple(numbers) or None


def version_text(version: Version) -> str:
    """A floor's version as people write it."""
    return ".".join(str(number) for number in version)


def is_below(version: Version, floor: Floor) -> bool:
    """Whether a parsed version is older than a floor."""
    # 2.0.9083 and 2.0.9083.0 are the same version.
    padded = version + (0,) * (len(floor.version) - len(version))
    return padded < floor.version


@dataclass(frozen=True, kw_only=True)
class Agent:
    """One registered machine (MARS) or backup server (DPM, Azure Backup Server)."""

    name: str
    """Name of the machine as the service shows it."""
    raw_version: str | None
    """Agent version as sent; None where the service sent none."""
    version: Version | None
    last_refreshed_at: datetime | None
    """When the vault last heard of it, UTC; None where unknown."""
    item_count: int | None
    has_update: bool | None
    """The service offers an update (backup servers only)."""


def _name(document: JsonObject) -> str:
    # Bodies of 2016 carry a friendly name for some machines only.
    friendly = text_at(document, ("properties", "friendlyName"))
    # A container is named after its machine: Windows;fqdn.
    return friendly or text_at(document, ("name",)).rpartition(";")[2]


def parse_agent(document: JsonObject) -> Agent:
    """A MARS container as listed; never fails, whatever is missing."""
    raw = text_at(document, ("properties", "agentVersion")) or None
    refreshed = value_at(document, ("properties", "extendedInfo", "lastRefreshedAt"))
    return Agent(
        name=_name(document),
        raw_version=raw,
        version=parse_version(raw),
        last_refreshed_at=parse_moment(refreshed),
        item_count=integer_at(document, ("properties", "protectedItemCount")),
        # Only backup servers are told of updates; a container has no such member (recovery-services
        # 3).
        has_update=None,
    )


def parse_engine(document: JsonObject) -> Agent:
    """A DPM or Azure Backup Server as listed; never fails, whatever is missing."""
    raw = text_at(document, ("properties", "azureBackupAgentVersion")) or None
    refreshed = value_at(document, ("properties", "extendedInfo", "refreshedAt"))
    updates = [
        value_at(document, ("properties", member))
        for member in ("isAzureBackupAgentUpgradeAvailable", "isDpmUpgradeAvailable")
    ]
    # Either member may be missing. Then the other one decides; "not said" must not read as "no".
    told = [one for one in updates if isinstance(one, bool)]
    return Agent(
        name=_name(document),
        raw_version=raw,
        version=parse_version(raw),
        last_refreshed_at=parse_moment(refreshed),
        item_count=integer_at(document, ("properties", "extendedInfo", "protectedItemsCount")),
        has_update=any(told) if told else None,
    )
