"""Holds the code to its size budgets (``make check``).

Hard caps fail, each with file, line, measure, value and cap. Targets are printed beside the figure
they are for; a figure outside its target is marked but does not fail.
"""

import argparse
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePath

from tools import import_graph
from tools.measures import FunctionShape, ModuleShape, measure

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "activities",
    "adapters",
    "cli",
    "domain",
    "function_app.py",
    "local",
    "orchestrators",
    "reports",
    "tools",
    "triggers",
)
TESTS = "tests"

MODULE_LINES = 350
FUNCTION_LINES = 60
WORKFLOW_LINES = 45
"""For generators in ``orchestrators``: a workflow fits on one screen."""
COMPLEXITY = 10
NESTING = 3
IMPORT_DEPTH = 9
TEST_RATIO = 0.9
TEST_LINES = 40


@dataclass(frozen=True, order=True)
class Violation:
    """One cap that does not hold."""

    path: str
    line: int
    measure: str
    value: str
    cap: str

    def __str__(self) -> str:
        """One line, clickable in most terminals."""
        return f"{self.path}:{self.line}: {self.measure}: {self.value} (cap {self.cap})"


@dataclass(frozen=True)
class Figure:
    """One figure over all modules and the target it is held against."""

    name: str
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """The figure, its target, and a mark where it is outside."""
        mark = "" if self.low <= self.value <= self.high else "   <- outside the target"
        target = f"<= {self.high:g}" if not self.low else f"{self.low:g} to {self.high:g}"
        return f"  {self.name:<36} {self.value:>6.4g}   target {target}{mark}"


def read_modules(root: Path, names: Iterable[str]) -> dict[PurePath, str]:
    """Text of every Python module below the named files and folders; paths relative to root."""
    found: dict[PurePath, str] = {}
    for name in names:
        top = root / name
        paths = sorted(top.rglob("*.py")) if top.is_dir() else [top] if top.is_file() else []
        for path in paths:
            found[path.relative_to(root)] = path.read_text(encoding="utf-8")
    return found


def check_module(module: ModuleShape) -> Iterator[Violation]:
    """The caps one source module breaks."""
    path = str(module.path)
    if module.lines > MODULE_LINES:
        yield Violation(path, 1, "lines per module", str(module.lines), str(MODULE_LINES))
    if module.code_lines and not module.has_docstring:
        yield Violation(path, 1, "module docstring", "missing", "always there")
    for line, name in module.undocumented:
        yield Violation(path, line, "public docstring", f"missing on {name}", "always there")
    for function in module.functions:
        yield from check_function(module.path, function)


def check_function(path: PurePath, function: FunctionShape) -> Iterator[Violation]:
    """The caps one source function breaks."""
    # Workflows are generators; helpers beside them are held to the common cap.
    is_workflow = function.is_generator and path.parts[0] == "orchestrators"
    for name, value, cap in (
        ("lines per function", function.lines, WORKFLOW_LINES if is_workflow else FUNCTION_LINES),
        ("complexity", function.complexity, COMPLEXITY),
        ("nesting", function.nesting, NESTING),
    ):
        if value > cap:
            yield Violation(
                str(path), function.line, f"{name} of {function.name}", str(value), str(cap)
            )


def check_tests(tests: Iterable[ModuleShape]) -> Iterator[Violation]:
    """The tests that are too long."""
    for module in tests:
        for test in _test_functions([module]):
            if test.lines > TEST_LINES:
                what = f"lines of test {test.name}"
                yield Violation(str(module.path), test.line, what, str(test.lines), str(TEST_LINES))


def check_ratio(
    sources: Sequence[ModuleShape], tests: Sequence[ModuleShape]
) -> Iterator[Violation]:
    """Too little test code, if so."""
    ratio = ratio_of_tests(sources, tests)
    # A tree without code has nothing to test, as the tests of this very tool have it.
    if any(module.code_lines for module in sources) and ratio <= TEST_RATIO:
        yield Violation(
            TESTS, 0, "test lines per code line", f"{ratio:.2f}", f"more than {TEST_RATIO}"
        )


def check_imports(graph: import_graph.Graph) -> Iterator[Violation]:
    """A cycle of imports, or a chain that is too long."""
    cycle = import_graph.find_cycle(graph)
    # With a cycle there is no longest chain; one thing at a time.
    if cycle:
        yield Violation(cycle[0], 0, "import cycle", " -> ".join(cycle), "none")
        return
    longest = import_graph.longest_chain(graph)
    if len(longest) > IMPORT_DEPTH:
        depth = f"{len(longest)}: {' -> '.join(longest)}"
        yield Violation(longest[0], 0, "import depth", depth, str(IMPORT_DEPTH))


def ratio_of_tests(sources: Sequence[ModuleShape], tests: Sequence[ModuleShape]) -> float:
    """Lines of test code per line of source code."""
    code = sum(module.code_lines for module in sources)
    return sum(module.code_lines for module in tests) / code if code else 0.0


def percentile(values: Sequence[int], share: float) -> int:
    """The value that ``share`` of the values do not exceed; 0 for none."""
    # The nearest rank, without interpolation: the figures are whole lines and branches.
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def figures(
    sources: Sequence[ModuleShape], tests: Sequence[ModuleShape], graph: import_graph.Graph
) -> list[Figure]:
    """Every measure that has a target."""
    # The cycle is reported as a broken cap; the figure only must not crash over it.
    depth = 0 if import_graph.find_cycle(graph) else len(import_graph.longest_chain(graph))
    return [
        *_size_figures(sources),
        Figure("import depth", depth, 0, 7),
        Figure("test lines per code line", ratio_of_tests(sources, tests), 1.0, 1.6),
        Figure("lines per test, median", _median(f.lines for f in _test_functions(tests)), 0, 12),
    ]


def _size_figures(sources: Sequence[ModuleShape]) -> list[Figure]:
    # Modules that only name a package say nothing of how long a module is.
    modules = [module.lines for module in sources if module.code_lines]
    return [
        Figure("lines per module, median", _median(modules), 0, 110),
        *_function_figures([function for module in sources for function in module.functions]),
        Figure("comment lines per code line", _comment_share(sources), 0.06, 0.14),
    ]


def _function_figures(functions: Sequence[FunctionShape]) -> list[Figure]:
    lines = [function.lines for function in functions]
    return [
        Figure("lines per function, median", _median(lines), 0, 9),
        Figure("lines per function, 90 %", percentile(lines, 0.9), 0, 30),
        Figure("complexity, 95 %", percentile([f.complexity for f in functions], 0.95), 0, 6),
        Figure("nesting, 95 %", percentile([f.nesting for f in functions], 0.95), 0, 2),
    ]


def _comment_share(sources: Sequence[ModuleShape]) -> float:
    code = sum(module.code_lines for module in sources)
    return sum(module.comment_lines for module in sources) / code if code else 0.0


def _median(values: Iterable[int]) -> float:
    return statistics.median(list(values) or [0])


def _test_functions(tests: Iterable[ModuleShape]) -> list[FunctionShape]:
    return [f for module in tests for f in module.functions if f.name.startswith("test_")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks a repository; exit code 1 if a cap does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    root = parser.parse_args(arguments).root
    texts = read_modules(root, SOURCES)
    sources = [measure(path, text) for path, text in texts.items()]
    tests = [measure(path, text) for path, text in read_modules(root, [TESTS]).items()]
    graph = import_graph.build(texts)

    violations = sorted(
        chain(
            chain.from_iterable(map(check_module, sources)),
            check_tests(tests),
            check_ratio(sources, tests),
            check_imports(graph),
        )
    )
    for line in (*figures(sources, tests, graph), *violations):
        print(line)
    print(f"{len(sources)} modules, {len(tests)} test modules, {len(violations)} caps broken")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
