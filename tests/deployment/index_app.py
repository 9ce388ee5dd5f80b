"""Indexes an app folder with the runtime that Azure uses; prints what was found, as JSON.

A program of its own, because the runtime keeps its registry in module globals.
"""

import asyncio
import importlib.metadata
import json
import sys
from pathlib import Path

from local.host.runtime import load_app


def _files() -> dict[str, str]:
    """Each imported module, and the file it came from."""
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return {name: str(file) for name, file in files.items() if file}


def _distributions(names: set[str]) -> set[str]:
    """The packages that modules of these names were installed by."""
    owners = importlib.metadata.packages_distributions()
    # A namespace such as azure belongs to many; its parts are told apart by their files.
    return {owner for name in names for owner in owners.get(name, []) if len(owners[name]) == 1}


async def main(folder: Path) -> None:
    """Prints functions, the files of the app's own modules, and what was imported besides."""
    before = _files()
    functions = await load_app(folder)
    after = {name: file for name, file in _files().items() if before.get(name) != file}
    json.dump(
        {
            "functions": sorted(function.name for function in functions),
            "files": after,
            "distributions": sorted(_distributions({name.split(".")[0] for name in after})),
        },
        sys.stdout,
    )


asyncio.run(main(Path(sys.argv[1])))
