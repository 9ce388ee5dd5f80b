"""Which vaultlift this is."""

from importlib import metadata

PROGRAM = "vaultlift"


def tool_version() -> str:
    """The installed version; ``unknown`` in a checkout that was never installed."""
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "unknown"
