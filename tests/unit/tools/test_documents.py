"""What documents tell people to type exists, and nothing they may be shown lacks its section."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.exceptions import TyperException
from typer.main import get_command

from cli.exit_codes import ExitCode
from cli.main import app
from domain.campaigns import CampaignPhase
from domain.messages import MessageBox
from domain.settling import WriteOutcome
from domain.upgrade import END_STATES, RunState
from tools.check_docs import ROOT, documents
from triggers.shapes.campaigns import BROKEN

DOCS = ROOT / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")
COMMAND = get_command(app)


def _typed(text: str) -> Iterator[list[str]]:
    """The arguments of every command line of a console block, comments and pipes left out."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"\s[;|]\s|;|&&", re.sub(r"\s#.*", "", line.strip())):
                if part.removeprefix("$ ").startswith("vaultlift "):
                    yield shlex.split(part.removeprefix("$ "))[1:]


def _mentioned(text: str) -> Iterator[list[str]]:
    """The words of every command in running text."""
    for words in re.findall(r"`vaultlift ([a-z][^`]*)`", text):
        yield words.split()


def _resolve(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words lead to, and what is left of them."""
    command: Any = COMMAND
    left = list(words)
    while hasattr(command, "commands") and left:
        command = command.commands[left.pop(0)]
    return command, left


def _documents() -> list[Any]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in documents(ROOT)]


@pytest.mark.parametrize("path", _documents())
def test_commands_in_console_blocks_can_be_typed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is parsed by the command itself: its options, their values, its arguments."""
    (tmp_path / "vaults.csv").touch()
    (tmp_path / "evidence").mkdir()
    monkeypatch.chdir(tmp_path)
    wrong = []
    for words in _typed(path.read_text(encoding="utf-8")):
        try:
            command, left = _resolve(words)
            command.make_context("vaultlift", left)
        except (KeyError, TyperException) as error:
            wrong.append(f"{' '.join(words)}: {error}")

    assert [] == wrong


@pytest.mark.parametrize("path", _documents())
def test_commands_in_running_text_exist(path: Path) -> None:
    """With every option they name; one that names options names those that must be there."""
    wrong = []
    for words in _mentioned(path.read_text(encoding="utf-8")):
        try:
            command, left = _resolve([re.sub(r"\|.*", "", word) for word in words])
        except KeyError:
            wrong.append(" ".join(words))
            continue
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        options = {word.partition("=")[0] for word in left if word.startswith("--")}
        wrong += sorted(options - known - {"--help"})
        for one in command.params if options else []:
            names = {*one.opts, *one.secondary_opts}
            if one.required and one.opts[0].startswith("--") and not names & options:
                wrong.append(f"{words[0]} without {one.opts[0]}")

    assert [] == wrong


def _signals() -> set[str]:
    rows = re.findall(r"^\| (?P<signal>[^|]+) \|[^|]+\|[^|]+\|$", RUNBOOK, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([a-z_]+)`", row)}


def test_every_state_that_needs_somebody_has_its_section() -> None:
    """Ends of runs, what waits for a person, and what a campaign stops at."""
    waits = {RunState.AWAITING_APPROVAL, WriteOutcome.WAITING_FOR_GUARD}
    waits |= {WriteOutcome.WAITING_FOR_BUDGET, WriteOutcome.UNKNOWN}

    assert {*END_STATES, *waits, CampaignPhase.PAUSED, BROKEN} <= _signals()


@pytest.mark.parametrize("box", MessageBox)
def test_every_box_of_messages_has_its_section(box: MessageBox) -> None:
    """Both kinds of messages that became no run."""
    assert re.search(rf"^## .*{box.value}", RUNBOOK, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("code", [code for code in ExitCode if code <= ExitCode.THRESHOLD])
def test_the_runbook_says_what_an_exit_code_means(code: ExitCode) -> None:
    """A monitor shows the number only."""
    (line,) = re.findall(r"^The exit code tells.*?\n\n", RUNBOOK, re.DOTALL | re.MULTILINE)

    assert re.search(rf"\b{code.value} \w", line)


def test_the_index_lists_every_document() -> None:
    """Guides, and everything of the reference."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    files = [*DOCS.glob("*.md"), *(DOCS / "reference").iterdir()]
    names = {str(one.relative_to(DOCS)) for one in files} - {"README.md"}

    assert set() == {name for name in names if f"]({name})" not in index}


def test_the_architecture_names_every_workflow_s_place() -> None:
    """The diagram of the way has every workflow that something outside may start."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    started = {"run_campaign", "admit_upgrades", "upgrade_vault", "settle_vault", "audit_estate"}

    assert set() == {name for name in started if name not in text}
