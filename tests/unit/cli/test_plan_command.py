"""``vaultlift plan`` as a user runs it."""

import json

import pytest

from domain.codec import to_object
from domain.lost_machine import LostMachine
from domain.lost_machines import judge_lost_machines
from domain.plans import build_plan, plan_hash
from domain.prechecks import CheckResult
from domain.upgrade import CheckOutcome, PrerequisiteCheck
from tests.samples import classic_vault, upgrade_request
from tests.unit.cli.fake_app import serving, view_body
from tests.unit.cli.test_main import run

ID = "upgrade-vault-clean"
MACHINE = LostMachine(name="gone.contoso.example", vault_id="/v", container_id="7")
LOST = judge_lost_machines([MACHINE.name], [MACHINE])
CHECK = PrerequisiteCheck(
    outcome=CheckOutcome.SUCCEEDED,
    reasons=(),
    client_request_id="check-1",
    provenance=classic_vault().provenance,
)
PLAN = build_plan(
    upgrade_request(),
    classic_vault(),
    CHECK,
    operation_id="op-1",
    result=CheckResult(reasons=LOST.reasons, to_unregister=LOST.found),
)


def _shown(*, is_waiting=True):
    return {
        "id": ID,
        "hash": plan_hash(PLAN),
        "evidenceKey": "vaults/k/runs/r/04-plan-0.json",
        "recordedAt": "2017-09-05T12:00:00+00:00",
        "isWaiting": is_waiting,
        "plan": to_object(PLAN),
    }


@pytest.fixture
def app():
    """An app with one vault whose plan waits."""
    with serving() as fake:
        listed = {"upgrades": [view_body("vault-clean")], "continuationToken": None}
        fake.on("GET", "/api/upgrades?top=100", (200, listed))
        fake.on("GET", f"/api/upgrades/{ID}/plan", (200, _shown()))
        yield fake


@pytest.mark.parametrize(
    "told",
    [
        "POST /7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11/cloudservices/",
        "DELETE /v/backupContainers/7/UnRegisterContainer",
        "There is no rollback",
        "The backups of gone.contoso.example are gone.",
        "scheduled backups go on",
        "up to 12 hours",
        "What you agree to by approving:\n  - MachineUnregistered",
        "Estimate: 15 to 20 minutes, 90 at most",
        f"vaultlift approve {ID} --plan {plan_hash(PLAN)} --approver NAME",
    ],
)
def test_the_plan_is_shown_whole(app, told):
    """Whoever approves has read what they approve."""
    done = run("plan", "vault-clean", app=app)

    assert (2, True) == (done.returncode, told in done.stdout)


def test_a_plan_nobody_waits_with_asks_for_nothing(app):
    """It was answered, or needed no answer."""
    app.on("GET", f"/api/upgrades/{ID}/plan", (200, _shown(is_waiting=False)))

    done = run("plan", ID, app=app)

    assert (0, False) == (done.returncode, "vaultlift approve" in done.stdout)


def test_json_holds_the_plan(app):
    """One line for programs."""
    line = json.loads(run("plan", ID, "--json", app=app).stdout)

    assert ("plan", plan_hash(PLAN), "op-1") == (
        line["event"],
        line["hash"],
        line["plan"]["operation_id"],
    )
