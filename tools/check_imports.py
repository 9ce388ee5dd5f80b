"""Holds the import rules that import-linter cannot see (``make check``).

1. Only ``adapters`` (and ``local``, which is never deployed) names the Azure SDK. To import-linter
   ``azure`` is one package, so it cannot tell the Functions library, which workflows and triggers
   are written in, from the SDK that reaches services.
2. ``function_app.py`` does not import ``local``. import-linter reads packages, not single files.

Every import counts, also those inside functions.
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
APP = "function_app.py"
# What .funcignore keeps out: such an import works on a desk and fails in Azure.
NEVER_DEPLOYED = ("local", "tests", "tools", "benchmarks")
"""What the app may not import, because it is not there in Azure."""
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "activities": FUNCTIONS,
    "adapters": SDK,
    "cli": (),
    "domain": (),
    APP: FUNCTIONS,
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
    # By the syntax tree: text search would find names in strings and comments.
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, name) for name in _names_from(node))


def _names_from(node: ast.ImportFrom) -> list[str]:
    # A relative import names something of its own package, which no rule here is about.
    if node.level or not node.module:
        return []
    return [f"{node.module}.{alias.name}" for alias in node.names]


def is_within(name: str, packages: Sequence[str]) -> bool:
    """``name`` is one of the packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def find_sdk(text: str, allowed: Sequence[str]) -> list[tuple[int, str]]:
    """Line and name of each Azure import that is not allowed."""
    return [
        (line, name)
        for line, name in imported_names(text)
        if is_within(name, SDK) and not is_within(name, allowed)
    ]


def find_undeployed(text: str) -> list[tuple[int, str]]:
    """Line and name of each import of something that is not deployed."""
    return [(line, name) for line, name in imported_names(text) if is_within(name, NEVER_DEPLOYED)]


def find_problems(root: Path) -> Iterator[str]:
    """Every import of a repository that breaks a rule, with file, line and rule."""
    for top in ALLOWED:
        place = root / top
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            found = _problems_of(path.read_text(encoding="utf-8"), top)
            yield from (f"{path.relative_to(root)}:{problem}" for problem in found)


def _problems_of(text: str, top: str) -> Iterator[str]:
    may = ", ".join(ALLOWED[top]) or "no Azure library"
    for line, name in find_sdk(text, ALLOWED[top]):
        yield f"{line}: imports {name}; {top} may import {may}"
    for line, name in find_undeployed(text) if top == APP else ():
        yield f"{line}: imports {name}, which is not deployed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks a repository; exit code 1 if an import is not allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    problems = list(find_problems(parser.parse_args(arguments).root))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
