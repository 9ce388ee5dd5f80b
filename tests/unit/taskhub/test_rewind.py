"""Putting a rewound history in place: what is started, found and reported again."""

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import events, queries, rewind
from local.taskhub.transaction import TaskScheduled
from local.taskhub.work import Turn
from tests.unit.taskhub.ledger import NOON_US, call, call_child, complete, set_timer

FAILED = pb.ORCHESTRATION_STATUS_FAILED
BROKEN = events.failure("ValueError", "broken")


@pytest.fixture
def failed(ledger):
    """An instance that asked for an activity, a timer and a child, and then failed."""
    ledger.begin()
    ledger.turn(call(1), set_timer(2, NOON_US + 60), call_child(3, "kid"))
    ledger.turn(complete(FAILED, failureDetails=BROKEN))
    return ledger


def rewind_one(ledger, *, keep=lambda _event: True, execution_id="e2"):
    """Rewinds ``one`` as a worker would, to the events that are kept; gives whether it counted."""
    ledger.do(rewind.request_rewind, "one", "fixed")
    request = ledger.inbox()
    history = [
        event
        for event in queries.read_history(ledger.db, "one")
        if not event.HasField("executionCompleted") and keep(event)
    ]
    for event in history:
        if event.HasField("executionStarted"):
            event.executionStarted.orchestrationInstance.executionId.value = execution_id
    turn = Turn(
        token="t",
        instance_id="one",
        execution_id=ledger.find().execution_id,
        consumed=tuple(request),
        turns=ledger.find().turns,
        new_events=[],
    )
    return ledger.do(rewind.apply_rewind, turn, pb.RewindOrchestrationAction(newHistory=history))


def test_the_rewound_history_replaces_the_old_one(failed):
    """Nothing of the failure is left, and the execution is a new one."""
    rewind_one(failed)

    kinds = [e.WhichOneof("eventType") for e in queries.read_history(failed.db, "one")]
    assert "executionCompleted" not in kinds
    assert ("e2", False) == (failed.find().execution_id, failed.find().is_ended)


def test_the_instance_gets_a_turn_that_replays(failed):
    """An event that says nothing new is enough to wake it."""
    rewind_one(failed)

    assert ["orchestratorStarted"] == failed.inbox_kinds()


def test_an_open_timer_is_set_again(failed):
    """It was deleted when the instance failed; it is due when it always was."""
    rewind_one(failed)

    assert [NOON_US + 60] == [row[0] for row in failed.db.execute("select due_us from timers")]


def test_an_activity_that_still_runs_is_not_started_twice(failed):
    """Its result will count for the rewound execution."""
    rewind_one(failed)

    row = failed.db.execute("select execution_id from tasks").fetchall()
    assert [("e2",)] == [tuple(one) for one in row]
    assert 1 == len(failed.effects_of(TaskScheduled))


def test_an_activity_whose_result_was_dropped_runs_again(failed):
    """It ended while its instance was over; nobody kept what it said."""
    failed.db.execute("delete from tasks")

    rewind_one(failed)

    assert [1, 1] == [effect.request.taskId for effect in failed.effects_of(TaskScheduled)]


def test_a_child_that_ended_meanwhile_reports_again(failed):
    """Its output goes to the rewound execution."""
    failed.turn(complete(result='"kept"'), instance_id="kid")

    rewind_one(failed)

    reports = [
        message.event.subOrchestrationInstanceCompleted.result.value
        for message in failed.inbox()
        if message.event.HasField("subOrchestrationInstanceCompleted")
    ]
    assert ['"kept"'] == reports


def test_a_child_that_failed_is_rewound_too(failed):
    """The failure may have been the child's."""
    failed.turn(complete(FAILED, failureDetails=BROKEN), instance_id="kid")

    rewind_one(failed)

    assert ["executionRewound"] == failed.inbox_kinds("kid")


def test_a_child_that_is_gone_begins_anew(failed):
    """A purged child starts from its recorded input."""
    failed.db.execute("delete from instances where instance_id = 'kid'")
    failed.db.execute("delete from inbox where instance_id = 'kid'")

    rewind_one(failed)

    assert ["executionStarted"] == failed.inbox_kinds("kid")


def test_a_child_that_still_runs_reports_to_the_rewound_execution(failed):
    """It keeps running and has a parent again."""
    rewind_one(failed)

    failed.turn(complete(result="1"), instance_id="kid")

    assert "subOrchestrationInstanceCompleted" in failed.inbox_kinds()


def test_a_rewind_of_an_instance_that_was_replaced_counts_for_nothing(failed):
    """The worker's answer came too late."""
    failed.do(rewind.request_rewind, "one", None)
    stale = Turn("t", "one", "an execution of yesterday", (), [])

    counted = failed.do(rewind.apply_rewind, stale, pb.RewindOrchestrationAction())

    assert not counted


def test_other_answers_are_no_rewind():
    """An ordinary turn is recognised as such."""
    response = pb.OrchestratorResponse(actions=[call(1)])

    assert rewind.rewound_history(response) is None
