"""What a hashed lock must say, and must not."""

from pathlib import Path

import pytest

from tests.unit.tools.trees import ROOT, write_tree
from tools import check_locks

GOOD = """\
# made by: make lock
alpha-beta==1.2.3 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via vaultlift
gamma==2.0.0b1 ; sys_platform == 'win32' \\
    --hash=sha256:cc
"""
PROJECT = """\
[build-system]
requires = ["gamma>=2.0.0b1"]
[project]
dependencies = ["Alpha_Beta==1.2.3"]
[dependency-groups]
dev = ["gamma"]
bench = ["alpha-beta>=1"]
"""


def problems(text: str, *wanted: str) -> list[str]:
    """What is wrong with a lock."""
    return list(check_locks.find_problems(check_locks.read_lock(text), wanted))


def test_a_lock_with_hashes_that_satisfies_everything_is_right() -> None:
    """Names are compared as the index does, pre-releases count as versions."""
    assert [] == problems(GOOD, "Alpha_Beta==1.2.3", "gamma>=2.0.0b1,<3")


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        (GOOD, "delta==1", "delta is not locked; run make lock"),
        (GOOD, "alpha-beta==1.2.4", "alpha-beta is locked at 1.2.3, not ==1.2.4"),
        ("alpha==1\n" + GOOD, "gamma", "alpha has no hash"),
        (
            "--index-url https://packages.example/simple\n" + GOOD,
            "gamma",
            "names where packages come from: --index-url https://packages.example/simple",
        ),
        (GOOD + "-f wheels\n", "gamma", "names where packages come from: -f wheels"),
    ],
)
def test_a_lock_that_is_wrong_is_reported(text: str, wanted: str, expected: str) -> None:
    """Missing, outdated, unhashed and sourced packages are each named."""
    assert [expected] == problems(text, wanted)


def test_every_lock_of_a_project_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One lock holds the dependencies, one development and build, one benchmarks as well."""
    write_tree(
        tmp_path,
        {
            "pyproject.toml": PROJECT,
            "requirements.txt": GOOD,
            "requirements-dev.txt": GOOD.replace("alpha-beta==1.2.3", "alpha-beta==1.2.4"),
            "requirements-bench.txt": GOOD.replace("alpha-beta==1.2.3", "alpha==1.2.3"),
        },
    )

    code = check_locks.main([str(tmp_path)])

    assert [
        "requirements-dev.txt: Alpha_Beta is locked at 1.2.4, not ==1.2.3",
        "requirements-bench.txt: Alpha_Beta is not locked; run make lock",
        "requirements-bench.txt: alpha-beta is not locked; run make lock",
    ] == capsys.readouterr().out.splitlines()
    assert 1 == code


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("requirements.txt", "requirements-dev.txt"),
        ("requirements-dev.txt", "requirements-bench.txt"),
    ],
)
def test_locks_agree_on_every_package_they_share(narrow: str, wide: str) -> None:
    """What is tested is what is deployed, and what is measured is what is tested."""
    few, more = (
        check_locks.read_lock((ROOT / name).read_text(encoding="utf-8")).versions
        for name in (narrow, wide)
    )

    assert few == {name: more.get(name) for name in few}
