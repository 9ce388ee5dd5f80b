"""What a committed turn leaves in the file, and what it sets in motion."""

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import endings, events, management, queries
from local.taskhub.hub import finish_task
from local.taskhub.transaction import (
    InstanceClosed,
    InstanceOpened,
    TaskScheduled,
    TimerSet,
    TurnCommitted,
)
from tests.unit.taskhub.ledger import (
    NOON_US,
    call,
    call_child,
    complete,
    send,
    set_timer,
)

FAILED = pb.ORCHESTRATION_STATUS_FAILED
CONTINUED = pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW


def history_kinds(ledger, instance_id="one"):
    """The kinds of the events in the history."""
    history = queries.read_history(ledger.db, instance_id)
    return [event.WhichOneof("eventType") for event in history]


def response_to(effect, result="1"):
    """A worker's report about a scheduled activity."""
    report = pb.ActivityResponse(
        instanceId=effect.instance_id, taskId=effect.request.taskId, completionToken="t"
    )
    report.result.value = result
    return report


def test_an_activity_is_written_down_before_it_may_start(ledger):
    """The row and the effect carry the same request."""
    ledger.begin()

    ledger.turn(call(1, "inspect", "{}"))

    effect = ledger.effects_of(TaskScheduled)[0]
    row = ledger.db.execute("select n, request from tasks").fetchone()
    assert (effect.n, effect.request) == (row[0], pb.ActivityRequest.FromString(row[1]))
    assert ("inspect", "{}", 1) == (
        effect.name,
        effect.request.input.value,
        effect.request.taskId,
    )


def test_an_activity_knows_its_orchestration(ledger):
    """Instance and execution go with the request, tags and trace as well."""
    instance = ledger.begin()
    action = call(1)
    action.scheduleTask.tags["ticket"] = "7"
    action.scheduleTask.parentTraceContext.traceParent = "00-ab-cd-01"

    ledger.turn(action)

    request = ledger.effects_of(TaskScheduled)[0].request
    assert instance.execution_id == request.orchestrationInstance.executionId.value
    assert {"ticket": "7"} == dict(request.tags)
    assert "00-ab-cd-01" == request.parentTraceContext.traceParent


def test_the_consumed_messages_leave_the_inbox_for_the_history(ledger):
    """After the turn the start is history, framed and confirmed."""
    ledger.begin()

    ledger.turn(call(1))

    assert [] == ledger.inbox()
    assert ["executionStarted", "taskScheduled", "orchestratorCompleted"] == history_kinds(ledger)


def test_a_message_that_came_during_the_turn_stays(ledger):
    """Only what the worker has seen is consumed."""
    ledger.begin()
    seen = ledger.inbox()
    ledger.do(management.raise_event, "one", "go", None)

    ledger.turn(call(1), seen=seen)

    assert ["eventRaised"] == ledger.inbox_kinds()


def test_an_activity_result_is_delivered_once(ledger):
    """The second report of the same activity finds nothing to do."""
    ledger.begin()
    ledger.turn(call(1))
    effect = ledger.effects_of(TaskScheduled)[0]

    counted = [ledger.do(finish_task, "one", effect.n, response_to(effect)) for _ in range(2)]

    assert [True, False] == counted
    assert ["taskCompleted"] == ledger.inbox_kinds()


def test_a_result_for_an_execution_that_is_over_is_dropped(ledger):
    """After continue-as-new nobody waits for the old execution's activity."""
    ledger.begin()
    ledger.turn(call(1))
    effect = ledger.effects_of(TaskScheduled)[0]
    ledger.turn(complete(CONTINUED, "2"))

    ledger.do(finish_task, "one", effect.n, response_to(effect))

    assert ["executionStarted"] == ledger.inbox_kinds()
    assert 0 == ledger.count("tasks")


def test_a_timer_keeps_its_event_until_it_is_due(ledger):
    """The row holds what will be delivered, and the timer task is told."""
    ledger.begin()

    ledger.turn(set_timer(1, NOON_US + 60_000_000))

    row = ledger.db.execute("select due_us, event from timers").fetchone()
    fired = pb.HistoryEvent.FromString(row[1]).timerFired
    assert (NOON_US + 60_000_000, 1) == (row[0], fired.timerId)
    assert [TimerSet(NOON_US + 60_000_000)] == ledger.effects_of(TimerSet)


def test_a_child_begins_with_its_parent_in_its_start(ledger):
    """The child's first event names the parent and the action that called it."""
    ledger.begin()

    ledger.turn(call_child(4, "kid-1"))

    info = ledger.inbox("kid-1")[0].event.executionStarted.parentInstance
    assert ("one", 4) == (info.orchestrationInstance.instanceId, info.taskScheduledId)


def test_a_child_without_an_id_gets_one_from_its_parent(ledger):
    """The id is the same whenever the parent is replayed."""
    ledger.begin()

    ledger.turn(call_child(10, ""))

    assert ledger.find("one:000a") is not None


def test_an_ended_child_gives_way_to_a_new_one(ledger):
    """A retried sub-orchestration begins under the id of the one that failed."""
    ledger.begin()
    ledger.turn(call_child(1, "kid-1"))
    ledger.turn(complete(FAILED, failureDetails=events.failure("E", "x")), instance_id="kid-1")

    ledger.turn(call_child(1, "kid-1"))

    assert (0, False) == (ledger.find("kid-1").turns, ledger.find("kid-1").is_ended)


def test_a_completed_child_reports_to_its_parent(ledger):
    """Its output is the parent's next message."""
    ledger.begin()
    ledger.turn(call_child(1, "kid-1"))

    ledger.turn(complete(result='"fine"'), instance_id="kid-1")

    report = ledger.inbox()[0].event.subOrchestrationInstanceCompleted
    assert (1, '"fine"') == (report.taskScheduledId, report.result.value)


def test_a_child_that_begins_anew_still_has_its_parent(ledger):
    """Continue-as-new does not make an orphan."""
    ledger.begin()
    ledger.turn(call_child(1, "kid-1"))
    ledger.turn(complete(CONTINUED, "2"), instance_id="kid-1")

    ledger.turn(complete(result="3"), instance_id="kid-1")

    assert ["subOrchestrationInstanceCompleted"] == ledger.inbox_kinds()


def test_a_child_whose_parent_began_anew_reports_to_nobody(ledger):
    """The execution that called it is over."""
    ledger.begin()
    ledger.turn(call_child(1, "kid-1"))
    ledger.turn(complete(CONTINUED, "2"))

    ledger.turn(complete(result="3"), instance_id="kid-1")

    assert ["executionStarted"] == ledger.inbox_kinds()


def test_an_event_for_oneself_arrives(ledger):
    """An instance may send itself an event."""
    ledger.begin()

    ledger.turn(send(1, "one"))

    assert ["eventRaised"] == ledger.inbox_kinds()


def test_an_event_for_nobody_is_sent_all_the_same(ledger):
    """The sender's history says so; nobody else notices."""
    ledger.begin()

    ledger.turn(send(1, "nobody"))

    assert "eventSent" in history_kinds(ledger)


def test_an_orchestration_can_terminate_another(ledger):
    """The action ends the target in the same transaction."""
    ledger.begin()
    ledger.begin("two")
    terminate = pb.TerminateOrchestrationAction(instanceId="two")

    ledger.turn(pb.OrchestratorAction(id=1, terminateOrchestration=terminate))

    assert ledger.find("two").is_ended


def test_an_end_clears_what_would_come_later(ledger):
    """Timers and messages of an ended instance go; its running activities are let finish."""
    ledger.begin()
    ledger.turn(call(1), set_timer(2, NOON_US + 1))
    ledger.do(management.raise_event, "one", "late", None)

    ledger.turn(complete(result="1"))

    assert (0, 0, 1) == (ledger.count("inbox"), ledger.count("timers"), ledger.count("tasks"))
    assert [InstanceClosed("one")] == ledger.effects_of(InstanceClosed)


def test_a_waiting_instance_is_told_to_go_on(ledger):
    """A turn that did not end anything frees the instance for its next turn."""
    ledger.begin()

    ledger.turn(call(1))

    assert ["one"] == [effect.instance_id for effect in ledger.effects_of(TurnCommitted)]


def test_a_suspension_during_a_turn_stays_in_force(ledger):
    """The turn's commit does not make the instance look running."""
    ledger.begin()
    seen = ledger.inbox()
    ledger.do(management.suspend, "one", None)

    ledger.turn(call(1), seen=seen)

    assert pb.ORCHESTRATION_STATUS_SUSPENDED == ledger.find().status


def test_continue_as_new_orders_start_carried_and_new_events(ledger):
    """The new execution sees its start, then what was carried over, then what came meanwhile."""
    ledger.begin()
    seen = ledger.inbox()
    ledger.do(management.raise_event, "one", "meanwhile", None)
    carried = events.event_raised(NOON_US, "carried", None)

    ledger.turn(complete(CONTINUED, "2", carryoverEvents=[carried]), seen=seen)

    names = [message.event.eventRaised.name for message in ledger.inbox()]
    assert ["", "carried", "meanwhile"] == names
    assert "executionStarted" == ledger.inbox_kinds()[0]


def test_continue_as_new_keeps_what_belongs_to_the_instance(ledger):
    """Tags stay, the version may change, the execution is another."""
    before = ledger.begin(tags={"a": "b"}, version="1")
    action = complete(CONTINUED, "2")
    action.completeOrchestration.newVersion.value = "2"

    ledger.turn(action)

    after = ledger.find()
    assert ({"a": "b"}, "2", "2", 0) == (after.tags, after.version, after.input, after.turns)
    assert before.execution_id != after.execution_id
    assert after.execution_id == ledger.effects_of(InstanceOpened)[-1].execution_id


@pytest.mark.parametrize("change", ["terminate", "remove", "continue"])
def test_a_turn_of_an_execution_that_is_over_counts_for_nothing(ledger, change):
    """Ended, removed or begun anew: what the old turn asks for is not done."""
    ledger.begin()
    turn_of = ledger.find().execution_id
    if change == "terminate":
        ledger.do(management.terminate, "one", None, recursive=False)
    elif change == "remove":
        ledger.do(endings.remove, "one")
        ledger.begin()
    else:
        ledger.turn(complete(CONTINUED, "2"))

    counted = ledger.turn(call(1), seen=[], execution_id=turn_of)

    assert (False, 0) == (counted, ledger.count("tasks"))


def test_a_turn_that_was_handed_out_twice_counts_once(ledger):
    """The second report of one turn finds the instance further on."""
    ledger.begin()
    seen = ledger.inbox()

    counted = [ledger.turn(call(1), seen=seen, turns=0) for _ in range(2)]

    assert ([True, False], 1) == (counted, ledger.count("tasks"))


def test_nothing_of_a_non_deterministic_turn_starts(ledger):
    """The steps a confused turn asks for are not what anybody meant."""
    ledger.begin()
    confused = complete(
        FAILED, failureDetails=events.failure("durabletask.task.NonDeterminismError", "differs")
    )

    ledger.turn(call(1), confused)

    assert (0, True) == (ledger.count("tasks"), ledger.find().is_ended)


def test_a_failing_turn_still_starts_what_it_asked_for(ledger):
    """An activity asked for before an ordinary failure runs, as with Microsoft's engines."""
    ledger.begin()

    ledger.turn(call(1), complete(FAILED, failureDetails=events.failure("ValueError", "x")))

    assert 1 == ledger.count("tasks")


def test_the_custom_status_is_that_of_the_last_turn(ledger):
    """A turn that reports none clears it."""
    ledger.begin()
    with_status = pb.OrchestratorResponse().customStatus
    with_status.value = '"busy"'
    ledger.turn(call(1), customStatus=with_status)
    shown = queries.get_instance(ledger.db, "one", with_payloads=False)

    ledger.turn()

    cleared = queries.get_instance(ledger.db, "one", with_payloads=False)
    assert '"busy"' == shown.orchestrationState.customStatus.value
    assert not cleared.orchestrationState.HasField("customStatus")


def test_the_trace_of_the_orchestration_comes_back_with_the_next_turn(ledger):
    """What the worker keeps about its span survives in file and effect."""
    ledger.begin()
    trace = pb.OrchestrationTraceContext()
    trace.spanID.value = "abcd"

    ledger.turn(call(1), orchestrationTraceContext=trace)

    row = ledger.db.execute("select turn_trace from instances").fetchone()
    assert trace == ledger.effects_of(TurnCommitted)[0].turn_trace
    assert trace == pb.OrchestrationTraceContext.FromString(row[0])


@pytest.mark.parametrize(
    "status", [pb.ORCHESTRATION_STATUS_RUNNING, pb.ORCHESTRATION_STATUS_PENDING, 99]
)
def test_what_is_no_end_fails_the_instance(ledger, status):
    """It would else be neither live nor ended."""
    ledger.begin()
    ledger.turn(call(1), complete(status))

    assert pb.ORCHESTRATION_STATUS_FAILED == ledger.find().status
    assert 0 == ledger.count("tasks")
