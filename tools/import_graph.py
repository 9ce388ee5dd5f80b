"""Which of our modules import which, for cycles and for the length of import chains.

Only imports that run when a module is loaded count: those inside functions and under
``TYPE_CHECKING`` cannot make a cycle at import time.
"""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePath

type Graph = Mapping[str, frozenset[str]]


def module_name(path: PurePath) -> str:
    """The dotted name of a module's path relative to the repository."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def build(sources: Mapping[PurePath, str]) -> Graph:
    """From each module, the modules among ``sources`` that it imports when loaded."""
    names = {module_name(path) for path in sources}
    return {module_name(path): _imported(path, text, names) for path, text in sources.items()}


def _imported(path: PurePath, text: str, names: set[str]) -> frozenset[str]:
    name = module_name(path)
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    found = (_known(target, names) for target in _targets(ast.parse(text), package))
    return frozenset(target for target in found if target) - {name}


def find_cycle(graph: Graph) -> list[str] | None:
    """A chain of imports that ends where it began, or None."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib lists a cycle from the imported to the importer; people read it the other way.
        cycle: list[str] = list(reversed(error.args[1]))
        return cycle
    return None


def longest_chain(graph: Graph) -> list[str]:
    """The longest chain of imports, importer first.

    Raises:
        CycleError: The graph has a cycle.
    """
    chains: dict[str, list[str]] = {}
    # Imported modules come first, so their chains are known when they are needed.
    for name in TopologicalSorter(graph).static_order():
        below = max((chains[target] for target in graph.get(name, ())), key=len, default=[])
        chains[name] = [name, *below]
    return max(chains.values(), key=len, default=[])


def _known(target: str, names: set[str]) -> str | None:
    # ``from domain import errors`` names a module, ``from domain.errors import X`` a thing in one.
    if target in names:
        return target
    parent = target.rpartition(".")[0]
    return parent if parent in names else None


def _targets(tree: ast.Module, package: str) -> Iterator[str]:
    for node in _loaded(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    # One dot is the module's own package, each further dot a package above it.
    kept = parts[: len(parts) - (node.level - 1)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        # What is inside runs later, when every module is loaded.
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        # Never true when the program runs, so nothing is loaded by it.
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _loaded(child)
