"""Which vaultlift this is."""

from importlib import metadata

PROGRAM = "vaultlift"


def tool_version() -> str:
    """The installed version; ``unknown`` in a checkout that was never installed."""
    try:
        # From the installation: a copy of the number here would be forgotten at a release.
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "unknown"
