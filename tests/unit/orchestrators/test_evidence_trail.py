"""DESIGN rule 8: what a step found is in the evidence before the next step begins."""

import re
from collections import defaultdict
from typing import Any

from domain.errors import NotFoundError
from domain.upgrade import RunState
from orchestrators import names
from tests.estate import FakeEstate, estate_of_one
from tests.workflow import ActivityBody, Workflow

TRAIL = {
    names.INSPECT_VAULT: {"01-request", "02-inspection", "07-record"},
    names.CHECK_PREREQUISITES: {"03-prerequisites-1"},
    names.READ_PRECHECKS: {"02-before-image", "03-checks-1"},
    names.RECORD_PLAN: {"04-plan"},
    names.START_UPGRADE: {"intent", "send-01", "06-start-1"},
    names.READ_OPERATION: {"07-operation"},
    names.CONFIRM_UPGRADE: {"08-confirmation"},
    names.PLAN_TIME_ZONES: {"09-time-zone-plan"},
    # The number is the edit's in the vault's ledger (DESIGN rule 5).
    names.WRITE_POLICY_ZONE: {"000001", "1-01-before", "1-01-sent", "1-01-write"},
    names.CHECK_POLICY_WRITE: {"1-01-result"},
    names.VERIFY_TIME_ZONES: {"09-time-zones"},
    names.READ_SECURITY: {"10-security"},
    names.LIST_AGENTS: {"10-agents"},
    names.READ_ITEMS: {"10-items"},
    names.READ_REPORTS: {"10-reports"},
    names.READ_JOB_SYNC: {"11-job-sync"},
    names.RECORD_VERDICT: {"outcome"},
}
"""What each step of an undisturbed run leaves about its vault."""

_HASH = re.compile(r"-[0-9a-f]{12}$")


def _steps(keys: set[str]) -> set[str]:
    """The last names of a vault's documents, without the hash of a plan."""
    return {
        _HASH.sub("", key.rpartition("/")[2].removesuffix(".json"))
        for key in keys
        if key.startswith("vaults/")
    }


def _watched(estate: FakeEstate, left: dict[str, set[str]]) -> Workflow:
    """A workflow that writes down which documents were new when each activity had ended."""
    workflow = estate.workflow()

    def watch(name: str, body: ActivityBody) -> ActivityBody:
        async def run(asked: Any) -> Any:
            before = set(estate.evidence.documents)
            answer = await body(asked)
            left[name] |= _steps(set(estate.evidence.documents) - before)
            return answer

        return run

    workflow.activities = {name: watch(name, body) for name, body in workflow.activities.items()}
    return workflow


async def test_every_step_leaves_its_evidence_before_the_next() -> None:
    """A task hub that is lost after any step has taken nothing with it."""
    estate = estate_of_one()
    left: dict[str, set[str]] = defaultdict(set)

    outcome, _ = await estate.upgrade(workflow=_watched(estate, left))

    assert RunState.CLOSED == outcome.state
    assert TRAIL == {name: steps for name, steps in left.items() if steps}


async def test_who_asked_is_on_record_though_the_vault_is_not_there() -> None:
    """A list with a typing mistake still tells who handed it in."""
    estate = estate_of_one()
    estate.classic.fail("read_vault", *[NotFoundError("no such vault", status=404)] * 9)

    outcome, _ = await estate.upgrade()

    assert RunState.STOPPED == outcome.state
    assert await estate.evidence.read(f"{outcome.evidence_prefix}/01-request.json") is not None
