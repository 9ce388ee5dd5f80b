"""``python -m tests.mutations``: takes each guard out of a copy and sees that a test fails.

Prints which test noticed; exit code 1 if nobody did, or if a guard is not where it should be.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.mutations.mutants import MUTANTS, Mutant
from tests.mutations.policy_mutants import POLICY_MUTANTS
from tests.mutations.rule_mutants import RULE_MUTANTS

EVERY_GUARD = (*MUTANTS, *POLICY_MUTANTS, *RULE_MUTANTS)
ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    *("activities", "adapters", "cli", "docs", "domain", "local", "orchestrators", "reports"),
    *("tests", "tools", "triggers"),
)
FILES = ("pyproject.toml", "function_app.py", "host.json")
COUNTED = ("-k", "not kill_points_cover")
"""The number of calls changes with most guards; that alone would be no proof of anything."""
NOTICED = 1
"""Exit code of pytest when tests failed; 2 and above mean that it could not run them."""
_FAILED = re.compile(r"^FAILED (?P<test>\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one mutant."""

    mutant: Mutant
    noticed_by: str
    """The first test that failed; empty when all passed."""


def copy_repository(target: Path) -> None:
    """A copy of what the tests need."""
    for folder in FOLDERS:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, target / folder, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, target / name)


def mutated(mutant: Mutant, text: str) -> str:
    """The file without the guard.

    Raises:
        ValueError: The guard is not there exactly once.
    """
    if text.count(mutant.guard) != 1:
        raise ValueError(f"{mutant.path}: {text.count(mutant.guard)} times {mutant.guard!r}")
    return text.replace(mutant.guard, mutant.without)


def failing(folder: Path, tests: tuple[str, ...]) -> str:
    """The first of these tests that fails in a copy; empty when all pass.

    Raises:
        RuntimeError: The tests could not be run.
    """
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *COUNTED)
    done = subprocess.run(
        (*command, *tests), cwd=folder, capture_output=True, text=True, check=False
    )
    failed = _FAILED.search(done.stdout)
    # Tests that could not even be collected have noticed nothing.
    if done.returncode > NOTICED or (done.returncode == NOTICED and failed is None):
        raise RuntimeError(done.stdout[-2000:])
    return failed["test"] if failed else ""


def try_mutant(mutant: Mutant, folder: Path) -> Verdict:
    """Runs the tests on the code without the guard.

    Raises:
        RuntimeError: The tests could not be run.
    """
    path = folder / mutant.path
    intact = path.read_text(encoding="utf-8")
    path.write_text(mutated(mutant, intact), encoding="utf-8")
    try:
        return Verdict(mutant=mutant, noticed_by=failing(folder, mutant.tests))
    finally:
        path.write_text(intact, encoding="utf-8")


def main() -> int:
    """Tries every mutant."""
    survived = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_repository(folder)
        # A test that fails anyway would notice everything, and prove nothing.
        broken = failing(folder, tuple(sorted({test for one in EVERY_GUARD for test in one.tests})))
        if broken:
            print(f"fails with every guard in place: {broken}")  # noqa: T201
            return 1
        for mutant in EVERY_GUARD:
            verdict = try_mutant(mutant, folder)
            survived += not verdict.noticed_by
            test = verdict.noticed_by.split("/")[-1] or "NOBODY"
            print(f"{mutant.rule:10}  {mutant.name:64}  {test}", flush=True)  # noqa: T201
    print(f"{len(EVERY_GUARD)} guards taken out, {survived} not noticed")  # noqa: T201
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
