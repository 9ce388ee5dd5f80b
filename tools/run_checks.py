"""Runs every static check and reports all that failed, not just the first (``make check``)."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """One program that exits 0 when all is well."""

    name: str
    """What is checked, in the words of the summary."""
    command: tuple[str, ...]


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


CHECKS = (
    Check("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
    Check("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
    Check("types", (str(BIN / "mypy"), "--no-error-summary")),
    Check("import contracts", (str(BIN / "lint-imports"), "--no-logo")),
    Check("imports", _module("tools.check_imports")),
    Check("determinism", _module("tools.check_determinism")),
    Check("size budgets", _module("tools.check_budgets")),
    Check("locks", _module("tools.check_locks")),
    Check("documents", _module("tools.check_docs")),
)


def run(checks: Sequence[Check]) -> list[Check]:
    """Runs the checks one after the other, their output on the terminal; gives the failed ones."""
    failed = []
    for check in checks:
        print(f"== {check.name}", flush=True)
        started = time.monotonic()
        # The commands are the constants above: nothing a caller types gets into them.
        status = subprocess.run(check.command, cwd=ROOT, check=False).returncode  # noqa: S603
        took = f"{time.monotonic() - started:.1f} s"
        print(f"   {'ok' if status == 0 else f'FAILED (exit {status})'}, {took}", flush=True)
        if status != 0:
            failed.append(check)
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs all checks, or those named; exit code 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="run these checks only")
    names = parser.parse_args(arguments).names
    unknown = set(names) - {check.name for check in CHECKS}
    if unknown:
        parser.error(f"no such check: {', '.join(sorted(unknown))}")

    failed = run([check for check in CHECKS if not names or check.name in names])
    told = ", ".join(check.name for check in failed)
    print(f"FAILED: {told}" if failed else "all is well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
