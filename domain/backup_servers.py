"""DPM and Azure Backup Servers: the least release that enhanced security works with.

The documentation names releases (recovery-services 7), servers tell build numbers, and none of our
sources joins the two. So a line older than those is too old, a newer one is new enough, and within
the line of the release a person is told what to compare with.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.agents import Version, parse_version
from domain.codec import JsonObject
from domain.documents import value_at


class Standing(StrEnum):
    """How a server's build compares with the least release of its line."""

    BELOW = "below"
    ENOUGH = "enough"
    UNKNOWN = "unknown"
    """No build is told, or it is of the line in which the least release lies."""


@dataclass(frozen=True, kw_only=True)
class ServerLine:
    """One product line and the least of its releases that knows enhanced security."""

    kind: str
    """``backupManagementType``, case-folded."""
    line: Version
    """The first numbers of every build of the line."""
    release: str
    """The least release, as people call it."""


SERVER_LINES: tuple[ServerLine, ...] = (
    ServerLine(kind="dpm", line=(4, 2), release="DPM 2012 R2 UR12"),
    ServerLine(kind="dpm", line=(5, 0), release="DPM 2016 UR2"),
    # The first server and its Update 1 share a line.
    ServerLine(kind="azurebackupserver", line=(11,), release="Azure Backup Server with Update 1"),
)
"""Lines older than all of their kind are too old, newer ones were made with the features."""


@dataclass(frozen=True, kw_only=True)
class BackupServer:
    """What is needed of a DPM or Azure Backup Server."""

    name: str
    raw_version: str | None
    """Build as sent; None where the service sent none."""
    standing: Standing
    release: str
    """The least release to install; empty where the build is new enough."""
    has_update: bool | None
    """The service offers an update for the server or its agent; None: it does not say."""


def _line_of(kind: str, version: Version) -> ServerLine | None:
    lines = [one for one in SERVER_LINES if one.kind == kind]
    within = [one for one in lines if version[: len(one.line)] == one.line]
    return within[0] if within else None


def server_standing(kind: str, version: Version | None) -> tuple[Standing, str]:
    """How a build stands, and the least release it needs where it is not enough.

    Args:
        kind: ``backupManagementType`` as sent.
        version: The server's build; None where unknown.
    """
    folded = kind.casefold()
    lines = [one for one in SERVER_LINES if one.kind == folded]
    # Missing is unknown, never old: the lists of 2016 tell no builds (recovery-services 3).
    if version is None or not lines:
        return Standing.UNKNOWN, ""
    line = _line_of(folded, version)
    if line is not None:
        # A guessed build would call good servers old: the release is named, and a person looks.
        return Standing.UNKNOWN, line.release
    # Between two lines, or above all: 5.1 came after 5.0, 10.19 after both.
    return (Standing.BELOW, lines[-1].release) if version < lines[0].line else (Standing.ENOUGH, "")


def _has_update(told: Iterable[object]) -> bool | None:
    words = [one for one in told if isinstance(one, bool)]
    return any(words) if words else None


def parse_server(document: JsonObject, name: str) -> BackupServer:
    """A backup server as listed; never fails, whatever is missing.

    Args:
        document: The engine, raw.
        name: How it is called to people.
    """
    raw = value_at(document, ("properties", "dpmVersion"))
    text = raw.strip() if isinstance(raw, str) and raw.strip() else None
    kind = value_at(document, ("properties", "backupManagementType"))
    standing, release = server_standing(str(kind or ""), parse_version(text))
    members = ("isDpmUpgradeAvailable", "isAzureBackupAgentUpgradeAvailable")
    return BackupServer(
        name=name,
        raw_version=text,
        standing=standing,
        release=release,
        has_update=_has_update(value_at(document, ("properties", one)) for one in members),
    )
