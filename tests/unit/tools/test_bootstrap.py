"""How ``make`` gets its environment, with stand-ins for Python, pip and uv.

The script runs in a checkout of its own with a PATH that holds nothing but what it needs, so that
every kind of machine can be had: with Python 3.13, with uv only, with an old Python, with nothing.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.tools.trees import ROOT, write_tree

TOOLS = ("cat", "chmod", "cksum", "cp", "dirname", "mkdir", "rm", "sed", "sh", "sleep", "touch")
LOCK = "alpha==1 \\\n    --hash=sha256:aa\nuv==9.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n    # via x\nzeta==1\n"
PROJECT = '[project.scripts]\nvaultlift = "cli.main:app"\n\n[tool.ruff]\nline-length = 100\n'

PIP = "python -m pip install -qq --disable-pip-version-check --no-input"
UV_PIP = "uv pip install --quiet --python .venv/bin/python"
PYTHON = """\
echo "python $*" >>"$LOG"
case "$*" in
    *ensurepip*) exit 0 ;;
    --version) echo "Python 3.13.0" ;;
    "-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"$FAIL"*) exit 1 ;;
esac
"""
"""A Python 3.13: says so, makes environments, and fails where FAIL says."""
OLD_PYTHON = """\
echo "old python $*" >>"$LOG"
case "$*" in
    *ensurepip*) exit 1 ;;
    *--target*) mkdir -p "$TARGET/bin" && cp "$UV" "$TARGET/bin/uv" && chmod +x "$TARGET/bin/uv" ;;
esac
"""
"""A Python of another version, with a pip that can install uv."""
UV = """\
echo "uv $*" >>"$LOG"
case "$*" in
    "venv "*) mkdir -p .venv/bin && echo 'echo Python 3.13.0' >.venv/bin/python && chmod +x .venv/bin/python ;;
esac
"""
"""A uv that knows a Python 3.13."""
PARTIAL = 'case "$*" in *sqlite3*) exit 1 ;; esac\n'
"""Goes before a Python that was compiled without the library of sqlite3."""
UV_WITH_PARTIAL_PYTHON = """\
echo "uv $*" >>"$LOG"
case "$*" in
    "python install "*) touch downloaded ;;
    "venv "*)
        mkdir -p .venv/bin && cp "$PARTIAL_PYTHON" .venv/bin/python
        [ ! -e downloaded ] || [ "$UV_PYTHON_PREFERENCE" != only-managed ] || cp "$WHOLE" .venv/bin/python
        ;;
esac
"""
"""A uv that finds such a Python, and a whole one once it was told to download one and to use it."""
UV_WITHOUT_PYTHON = 'echo "uv $*" >>"$LOG"; exit 1\n'


@dataclass(frozen=True)
class Machine:
    """A checkout and the programs that its make can reach."""

    checkout: Path
    programs: Path
    log: Path

    def give(self, name: str, text: str) -> Path:
        """Puts a program on the PATH."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        path.chmod(0o755)
        return path

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Starts the script; ``variables`` go to the environment."""
        environment = {
            "PATH": str(self.programs),
            "LOG": str(self.log),
            "FAIL": "nothing fails",
            "TARGET": str(self.checkout / ".tools/uv"),
            **variables,
        }
        command = ["/bin/sh", str(self.checkout / "tools/bootstrap.sh"), *arguments]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Exit code and messages of one run."""
        process = self.start(*arguments, **variables)
        _, messages = process.communicate(timeout=30)
        return process.returncode, messages

    def calls(self) -> list[str]:
        """What was called so far."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with the usual small programs, and neither Python nor uv."""
    checkout = write_tree(
        tmp_path / "check out",
        {
            "tools/bootstrap.sh": (ROOT / "tools/bootstrap.sh").read_text(encoding="utf-8"),
            "requirements-dev.txt": LOCK,
            "requirements-bench.txt": LOCK + "dbos==1\n",
            "pyproject.toml": PROJECT,
        },
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in TOOLS:
        (programs / name).symlink_to(shutil.which(name) or name)
    return Machine(checkout, programs, tmp_path / "log")


@pytest.fixture
def with_python(machine: Machine) -> Machine:
    """A machine with Python 3.13."""
    machine.give("python3.13", PYTHON)
    return machine


def test_an_environment_is_made_from_the_hashed_lock(with_python: Machine) -> None:
    """Packages come with their hashes; the project itself fetches nothing."""
    code, _ = with_python.run()

    assert 0 == code
    assert [
        "python -m venv .venv",
        f"{PIP} --require-hashes -r requirements-dev.txt",
        f"{PIP} --no-deps --no-build-isolation --editable .",
    ] == [call for call in with_python.calls() if " -m " in call]


def test_an_environment_that_is_right_is_left_alone(with_python: Machine) -> None:
    """The second run installs nothing and says nothing."""
    with_python.run()
    before = with_python.calls()

    assert (0, "") == with_python.run()
    assert [*before, "python -c "] == with_python.calls()


@pytest.mark.parametrize(
    ("name", "text", "is_rebuilt"),
    [
        ("requirements-dev.txt", LOCK + "more==1\n", True),
        ("pyproject.toml", PROJECT.replace("cli.main:app", "cli.other:app"), True),
        ("pyproject.toml", PROJECT.replace("100", "90"), False),
    ],
)
def test_the_environment_is_made_anew_when_what_it_was_made_from_changes(
    with_python: Machine, name: str, text: str, is_rebuilt: bool
) -> None:
    """Lock and commands count; a lint setting does not."""
    with_python.run()
    write_tree(with_python.checkout, {name: text, ".venv/left-over": ""})
    with_python.run()

    assert is_rebuilt != (with_python.checkout / ".venv/left-over").exists()


def test_benchmarks_add_their_own_lock_once(with_python: Machine) -> None:
    """Asked for benchmarks, the script adds their lock; asked again, it installs nothing."""
    with_python.run()
    before = with_python.calls()
    first, _ = with_python.run("bench")
    installed = [call for call in with_python.calls()[len(before) :] if "install" in call]
    before = with_python.calls()

    assert [f"{PIP} --require-hashes -r requirements-bench.txt"] == installed
    assert (0, "") == with_python.run("bench")
    assert (0, [*before, "python -c "]) == (first, with_python.calls())


def test_a_bench_lock_that_fails_is_named_and_tried_again(with_python: Machine) -> None:
    """What stands stays usable, and the next run adds what is missing."""
    with_python.run()
    code, messages = with_python.run("bench", FAIL="requirements-bench.txt")

    assert (1, 0) == (code, with_python.run("bench")[0])
    assert "could not install requirements-bench.txt" in messages
    assert 1 == with_python.calls().count("python -m venv .venv")


def test_a_moved_checkout_makes_its_environment_anew(with_python: Machine) -> None:
    """Scripts in an environment carry absolute paths, so it cannot move along."""
    with_python.run()
    moved = Machine(
        with_python.checkout.rename(with_python.checkout.parent / "moved"),
        with_python.programs,
        with_python.log,
    )
    moved.run()

    assert 2 == moved.calls().count("python -m venv .venv")


def test_a_failed_installation_is_reported_and_tried_again(with_python: Machine) -> None:
    """Half an environment never counts as one."""
    code, messages = with_python.run(FAIL="--require-hashes")
    again, _ = with_python.run()

    assert (1, 0) == (code, again)
    assert "could not install requirements-dev.txt" in messages
    assert 2 == with_python.calls().count("python -m venv .venv")


def test_a_python_named_by_the_caller_goes_first(with_python: Machine) -> None:
    """PYTHON may name one that is not on the path."""
    with_python.give("python3.13", "exit 1\n")
    named = with_python.give("mine", PYTHON)

    assert 0 == with_python.run(PYTHON=str(named))[0]


def test_a_forced_pyenv_version_does_not_reach_python(machine: Machine) -> None:
    """The checkout's .python-version decides, not the caller's shell."""
    machine.give("python3.13", '[ -z "${PYENV_VERSION:-}" ] || exit 1\n' + PYTHON)

    assert 0 == machine.run(PYENV_VERSION="3.11.7")[0]


@pytest.mark.parametrize("name", ["PIP_USER", "PIP_REQUIRE_VIRTUALENV"])
@pytest.mark.parametrize("program", ["python3.13", "python3"])
def test_pip_is_told_where_packages_go(machine: Machine, program: str, name: str) -> None:
    """Settings of the person's own pip neither stop it nor send packages out of the checkout."""
    stand_in = PYTHON if program == "python3.13" else OLD_PYTHON
    # As pip does: a variable of its own beats the configuration file, where "yes" stands here.
    refusing = f'case "$* ${{{name}:-yes}}" in *"pip install"*yes) exit 1 ;; esac\n'
    machine.give(program, refusing + stand_in)
    uv = machine.give("uv-to-install", UV)

    assert 0 == machine.run(UV=str(uv))[0]


@pytest.mark.parametrize("name", ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"])
def test_no_place_of_the_callers_is_installed_to(machine: Machine, name: str) -> None:
    """A folder that pip was told of elsewhere stays as it is."""
    machine.give("python3.13", f'[ -z "${{{name}:-}}" ] || exit 1\n' + PYTHON)

    assert 0 == machine.run(**{name: "/elsewhere"})[0]


def test_a_python_without_sqlite_does_not_serve(machine: Machine) -> None:
    """It could be installed into, and the task hub would not start: the next one is looked at."""
    machine.give("python3.13", PARTIAL + PYTHON)
    machine.give("python3", PYTHON)

    assert 0 == machine.run()[0]
    assert (machine.programs / "python3").read_text(encoding="utf-8") == (
        machine.checkout / ".venv/bin/python"
    ).read_text(encoding="utf-8")


def test_uv_downloads_where_its_python_lacks_sqlite(machine: Machine) -> None:
    """The Python that uv finds is looked at like any other."""
    partial = machine.give("python3.13", PARTIAL + PYTHON)
    whole = machine.give("whole", PYTHON)
    machine.give("uv", UV_WITH_PARTIAL_PYTHON)

    assert 0 == machine.run(PARTIAL_PYTHON=str(partial), WHOLE=str(whole))[0]
    assert whole.read_text(encoding="utf-8") == (machine.checkout / ".venv/bin/python").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHOME"])
def test_what_make_runs_imports_from_the_environment_only(with_python: Machine, name: str) -> None:
    """Modules that the caller's shell points at do not go before the locked ones."""
    shutil.copy(ROOT / "Makefile", with_python.checkout)
    with_python.give("python3.13", f'[ -z "${{{name}:-}}" ] || exit 1\n' + PYTHON)

    done = subprocess.run(
        [shutil.which("make") or "make", "--directory", str(with_python.checkout), "demo"],
        env={
            "PATH": str(with_python.programs),
            "LOG": str(with_python.log),
            "FAIL": "nothing fails",
            name: "/x",
        },
        capture_output=True,
        check=False,
    )

    assert 0 == done.returncode
    assert "python -m local.demo" in with_python.calls()[-1]


def test_make_help_is_a_table() -> None:
    """What targets do stands in one column, however long their names are."""
    shown = subprocess.run(
        [shutil.which("make") or "make", "--no-print-directory", "--directory", str(ROOT), "help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert 1 == len({line.index(line.split(maxsplit=2)[2]) for line in shown})


def test_uv_serves_where_python_is_missing(machine: Machine) -> None:
    """With uv on the path nothing else is needed, and hashes still hold."""
    machine.give("uv", UV)

    assert 0 == machine.run()[0]
    assert [
        "uv venv --quiet --no-python-downloads --python 3.13 .venv",
        f"{UV_PIP} --require-hashes -r requirements-dev.txt",
        f"{UV_PIP} --no-deps --no-build-isolation --editable .",
    ] == machine.calls()


@pytest.mark.parametrize("is_moved", [False, True])
def test_uv_keeps_its_cache_where_it_can_write(machine: Machine, is_moved: bool) -> None:
    """In the home folder as always; in the checkout where that folder cannot be written."""
    home = machine.programs.parent / "home"
    home.mkdir()
    if is_moved:
        # A file in the way, because root may write to any folder.
        (home / ".cache").touch()
    machine.give("uv", 'echo "${UV_CACHE_DIR:-own}" >>"$LOG"\n' + UV)

    assert 0 == machine.run(HOME=str(home))[0]
    assert (str(machine.checkout / ".tools/cache") if is_moved else "own") == machine.calls()[0]


def test_an_old_python_installs_uv_into_the_checkout(machine: Machine) -> None:
    """The uv comes at the version and with the hashes of the lock."""
    machine.give("python3", OLD_PYTHON)
    uv = machine.give("uv-to-install", UV)

    assert 0 == machine.run(UV=str(uv))[0]
    assert "uv==9.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n" == (
        machine.checkout / ".tools/uv.txt"
    ).read_text(encoding="utf-8")
    assert any("--require-hashes" in call for call in machine.calls() if "--target" in call)


def test_a_machine_without_any_python_is_told_what_is_missing(machine: Machine) -> None:
    """The message names what was tried and how to get it; nothing is left behind."""
    code, messages = machine.run()

    assert (1, False) == (code, (machine.checkout / ".venv").exists())
    assert "needs Python 3.13" in messages
    assert "apt-get install python3.13 python3.13-venv" in messages


def test_a_download_that_fails_is_told_like_a_missing_python(machine: Machine) -> None:
    """Without a Python and without a network, uv is no way out."""
    machine.give("uv", UV_WITHOUT_PYTHON)

    code, messages = machine.run()

    assert 1 == code
    assert "could not download one" in messages


def test_two_runs_at_once_make_one_environment(with_python: Machine) -> None:
    """The second waits for the first and finds its work done."""
    processes = [with_python.start(), with_python.start()]
    codes = [process.wait(timeout=30) for process in processes]
    for process in processes:
        process.communicate()

    assert [0, 0] == codes
    assert 1 == with_python.calls().count("python -m venv .venv")


def test_a_run_that_was_killed_does_not_block_the_next(with_python: Machine) -> None:
    """The mark of a process that is gone is taken over."""
    gone = subprocess.Popen(["/bin/sh", "-c", "exit 0"])
    gone.wait()
    write_tree(with_python.checkout, {".venv.busy/pid": f"{gone.pid}\n"})

    assert 0 == with_python.run()[0]
    assert not (with_python.checkout / ".venv.busy").exists()
