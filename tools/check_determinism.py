"""Holds what the import contracts cannot see of DESIGN rule 7 (``make check``).

Workflows, and the domain they call, are run again from their history and must answer alike each
time. Modules that read a clock or the outside are forbidden by contract; ``datetime`` and the
built-in functions cannot be, so here are the calls that are not allowed:

1. ``datetime.now``, ``utcnow`` and ``date.today``: a workflow takes its time from its context, the
   domain takes it as an argument.
2. ``open`` and ``input``: what is outside is read by activities.
3. ``hash`` and ``id``: they differ from process to process.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("domain", "orchestrators")
"""What is replayed."""
CLOCKS = frozenset({"now", "today", "utcnow"})
"""Methods of ``datetime`` and ``date`` that read this machine's clock."""
CLASSES = frozenset({"date", "datetime"})
BUILT_IN = frozenset({"hash", "id", "input", "open"})


def find_calls(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of each use that could differ when it is replayed.

    A use counts without a call, too: a clock that is handed on is read later.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            owner = ast.unparse(node.value).rpartition(".")[2]
            if owner in CLASSES:
                yield node.lineno, f"{owner}.{node.attr}"
        # Read, not set: a field may well be named ``id``.
        elif isinstance(node, ast.Name) and node.id in BUILT_IN and isinstance(node.ctx, ast.Load):
            yield node.lineno, node.id


def find_problems(root: Path) -> Iterator[str]:
    """Every use that is not allowed, with file and line."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            found = find_calls(path.read_text(encoding="utf-8"))
            place = path.relative_to(root)
            yield from (f"{place}:{line}: {name} differs on replay" for line, name in found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks a repository; exit code 1 if something could differ on replay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    problems = list(find_problems(parser.parse_args(arguments).root))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
