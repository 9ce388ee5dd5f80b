"""``vaultlift settle`` and ``vaultlift guard``, against an app that answers."""

import csv

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.cli.fake_app import error_body, view_body

ID = "settle-" + "0" * 32
VAULT = (
    "/subscriptions/7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11/resourceGroups/rg"
    "/providers/Microsoft.RecoveryServices/vaults/vault-old"
)
ACCEPTED = {
    "requestId": "request-1",
    "settlements": [
        {
            "id": ID,
            "vault": {"subscriptionId": "s", "resourceGroup": "rg", "name": "vault-old"},
            "statusUrl": f"http://app/api/settlements/{ID}",
            "joined": False,
        }
    ],
}
WORK = {
    "owner": "it@example.com",
    "machine": "fs01",
    "vault": "vault-old",
    "checkId": "agent-version",
    "found": "=1+1",
    "whatToDo": "Install the latest agent on fs01.",
}


def ended(state="closed", **members):
    """A settlement that has ended."""
    end = {"endedAt": "2026-09-06T00:00:00+00:00", "durationSeconds": 60.0}
    return view_body("vault-old", state, id=ID, **(end | members))


def run(fake_app, *arguments):
    """Runs the command against the fake app."""
    return CliRunner().invoke(app, [*arguments, "--url", fake_app.url, "--interval", "0.1"])


@pytest.fixture
def accepting(fake_app):
    """An app that accepts whatever it is asked to settle."""
    fake_app.on("POST", "/api/settlements", (202, ACCEPTED))
    return fake_app


def sent(fake_app):
    """The body of the request."""
    return next(body for method, path, _, body in fake_app.calls if path == "/api/settlements")


def test_a_vault_is_handed_in_with_its_choices(accepting):
    """What is left out is not sent: the app's defaults hold."""
    run(accepting, "settle", VAULT, "--time-zone", "UTC", "--dry-run")

    (row,) = sent(accepting)["vaults"]
    assert {
        "vaultId": VAULT,
        "timeZone": "UTC",
        "timeZoneMode": "set-zone",
        "approval": "required",
        "dryRun": True,
    } == row


def test_a_subscription_is_handed_in_as_one(accepting):
    """The app lists its vaults."""
    run(accepting, "settle", "--subscription", "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11")

    (row,) = sent(accepting)["vaults"]
    assert "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11" == row["subscriptionId"]


@pytest.mark.parametrize("arguments", [(), (VAULT, "--subscription", "x")])
def test_nothing_or_both_is_a_usage_error(fake_app, arguments):
    """One or the other has to be named."""
    result = run(fake_app, "settle", *arguments)

    assert (1, []) == (result.exit_code, fake_app.calls)


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (ended(), 0),
        (ended("closed_with_tasks"), 3),
        (ended("stopped"), 4),
        (ended(isDryRun=True, pendingChanges=["P: zone"]), 2),
    ],
    ids=["closed", "tasks", "stopped", "dry run with changes"],
)
def test_the_exit_code_tells_the_end(accepting, view, code):
    """A dry run that would write says 2, as a plan should."""
    accepting.on("GET", f"/api/settlements/{ID}", (200, view_body(id=ID)), (200, view))

    assert code == run(accepting, "settle", VAULT, "--follow").exit_code


def test_open_statements_are_shown(accepting):
    """The reader sees which promise of the article does not hold, and for whom."""
    statement = {"id": "x", "text": "Every agent is new.", "state": "open", "openSubjects": ["fs1"]}
    view = ended("closed_with_tasks", checklist=[statement])
    accepting.on("GET", f"/api/settlements/{ID}", (200, view))

    result = run(accepting, "settle", VAULT, "--follow")

    assert "open: Every agent is new. (fs1)" in result.output


def test_a_dry_run_shows_what_each_policy_s_times_mean(accepting):
    """Nobody can agree to a zone without knowing when the backup would run."""
    policy = {"policy": "Daily", "decision": "change", "now": "", "then": "Runs daily at 22:00"}
    accepting.on("GET", f"/api/settlements/{ID}", (200, ended(isDryRun=True, policies=[policy])))

    result = run(accepting, "settle", VAULT, "--follow", "--dry-run")

    assert "Daily, then: Runs daily at 22:00" in result.output


def test_work_lists_are_one_file_per_owner(accepting, tmp_path):
    """Each can be sent as it is; nothing in it runs in a spreadsheet."""
    rows = [WORK, WORK | {"owner": "", "machine": "fs02"}]
    view = ended("closed_with_tasks", workList=rows)
    accepting.on("GET", f"/api/settlements/{ID}", (200, view))

    run(accepting, "settle", VAULT, "--work-lists", str(tmp_path))

    assert ["it@example.com.csv", "no-owner.csv"] == sorted(p.name for p in tmp_path.iterdir())
    with (tmp_path / "it@example.com.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert ("fs01", "'=1+1") == (row["machine"], row["found"])


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_sent(accepting, tmp_path):
    """Not as a defect, and not after hours of waiting for lists that have nowhere to go."""
    (tmp_path / "file").touch()

    done = run(accepting, "settle", VAULT, "--work-lists", str(tmp_path / "file" / "lists"))

    assert (1, True, []) == (
        done.exit_code,
        "cannot be written" in done.stderr and "defect" not in done.stderr,
        accepting.calls,
    )


def test_a_restart_of_the_app_is_outlived(accepting):
    """A look that fails is made again."""
    path = f"/api/settlements/{ID}"
    accepting.on("GET", path, (503, error_body("Away", "restarting")), (200, ended()))

    assert 0 == run(accepting, "settle", VAULT, "--follow").exit_code


def test_the_guard_s_word_is_passed_on(fake_app):
    """Granted or abandoned, with who says so."""
    path = f"/api/settlements/{ID}/guard"
    fake_app.on("POST", path, (202, {"id": ID, "decision": "granted"}))
    arguments = ["guard", ID, "--granted", "--by", "ann", "--url", fake_app.url]

    result = CliRunner().invoke(app, arguments)

    bodies = [body for _, _, _, body in fake_app.calls]
    assert (0, [{"decision": "granted", "by": "ann"}]) == (result.exit_code, bodies)


def test_the_status_of_a_settlement_shows_what_it_asks(fake_app):
    """Whoever is to agree reads the changes, the hash and how to answer."""
    plan = {"hash": "ab" * 32, "changes": ["Daily: properties.timeZone from (absent) to UTC"]}
    waiting = view_body("vault-old", "awaiting_approval", id=ID, plan=plan)
    fake_app.on("GET", f"/api/settlements/{ID}", (200, waiting))

    done = run(fake_app, "status", ID)

    assert (2, True, True) == (
        done.exit_code,
        "would write Daily: properties.timeZone from (absent) to UTC" in done.stdout,
        f"vaultlift approve {ID} --plan {'ab' * 32}" in done.stdout,
    )


def test_the_status_of_a_settlement_shows_what_it_left_open(fake_app):
    """As the command that followed it would have."""
    statement = {"id": "x", "text": "Reports are configured.", "state": "open"}
    body = ended("closed_with_tasks", checklist=[{**statement, "openSubjects": ["vault-old"]}])
    fake_app.on("GET", f"/api/settlements/{ID}", (200, body))

    done = run(fake_app, "status", ID, "--watch")

    assert (3, True) == (done.exit_code, "open: Reports are configured. (vault-old)" in done.stdout)


def test_a_settlement_is_approved_at_its_own_address(fake_app):
    """The same command answers upgrades and settlements."""
    path = f"/api/settlements/{ID}/approval"
    fake_app.on("POST", path, (202, {"id": ID, "decision": "approve"}))
    arguments = ["approve", ID, "--plan", "ab" * 32, "--approver", "b", "--url", fake_app.url]

    done = CliRunner().invoke(app, arguments)

    assert (0, True) == (done.exit_code, "the settlement goes on" in done.stdout)
