"""Recorded exchanges of the services, read from beside the repository where they are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[3].parent / "shared" / "data"
_BETWEEN = re.compile(r">\s+<")


def upgrade_entries(name: str) -> list[dict[str, Any]]:
    """The exchanges of one upgrade recording, in the order they took place."""
    entries = _read(f"upgrade-recordings/{name}.json")["Entries"]
    return sorted(entries, key=lambda entry: entry["ResponseHeaders"]["Date"][0][-12:])


def classic_backup_exchanges() -> list[dict[str, Any]]:
    """Recorded exchanges about classic vaults in Resource Manager."""
    found: list[dict[str, Any]] = _read(
        "upgrade-recordings/classic-microsoft-backup-exchanges.json"
    )["exchanges"]
    return found


def arm_exchange(path: str) -> dict[str, Any]:
    """Request and response of one ARM recording."""
    document: dict[str, Any] = _read(f"arm-examples/{path}.json")
    return document


def arm_names(kind: str, prefix: str) -> list[str]:
    """The ARM recordings of a kind whose name starts with ``prefix``; none where they lack."""
    return sorted(
        f"{kind}/{path.stem}" for path in (DATA / "arm-examples" / kind).glob(f"{prefix}*.json")
    )


def wire_form(entry: dict[str, Any]) -> str:
    """A recorded XML body as it was on the wire: the recorder indented it (vault-upgrade 2.0)."""
    return _BETWEEN.sub("><", entry["ResponseBody"]).replace(" />", "/>")


def _read(name: str) -> Any:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"the recorded exchanges are not beside this checkout ({path.name})")
    return json.loads(path.read_text(encoding="utf-8"))
