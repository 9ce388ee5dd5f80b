"""``vaultlift support`` and ``vaultlift authorize-retry`` as a user runs them."""

import json

import pytest

from tests.unit.cli.fake_app import error_body, serving, view_body
from tests.unit.cli.test_main import run

LIST = "/api/upgrades?top=100"
ID = "upgrade-vault-failing"
BUNDLE = {
    "operation_id": "op-1",
    "mail_to": "support@example.com",
    "mail_subject": "Vault upgrade failed: vault-failing",
    "mail_text": "OperationId: op-1",
    "instruction": "Do not retry.",
}
SUPPORT = {
    "id": ID,
    "evidenceKey": "vaults/k/runs/r/10-support-bundle.json",
    "recordedAt": "2017-09-05T12:00:00+00:00",
    "bundle": BUNDLE,
}
RETRY = {"id": ID, "attempt": 2, "ticket": "SR-1", "requestId": "retry-2-abc"}


@pytest.fixture
def app():
    """An app that knows one failed vault."""
    with serving() as fake:
        listed = {"upgrades": [view_body("vault-failing")], "continuationToken": None}
        fake.on("GET", LIST, (200, listed))
        fake.on("GET", f"/api/upgrades/{ID}/support", (200, SUPPORT))
        fake.on("POST", f"/api/upgrades/{ID}/retry", (202, RETRY))
        yield fake


@pytest.mark.parametrize("vault", ["vault-failing", "VAULT-Failing", ID])
def test_the_mail_is_shown(app, vault):
    """By the vault's name, in any case, or by the id of its upgrade."""
    done = run("support", vault, app=app)

    assert (0, True, True) == (
        done.returncode,
        "To: support@example.com" in done.stdout,
        "OperationId: op-1" in done.stdout,
    )


def test_a_vault_may_be_named_like_an_id(app):
    """Only the whole form of an id is one."""
    named = view_body("upgrade-test") | {"id": ID}
    app.on("GET", LIST, (200, {"upgrades": [named], "continuationToken": None}))

    assert 0 == run("support", "upgrade-test", app=app).returncode


def test_the_bundle_is_written(app, tmp_path):
    """To be attached to the mail."""
    path = tmp_path / "bundle.json"

    run("support", ID, "--out", path, app=app)

    assert BUNDLE == json.loads(path.read_text("utf-8"))


def test_a_file_that_cannot_be_written_is_said(app, tmp_path):
    """One sentence, and exit code 1."""
    done = run("support", ID, "--out", tmp_path / "no" / "such" / "folder.json", app=app)

    assert (1, True) == (done.returncode, "cannot be written" in done.stderr)


def test_json_holds_everything(app):
    """One line for programs."""
    done = run("support", ID, "--json", app=app)

    line = json.loads(done.stdout)
    assert ("support", BUNDLE) == (line["event"], line["bundle"])


def test_a_vault_without_a_failure_is_said(app):
    """The app's own sentence reaches the user."""
    path = f"/api/upgrades/{ID}/support"
    app.on("GET", path, (409, error_body("NothingFailed", "No upgrade of this vault has failed.")))

    done = run("support", ID, app=app)

    assert (1, True) == (done.returncode, "No upgrade of this vault has failed" in done.stderr)


def test_a_name_nobody_knows_is_said(app):
    """With where to look."""
    done = run("support", "vault-unknown", app=app)

    assert (1, True) == (done.returncode, "vaultlift status --all" in done.stderr)


def test_a_name_of_several_vaults_is_not_guessed(app):
    """The ids to choose from are listed."""
    views = [view_body("vault-failing"), view_body("vault-failing", id="upgrade-other")]
    app.on("GET", LIST, (200, {"upgrades": views, "continuationToken": None}))

    done = run("support", "vault-failing", app=app)

    assert (1, True) == (done.returncode, "upgrade-other" in done.stderr)


def test_an_instruction_is_handed_over(app):
    """Ticket, Microsoft's words, and who recorded them."""
    done = run(
        "authorize-retry",
        ID,
        *("--ticket", "SR-1", "--instruction", "Once more.", "--authorized-by", "boss"),
        app=app,
    )

    sent = [body for method, path, _, body in app.calls if method == "POST"]
    assert [{"ticket": "SR-1", "instruction": "Once more.", "authorizedBy": "boss"}] == sent
    assert (0, True) == (done.returncode, "attempt 2" in done.stdout)


@pytest.mark.parametrize("missing", ["--ticket", "--instruction"])
def test_ticket_and_instruction_are_demanded(app, missing):
    """Without them there is no retry."""
    options = {"--ticket": "SR-1", "--instruction": "Once more."}
    del options[missing]

    done = run("authorize-retry", ID, *[part for pair in options.items() for part in pair], app=app)

    assert (1, []) == (done.returncode, app.calls)


def test_a_refused_retry_is_said(app):
    """The app's reason, and exit code 1."""
    path = f"/api/upgrades/{ID}/retry"
    app.on("POST", path, (409, error_body("RetryRefused", "the upgrade has not failed.")))

    done = run("authorize-retry", ID, "--ticket", "S", "--instruction", "I", app=app)

    assert (1, True) == (done.returncode, "has not failed" in done.stderr)
