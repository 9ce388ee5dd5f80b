"""The reference page names tests; they are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "broker.md"
FOLDERS = (ROOT / "tests" / "integration" / "servicebus", Path(__file__).parent)


def named() -> list[str]:
    """What the right column of the table puts between backticks."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("## What it does, and the test")[2].partition("\n## ")[0]
    cells = [line.split("|")[2] for line in section.splitlines() if line.startswith("| ")]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def known() -> set[str]:
    """Test modules and tests of the two folders, without the prefix that every test has."""
    modules = [path for folder in FOLDERS for path in folder.glob("test_*.py")]
    tests = {
        found
        for path in modules
        for found in re.findall(r"def test_(\w+)\(", path.read_text(encoding="utf-8"))
    }
    return tests | {path.stem for path in modules}


@pytest.mark.parametrize("name", named())
def test_named_test_exists(name):
    """A module, a test, or the path of a file."""
    assert name in known() or (ROOT / name).is_file()


def test_no_module_is_left_out():
    """Every module that needs the client stands in the table."""
    modules = {path.stem for path in FOLDERS[0].glob("test_*.py")}

    assert set() == modules - set(named())
