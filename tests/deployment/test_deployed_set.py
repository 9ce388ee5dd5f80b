"""What .funcignore leaves is an app: it has all it imports, and nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pathspec
import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
APP = (
    *("activities", "adapters", "domain", "orchestrators", "reports", "triggers"),
    *("function_app.py", "host.json", "requirements.txt"),
)
"""What is deployed, and has to be, at the top of the repository."""
SETTINGS = {
    "VAULTLIFT_EVIDENCE": "https://account.blob.core.windows.net/evidence",
    "ServiceBusConnection__fullyQualifiedNamespace": "namespace.servicebus.windows.net",
}


def _patterns() -> list[str]:
    lines = (ROOT / ".funcignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _as_git(path: str) -> bool:
    """Whether a path is ignored, read as .gitignore is: how azd reads the file."""
    return pathspec.GitIgnoreSpec.from_lines(_patterns()).match_file(path)


def _as_core_tools(path: str) -> bool:
    """The same as Core Tools read it: each pattern the beginning of a path, with no end to it."""
    beginnings = "|".join(
        re.escape(pattern.removeprefix("/")).replace(r"\*", "[^/]+") for pattern in _patterns()
    )
    return re.match(beginnings, path) is not None


def _repository() -> list[str]:
    """The files of the checkout that are the repository's, as far as git is not asked."""
    tops = [top for top in ROOT.iterdir() if top.name != ".git" and not _is_made(top)]
    paths = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*"))]
    return [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts)
    ]


def _is_made(top: Path) -> bool:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    return pathspec.GitIgnoreSpec.from_lines(ignored).match_file(
        f"{top.name}/" if top.is_dir() else top.name
    )


@pytest.mark.parametrize("is_ignored", [_as_git, _as_core_tools])
def test_only_the_app_is_deployed(is_ignored: Any) -> None:
    """However .funcignore is read, what is left at the top is the app and nothing else."""
    left = {path.split("/")[0] for path in _repository() if not is_ignored(path)}

    assert set(APP) == left


def test_no_file_of_the_app_is_left_behind() -> None:
    """Templates, queries and styles go with the modules that read them."""
    app = [path for path in _repository() if path.split("/")[0] in APP]

    assert app
    assert [] == [path for path in app if _as_git(path)]


def test_both_readings_of_the_list_agree() -> None:
    """No file of the app is lost to a program that reads patterns more broadly."""
    differing = [path for path in _repository() if _as_git(path) != _as_core_tools(path)]

    assert [] == differing


def _index(folder: Path) -> dict[str, Any]:
    # The checkout comes last: only what the deployed set lacks could be found there.
    search = [str(folder), str(ROOT)]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("index_app.py")), str(folder)],
        cwd=folder,
        env=os.environ | SETTINGS | {"PYTHONPATH": os.pathsep.join(search)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A copy of the deployed set, and what the official runtime found in it."""
    folder = tmp_path_factory.mktemp("site") / "wwwroot"
    for path in _repository():
        if not _as_git(path):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    return folder, _index(folder)


def test_the_deployed_set_is_indexed(deployed: tuple[Path, dict[str, Any]]) -> None:
    """Azure's runtime finds the same functions in it as in the whole checkout."""
    _, found = deployed

    assert _index(ROOT)["functions"] == found["functions"]
    assert {"upgrade_vault", "start_upgrade"} <= set(found["functions"])


def test_the_deployed_set_needs_nothing_of_the_checkout(
    deployed: tuple[Path, dict[str, Any]],
) -> None:
    """Every module of the app comes from the deployed folder."""
    folder, found = deployed
    packages = Path(sys.prefix).resolve()
    strangers = {
        name: file
        for name, file in found["files"].items()
        if Path(file).is_relative_to(ROOT) and not Path(file).resolve().is_relative_to(packages)
    }

    assert {} == strangers
    assert str(folder / "function_app.py") == found["files"]["function_app"]


def test_what_the_app_imports_is_installed_with_it(
    deployed: tuple[Path, dict[str, Any]],
) -> None:
    """No package that only development has is imported by the deployed app."""
    _, found = deployed
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    locked = {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line}

    imported = {canonicalize_name(name) for name in found["distributions"]}

    assert imported
    assert set() == imported - locked - {"vaultlift"}
