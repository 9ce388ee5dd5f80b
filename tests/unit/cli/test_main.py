"""The command as a user runs it: its output and its exit code."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app as cli_app
from domain.version import VERSION
from tests.unit.cli.fake_app import (
    SUBSCRIPTION,
    accepted_body,
    ended_body,
    error_body,
    view_body,
)

ROOT = Path(__file__).parents[3]
UPGRADES = "/api/upgrades"
HEADER = "subscription_id,vault_name,region,target_resource_group"


def environment(app=None):
    """No settings of this machine, and the app's address if there is one."""
    return {"NO_COLOR": "1", "VAULTLIFT_URL": app.url if app else None, "VAULTLIFT_KEY": None}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments, app=None):
    """Runs ``vaultlift`` with these arguments."""
    result = CliRunner().invoke(cli_app, [str(one) for one in arguments], env=environment(app))
    return Done(result.exit_code, result.stdout, result.stderr)


def program(*arguments):
    """The command line that runs ``vaultlift`` in a process of its own."""
    return [sys.executable, "-m", "cli.main", *arguments]


@pytest.fixture
def vaults(tmp_path):
    """A good list of one vault."""
    path = tmp_path / "vaults.csv"
    path.write_text(f"{HEADER}\n{SUBSCRIPTION},vault-clean,West US,rg\n", "utf-8")
    return path


@pytest.fixture
def bad_vaults(tmp_path):
    """A list with three problems on two lines."""
    path = tmp_path / "bad.csv"
    path.write_text(f"{HEADER}\nx,vault-a,West US,rg\n{SUBSCRIPTION},vault-b,,rg.\n", "utf-8")
    return path


def events(done):
    """The JSON lines of an output."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bad_file_is_reported_whole_and_nothing_is_sent(fake_app, bad_vaults):
    """Every problem is printed with line and field, nothing is sent, exit code 1."""
    done = run("upgrade", bad_vaults, app=fake_app)

    assert (1, []) == (done.returncode, fake_app.calls)
    assert [("2", "subscription_id"), ("3", "region"), ("3", "target_resource_group")] == [
        (words[1], words[3])
        for line in done.stderr.splitlines()
        if (words := line.split())[:1] == ["line"]
    ]
    assert "3 problems in the input; nothing was sent." in done.stderr


def test_problems_as_json(bad_vaults):
    """With --json the problems are one JSON line, and nothing else is printed."""
    done = run("upgrade", bad_vaults, "--json")

    assert (["error"], "") == ([event["event"] for event in events(done)], done.stderr)
    assert ["line 2", "line 3", "line 3"] == [
        problem["where"] for problem in events(done)[0]["error"]["problems"]
    ]


def test_validate_sends_nothing(fake_app, vaults):
    """Validate says that a good file is good, without an app."""
    done = run("validate", vaults, app=fake_app)

    assert (0, f"{vaults}: 1 vault, no problems.\n", []) == (
        done.returncode,
        done.stdout,
        fake_app.calls,
    )


def test_accepted_list_is_clean(fake_app, vaults):
    """Without --follow the command ends when the list is accepted."""
    fake_app.on("POST", UPGRADES, (202, accepted_body("vault-clean")))
    done = run("upgrade", vaults, "--requested-by", "nora", "--request-id", "r-7", app=fake_app)
    body = fake_app.calls[0][3]

    assert (0, "vault-clean: accepted as upgrade-vault-clean\n") == (done.returncode, done.stdout)
    assert ("nora", "r-7", "vault-clean") == (
        body["requestedBy"],
        body["requestId"],
        body["vaults"][0]["vaultName"],
    )


def test_follow_prints_every_state_once(fake_app, vaults):
    """Without a terminal each change of state is one plain line, then the table follows."""
    fake_app.on("POST", UPGRADES, (202, accepted_body("vault-clean")))
    upgrading = (200, view_body(state="upgrading"))
    fake_app.on(
        "GET",
        f"{UPGRADES}/upgrade-vault-clean",
        upgrading,
        upgrading,
        (200, ended_body(state="blocked", reasons=["An agent is old."])),
    )
    done = run("upgrade", vaults, "--follow", "--interval", "0.1", app=fake_app)

    assert 3 == done.returncode
    assert [
        "1 vault accepted as request request-1",
        "vault-clean: queued",
        "vault-clean: upgrading; OperationId op-1",
        "vault-clean: blocked; OperationId op-1; after 12 h 00 min; findings -; An agent is old.",
    ] == done.stdout.splitlines()[:4]
    assert "1 vault: 1 blocked" == done.stdout.splitlines()[-1]


def test_follow_as_json_is_one_object_per_line(fake_app, vaults):
    """With --json every line is an object, the last one the result."""
    fake_app.on("POST", UPGRADES, (202, accepted_body("vault-clean")))
    fake_app.on("GET", f"{UPGRADES}/upgrade-vault-clean", (200, ended_body()))
    done = run("upgrade", vaults, "--follow", "--json", app=fake_app)

    assert ["state", "state", "result"] == [event["event"] for event in events(done)]
    assert "op-1" == events(done)[-1]["upgrades"][0]["operationId"]


def test_quiet_prints_nothing_when_all_is_well(fake_app, vaults):
    """With --quiet a clean run prints nothing; the exit code says it all."""
    fake_app.on("POST", UPGRADES, (202, accepted_body("vault-clean")))
    fake_app.on("GET", f"{UPGRADES}/upgrade-vault-clean", (200, ended_body()))
    done = run("upgrade", vaults, "--follow", "--quiet", app=fake_app)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_interrupt_says_that_upgrades_go_on(fake_app, vaults):
    """Ctrl-C ends the command, not the upgrades, and says so; exit code 130."""
    fake_app.on("POST", UPGRADES, (202, accepted_body("vault-clean")))
    fake_app.on("GET", f"{UPGRADES}/upgrade-vault-clean", (200, view_body(state="upgrading")))
    with subprocess.Popen(
        program("upgrade", str(vaults), "--follow", "--url", fake_app.url),
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout:
            if "upgrading" in line:
                process.send_signal(signal.SIGINT)
                break
        _, problems = process.communicate(timeout=30)

    assert (130, "Interrupted. What was started goes on: vaultlift status --all\n") == (
        process.returncode,
        problems,
    )


def test_waiting_upgrade_shows_how_to_approve(fake_app):
    """Status of an upgrade that waits prints the command that approves it; exit code 2."""
    waiting = view_body(state="awaiting_approval", plan={"hash": "abc", "calls": []})
    fake_app.on("GET", f"{UPGRADES}/upgrade-vault-clean", (200, waiting))
    done = run("status", "upgrade-vault-clean", app=fake_app)

    assert 2 == done.returncode
    assert "vaultlift approve upgrade-vault-clean --plan abc --approver NAME" in done.stdout


def test_status_that_watches_outlives_a_restart_of_the_app(fake_app):
    """An app that is away for a moment does not end the watch, as it does not end a follow."""
    fake_app.on(
        "GET",
        f"{UPGRADES}/upgrade-vault-clean",
        (200, view_body(state="upgrading")),
        (503, error_body("Restarting", "back in a moment")),
        (200, ended_body()),
    )
    done = run("status", "upgrade-vault-clean", "--watch", "--interval", "0.1", app=fake_app)

    assert (0, True) == (done.returncode, "back in a moment Looking again." in done.stdout)


def test_status_of_all(fake_app):
    """Status --all shows every upgrade, by name."""
    page = {"upgrades": [ended_body("b"), ended_body("a")], "continuationToken": None}
    fake_app.on("GET", f"{UPGRADES}?top=100", (200, page))
    done = run("status", "--all", app=fake_app)

    assert 0 == done.returncode
    assert ["a", "b"] == [line.split()[0] for line in done.stdout.splitlines() if "closed" in line][
        :2
    ]


def test_watch_looks_until_the_end(fake_app):
    """Status --watch looks again until the upgrade has ended."""
    path = f"{UPGRADES}/upgrade-vault-clean"
    fake_app.on("GET", path, (200, view_body(state="proving")), (200, ended_body()))
    done = run("status", "upgrade-vault-clean", "--watch", "--interval", "0.1", app=fake_app)

    assert (0, 2) == (done.returncode, len(fake_app.calls))


@pytest.mark.parametrize(("verb", "decision"), [("approve", "approve"), ("deny", "deny")])
def test_decision_is_sent(fake_app, verb, decision):
    """Approve and deny send the decision with the plan's hash."""
    fake_app.on("POST", f"{UPGRADES}/u/approval", (202, {}))
    done = run(verb, "u", "--plan", "abc", "--approver", "max", app=fake_app)

    assert (0, {"planHash": "abc", "approver": "max", "decision": decision}) == (
        done.returncode,
        fake_app.calls[0][3],
    )


def test_refused_decision_is_one_sentence(fake_app):
    """A refusal of the app is printed as its sentence; exit code 1."""
    refusal = error_body("ApprovalRefused", "The plan has changed.")
    fake_app.on("POST", f"{UPGRADES}/u/approval", (409, refusal))
    done = run("approve", "u", "--plan", "abc", "--approver", "max", app=fake_app)

    assert (1, f"vaultlift: POST {fake_app.url}{UPGRADES}/u/approval: The plan has changed.\n") == (
        done.returncode,
        done.stderr,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("status",),
        ("status", "x", "--all"),
        ("approve", "u"),
        ("upgrade", "f.csv", "--colour"),
        ("status", "--all", "--url", "http://127.0.0.1:9"),
        ("report", "--evidence", "nowhere", "--out", "nowhere"),
    ],
    ids=" ".join,
)
def test_every_mistake_is_one_sentence_and_exit_code_1(arguments):
    """Whatever is wrong is one line on standard error, never a traceback; exit code 1."""
    done = run(*arguments)

    assert (1, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert done.stderr.startswith("vaultlift: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", ""),
        ("status", " "),
        ("status", "", "--all"),
        ("campaign", "status", ""),
        ("campaign", "cancel", ""),
        ("approve", "", "--plan", "abc"),
        ("support", ""),
        ("plan", ""),
        ("guard", "", "--granted"),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_a_mistake_and_nobody_is_asked(arguments):
    """A variable of the shell's that is not set must not mean everything, or something else."""
    done = run(*arguments)

    assert (1, "") == (done.returncode, done.stdout)
    assert "is empty; is a variable of the shell not set?" in done.stderr


def spoken(encoding, *arguments):
    """Runs the program on a terminal of another encoding; gives its output as it came."""
    settings = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        program(*arguments), cwd=ROOT, env=settings, capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_is_json_in_every_encoding(tmp_path, encoding):
    """Half a character from somebody's file, and letters the terminal does not have."""
    path = tmp_path / "vaults.json"
    path.write_text(r'{"vaultName": "\ud800", "region": "Zürich"}', "utf-8")

    code, text = spoken(encoding, "validate", str(path), "--json")

    problems = json.loads(text)["error"]["problems"]
    assert (1, {"\ud800"}) == (code, {one["vault"] for one in problems})


def test_text_is_shown_on_a_terminal_without_its_letters(tmp_path, vaults):
    """A name in another script is escaped, and the command does its work."""
    path = tmp_path / "Łódź.csv"
    path.write_bytes(vaults.read_bytes())

    code, text = spoken("ascii", "validate", str(path))

    assert (0, True) == (code, text.endswith("d\\u017a.csv: 1 vault, no problems.\n"))


def test_help_lists_the_exit_codes():
    """--help documents every exit code."""
    done = run("--help")

    assert 0 == done.returncode
    assert "6  error threshold reached" in done.stdout


def test_program_runs_by_itself():
    """As a process it prints its version and gives its exit code."""
    done = subprocess.run(
        program("--version"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (0, ["vaultlift", VERSION]) == (done.returncode, done.stdout.split())
