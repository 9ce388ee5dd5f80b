"""The table of the upgrade's rules names code and tests that exist, and leaves no rule out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.disasters.kinds import Kind
from tests.mutations.__main__ import mutated
from tests.mutations.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/reference/upgrade-rules.md"
RULES = {
    "1.1": 7,
    "1.2": 7,
    "1.3": 6,
    "1.4": 9,
    "1.5": 2,
    "1.6": 1,
    "1.7": 14,
    "1.8": 1,
    "1.9": 3,
}
"""How many rules each part of the fact sheet's section 1 states."""

_ROW = re.compile(r"^\| (?P<number>1\.\d\.\d+) \|(?P<cells>.+)\|$", re.MULTILINE)
_NAMED = re.compile(r"`([^`]+)`")


def _rows() -> dict[str, list[str]]:
    """Cells of each rule by its number."""
    found = _ROW.finditer(TABLE.read_text(encoding="utf-8"))
    return {row["number"]: row["cells"].split(" | ") for row in found}


def _code(cells: list[str]) -> list[str]:
    return _NAMED.findall(cells[2])


def _tests(cells: list[str]) -> list[str]:
    return _NAMED.findall(cells[3])


@cache
def _functions(path: str) -> frozenset[str]:
    """Names of the test functions of a module."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in tree.body if isinstance(one, kinds))


def _exists(node_id: str) -> bool:
    path, _, name = node_id.partition("::")
    return (ROOT / path).is_file() and name in _functions(path)


def _where_now(node_id: str) -> str:
    """A test that is not where the table says, with the place it was moved to, if any."""
    name = node_id.partition("::")[2]
    paths = (path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
    return f"{node_id} is now in {[path for path in paths if name in _functions(path)]}"


def test_no_rule_is_left_out() -> None:
    """Numbered without a gap, as many as the sheet states in each part."""
    wanted = {f"{part}.{number}" for part, most in RULES.items() for number in range(1, most + 1)}

    assert wanted == set(_rows())


@pytest.mark.parametrize("number", _rows())
def test_what_keeps_and_holds_a_rule_exists(number: str) -> None:
    """A file that keeps it, and a test that holds it."""
    cells = _rows()[number]

    assert _code(cells)
    assert _tests(cells)
    assert [] == [path for path in _code(cells) if not (ROOT / path).is_file()]
    assert [] == [_where_now(node_id) for node_id in _tests(cells) if not _exists(node_id)]


def test_a_test_that_does_not_exist_is_noticed() -> None:
    """The check bites: neither a wrong name nor a wrong file passes."""
    path = "tests/unit/test_upgrade_rules.py"

    assert (True, False, False) == (
        _exists(f"{path}::test_no_rule_is_left_out"),
        _exists(f"{path}::test_nobody_wrote"),
        _exists("tests/unit/test_nowhere.py::test_no_rule_is_left_out"),
    )


def test_every_kind_of_disaster_and_every_guard_is_on_the_page() -> None:
    """The page about starting exactly once leaves out nothing that is played or taken out."""
    page = (ROOT / "docs/reference/exactly-once.md").read_text(encoding="utf-8")
    named = [*(str(kind) for kind in Kind), *(f"| {one.name} |" for one in MUTANTS)]

    assert [] == [one for one in named if one not in page]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_every_guard_that_is_taken_out_is_where_it_should_be(mutant: Mutant) -> None:
    """Exactly once: ``python -m tests.mutations`` would stop otherwise."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")

    assert text != mutated(mutant, text)
