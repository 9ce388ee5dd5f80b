"""Starts Azurite's blob service where it is installed."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.blob_service import ACCOUNT

PROGRAM = Path(__file__).parent / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
_ANNOUNCEMENT = re.compile(r"successfully listens on (http://127\.0\.0\.1:\d+)")


def why_not() -> str | None:
    """Why Azurite cannot be started here; None where it can."""
    if shutil.which("node") is None:
        return "Azurite needs Node.js, which is not on the path"
    if not PROGRAM.is_file():
        return "Azurite is not installed; `make azurite` does it"
    return None


@contextmanager
def azurite() -> Iterator[str]:
    """Endpoint of the emulator's only account, empty; it ends with the context."""
    command = [
        *("node", str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", "0"),
        # It knows no version of the service as new as the SDK's.
        *("--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield f"{_announced(process)}/{ACCOUNT}"
        finally:
            process.kill()


def _announced(process: subprocess.Popen[str]) -> str:
    """The address it says it listens on; the test's own time limit bounds the wait."""
    said = ""
    for line in process.stdout or ():
        said += line
        if found := _ANNOUNCEMENT.search(line):
            return found[1]
    raise AssertionError(f"Azurite ended before it listened: {said}")
