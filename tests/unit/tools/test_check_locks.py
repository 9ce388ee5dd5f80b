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


def test_both_locks_of_a_project_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The runtime lock holds the dependencies, the other one development and build as well."""
    write_tree(
        tmp_path,
        {
            "pyproject.toml": PROJECT,
            "requirements.txt": GOOD,
            "requirements-dev.txt": GOOD.replace("alpha-beta==1.2.3", "alpha-beta==1.2.4"),
        },
    )

    code = check_locks.main([str(tmp_path)])

    assert (1, "requirements-dev.txt: Alpha_Beta is locked at 1.2.4, not ==1.2.3\n") == (
        code,
        capsys.readouterr().out,
    )


def test_both_locks_agree_on_every_runtime_package() -> None:
    """What is tested is what is deployed."""
    runtime, development = (
        check_locks.read_lock((ROOT / name).read_text(encoding="utf-8")).versions
        for name in ("requirements.txt", "requirements-dev.txt")
    )

    assert runtime == {name: development.get(name) for name in runtime}
