"""Each cap of the size budgets bites one line above it, and not at it."""

from pathlib import Path

import pytest

from tests.unit.tools.trees import function_of, module_of, write_tree
from tools import check_budgets

ENOUGH_TESTS = {"tests/test_a.py": "x = 1\n" * 2000}


def broken_caps(
    root: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> tuple[int, list[str]]:
    """Exit code, and the lines that report a broken cap, for a tree with enough tests."""
    code = check_budgets.main([str(write_tree(root, {**ENOUGH_TESTS, **files}))])
    return code, [line for line in capsys.readouterr().out.splitlines() if "(cap " in line]


def nested(depth: int) -> str:
    """A documented module with a function whose blocks nest ``depth`` deep."""
    lines = ['"""A module."""', "def work(a):", '    """Works."""']
    lines += [f"{'    ' * (level + 1)}if a:" for level in range(depth)]
    return "\n".join([*lines, f"{'    ' * (depth + 1)}pass", ""])


def branching(complexity: int) -> str:
    """A documented module with a function of the given complexity."""
    checks = "    if a: return\n" * (complexity - 1)
    return f'"""A module."""\ndef work(a):\n    """Works."""\n{checks}'


def chain(length: int) -> dict[str, str]:
    """A chain of imports through ``length`` modules."""
    return {
        f"domain/m{n}.py": f'"""A module."""\nimport domain.m{n + 1}\n'
        if n < length
        else module_of(2)
        for n in range(1, length + 1)
    }


AT_THE_CAP = {
    "module": {"domain/a.py": module_of(350)},
    "function": {"domain/a.py": '"""A module."""\n' + function_of(60)},
    "workflow": {"orchestrators/a.py": '"""A module."""\n' + function_of(44) + "    yield\n"},
    "complexity": {"domain/a.py": branching(10)},
    "nesting": {"domain/a.py": nested(3)},
    "depth": chain(9),
    "test": {"tests/test_b.py": function_of(40, name="test_b")},
    "empty": {"domain/__init__.py": ""},
}
ABOVE_THE_CAP = {
    "domain/a.py:1: lines per module: 351 (cap 350)": {"domain/a.py": module_of(351)},
    "domain/a.py:2: lines per function of work: 61 (cap 60)": {
        "domain/a.py": '"""A module."""\n' + function_of(61)
    },
    "orchestrators/a.py:2: lines per function of work: 46 (cap 45)": {
        "orchestrators/a.py": '"""A module."""\n' + function_of(45) + "    yield\n"
    },
    "domain/a.py:2: complexity of work: 11 (cap 10)": {"domain/a.py": branching(11)},
    "domain/a.py:2: nesting of work: 4 (cap 3)": {"domain/a.py": nested(4)},
    "domain/a.py:1: module docstring: missing (cap always there)": {"domain/a.py": "x = 1\n"},
    "domain/a.py:2: public docstring: missing on work (cap always there)": {
        "domain/a.py": '"""A module."""\ndef work(): pass\n'
    },
    "tests/test_b.py:1: lines of test test_b: 41 (cap 40)": {
        "tests/test_b.py": function_of(41, name="test_b")
    },
}


@pytest.mark.parametrize("files", AT_THE_CAP.values(), ids=AT_THE_CAP.keys())
def test_a_tree_at_the_cap_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    """The cap itself is allowed."""
    assert (0, []) == broken_caps(tmp_path, capsys, files)


@pytest.mark.parametrize(("line", "files"), ABOVE_THE_CAP.items(), ids=ABOVE_THE_CAP.keys())
def test_a_tree_above_the_cap_fails_with_file_line_measure_value_and_cap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, files: dict[str, str]
) -> None:
    """One over the cap exits 1 and says what, where and by how much."""
    assert (1, [line]) == broken_caps(tmp_path, capsys, files)


def test_a_chain_of_ten_imports_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The chain that is too deep is spelt out."""
    names = " -> ".join(f"domain.m{n}" for n in range(1, 11))

    assert (1, [f"domain.m1:0: import depth: 10: {names} (cap 9)"]) == broken_caps(
        tmp_path, capsys, chain(10)
    )


def test_a_cycle_of_imports_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cycle is reported once and measured no further."""
    files = {
        "domain/a.py": '"""A module."""\nimport domain.b\n',
        "domain/b.py": '"""A module."""\nimport domain.a\n',
    }

    code, lines = broken_caps(tmp_path, capsys, files)

    assert (1, 1) == (code, len(lines))
    assert "import cycle" in lines[0]


@pytest.mark.parametrize(("test_lines", "expected"), [(9, 1), (10, 0)])
def test_there_is_more_test_code_than_nine_tenths_of_the_source(
    tmp_path: Path, test_lines: int, expected: int
) -> None:
    """A ratio of 0.9 is too little; anything above passes."""
    files = {"domain/a.py": module_of(11), "tests/test_a.py": "x = 1\n" * test_lines}

    assert expected == check_budgets.main([str(write_tree(tmp_path, files))])


def test_a_figure_outside_its_target_is_marked_and_does_not_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Targets inform; only caps fail."""
    write_tree(tmp_path, {**ENOUGH_TESTS, "domain/a.py": module_of(10)})

    code = check_budgets.main([str(tmp_path)])

    marked = [line for line in capsys.readouterr().out.splitlines() if "outside" in line]
    assert 0 == code
    assert any("comment lines per code line" in line for line in marked)
