"""Benchmarks run one by one and leave fresh JSON, or fail."""

from pathlib import Path

import pytest

from tests.unit.tools.trees import write_tree
from tools import run_benchmarks

WRITES = "import sys\nopen(sys.argv[2], 'w').write({text!r})\n"
GOOD = WRITES.format(text='{"rate": 1}')


def run(root: Path, *names: str, **scripts: str) -> int:
    """Exit code of the benchmarks made from the given texts."""
    write_tree(root, {f"scripts/bench_{name}.py": text for name, text in scripts.items()})
    return run_benchmarks.main(
        ["--scripts", str(root / "scripts"), "--out", str(root / "out"), *names]
    )


def test_every_benchmark_leaves_its_json(tmp_path: Path) -> None:
    """The file is named for the script."""
    assert 0 == run(tmp_path, engine=GOOD)
    assert '{"rate": 1}' == (tmp_path / "out/bench_engine.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "pass", WRITES.format(text="not json")])
def test_a_benchmark_that_fails_does_not_hide_behind_an_old_figure(
    tmp_path: Path, script: str
) -> None:
    """An exit code, a missing file and a broken one each fail the run, old results or not."""
    write_tree(tmp_path, {"out/bench_engine.json": "{}"})

    assert 1 == run(tmp_path, engine=script)


def test_only_the_named_benchmarks_run(tmp_path: Path) -> None:
    """A failing benchmark that was not asked for is left alone."""
    assert 0 == run(tmp_path, "good", good=GOOD, bad="raise SystemExit(1)")


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    """A misspelt name does not run nothing and pass."""
    with pytest.raises(SystemExit, match="no such benchmark: tea"):
        run(tmp_path, "tea", good=GOOD)


def test_nothing_to_measure_is_not_a_success(tmp_path: Path) -> None:
    """An empty folder does not look like a finished run."""
    with pytest.raises(SystemExit, match="nothing was measured"):
        run(tmp_path)
