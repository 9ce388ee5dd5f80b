"""Holds the rule that only ``adapters`` names the Azure SDK (``make check``).

import-linter sees ``azure`` as one package, so it cannot tell the Functions library, which
workflows and triggers are written in, from the SDK that reaches services. Every import counts,
also those inside functions.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SDK = ("azure", "msal")
"""What reaches services."""
FUNCTIONS = ("azure.functions", "azure.durable_functions")
"""What a function app is written in."""
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "activities": FUNCTIONS,
    "adapters": SDK,
    "cli": (),
    "domain": (),
    "function_app.py": FUNCTIONS,
    "local": SDK,
    "orchestrators": FUNCTIONS,
    "reports": (),
    "triggers": FUNCTIONS,
}
"""For each file or folder, the Azure libraries it may import."""


def imported_names(text: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports.

    ``from azure import identity`` counts as ``azure.identity``.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_within(name: str, packages: Sequence[str]) -> bool:
    """``name`` is one of the packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def find_forbidden(text: str, allowed: Sequence[str]) -> list[tuple[int, str]]:
    """Line and name of each Azure import that is not allowed."""
    return [
        (line, name)
        for line, name in imported_names(text)
        if is_within(name, SDK) and not is_within(name, allowed)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks a repository; exit code 1 if an import is not allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    root = parser.parse_args(arguments).root
    count = 0
    for top, allowed in ALLOWED.items():
        place = root / top
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            for line, name in find_forbidden(path.read_text(encoding="utf-8"), allowed):
                may = ", ".join(allowed) or "no Azure library"
                print(f"{path.relative_to(root)}:{line}: imports {name}; {top} may import {may}")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
