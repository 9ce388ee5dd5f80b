"""The commands of clients, one transaction each."""

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import endings, events, management, queries, rewind
from local.taskhub.errors import RefusalError
from local.taskhub.transaction import InstanceOpened, SuspensionChanged, TasksDropped
from tests.unit.taskhub.ledger import NOON_US, call, call_child, complete

FAILED = pb.ORCHESTRATION_STATUS_FAILED
BROKEN = events.failure("ValueError", "broken")


def request(instance_id="one", **more):
    """A client's request to start an instance."""
    return pb.CreateInstanceRequest(instanceId=instance_id, name="any", **more)


def refusal(ledger, command, *args, **kwargs):
    """The status with which a command is refused; nothing may have changed."""
    changes = ledger.db.total_changes
    with pytest.raises(RefusalError) as caught:
        ledger.do(command, *args, **kwargs)
    assert changes == ledger.db.total_changes
    return caught.value.code


def test_an_instance_without_an_id_gets_one(ledger):
    """The hub makes up an id and says which."""
    instance_id = ledger.do(management.start_instance, request(""))

    assert ledger.find(instance_id) is not None


def test_a_start_in_the_past_begins_at_once(ledger):
    """A scheduled time that is over does not hold the instance back."""
    start = request()
    start.scheduledStartTimestamp.FromMicroseconds(NOON_US - 1)

    ledger.do(management.start_instance, start)

    assert ["executionStarted"] == ledger.inbox_kinds()


def test_a_start_in_the_future_is_a_timer(ledger):
    """The start event waits like any other timer."""
    start = request()
    start.scheduledStartTimestamp.FromMicroseconds(NOON_US + 10)

    ledger.do(management.start_instance, start)

    assert ([], 1) == (ledger.inbox(), ledger.count("timers"))


def test_a_replaced_instance_leaves_nothing_behind(ledger):
    """History, tasks, timers and messages of the old instance go with it."""
    ledger.begin()
    ledger.turn(call(1))
    ledger.turn(complete(result="1"))

    ledger.do(management.start_instance, request())

    assert (0, 0, 1) == (ledger.count("history"), ledger.count("tasks"), ledger.count("inbox"))
    assert [TasksDropped("one")] == ledger.effects_of(TasksDropped)


@pytest.mark.parametrize(
    ("status", "replaceable", "is_refused"),
    [
        (pb.ORCHESTRATION_STATUS_COMPLETED, [pb.ORCHESTRATION_STATUS_COMPLETED], False),
        (pb.ORCHESTRATION_STATUS_COMPLETED, [pb.ORCHESTRATION_STATUS_FAILED], True),
        (pb.ORCHESTRATION_STATUS_FAILED, [pb.ORCHESTRATION_STATUS_FAILED], False),
    ],
)
def test_a_policy_replaces_exactly_what_it_lists(ledger, status, replaceable, is_refused):
    """Listed statuses give way, others do not."""
    ledger.begin()
    ledger.turn(complete(status, failureDetails=BROKEN))
    policy = pb.OrchestrationIdReusePolicy(replaceableStatus=replaceable)
    again = request(orchestrationIdReusePolicy=policy)

    if is_refused:
        code = refusal(ledger, management.start_instance, again)
        assert grpc.StatusCode.ALREADY_EXISTS == code
    else:
        assert "one" == ledger.do(management.start_instance, again)


def test_a_termination_is_written_into_the_history(ledger):
    """The history ends as one that ended by itself would."""
    ledger.begin()
    ledger.turn(call(1))

    ledger.do(management.terminate, "one", '"why"', recursive=False)

    last = queries.read_history(ledger.db, "one")[-1].executionCompleted
    assert (pb.ORCHESTRATION_STATUS_TERMINATED, '"why"') == (
        last.orchestrationStatus,
        last.result.value,
    )


def test_a_recursive_termination_reaches_grandchildren(ledger):
    """Everything below goes, and nobody reports to an ended parent."""
    ledger.begin()
    ledger.turn(call_child(1, "kid"))
    ledger.turn(call_child(1, "grandkid"), instance_id="kid")

    ledger.do(management.terminate, "one", None, recursive=True)

    assert [True, True] == [ledger.find(name).is_ended for name in ("kid", "grandkid")]
    assert 0 == ledger.count("inbox")


def test_a_second_termination_changes_nothing(ledger):
    """Ended is ended."""
    ledger.begin()
    ledger.do(management.terminate, "one", '"first"', recursive=False)

    ledger.do(management.terminate, "one", '"second"', recursive=False)

    state = queries.get_instance(ledger.db, "one", with_payloads=True).orchestrationState
    assert '"first"' == state.output.value


def test_suspending_twice_is_suspending_once(ledger):
    """The second request neither changes anything nor leaves an event."""
    ledger.begin()

    ledger.do(management.suspend, "one", "a")
    ledger.do(management.suspend, "one", "b")

    assert ["executionStarted", "executionSuspended"] == ledger.inbox_kinds()
    assert 1 == len(ledger.effects_of(SuspensionChanged))


@pytest.mark.parametrize(
    ("turns", "expected"),
    [(0, pb.ORCHESTRATION_STATUS_PENDING), (1, pb.ORCHESTRATION_STATUS_RUNNING)],
)
def test_a_resumed_instance_is_what_it_was(ledger, turns, expected):
    """Pending stays pending, running goes on running."""
    ledger.begin()
    for _ in range(turns):
        ledger.turn(call(1))
    ledger.do(management.suspend, "one", None)

    ledger.do(management.resume, "one", None)

    assert expected == ledger.find().status


def test_an_ended_instance_cannot_be_suspended(ledger):
    """Nothing happens, as with Microsoft's engine."""
    ledger.begin()
    ledger.turn(complete(result="1"))

    ledger.do(management.suspend, "one", None)

    assert ([], True) == (ledger.inbox(), ledger.find().is_ended)


def test_a_restart_keeps_what_the_caller_gave(ledger):
    """Name, version, input and tags are those of the first start."""
    ledger.begin(name="upgrade", version="3", input='"v"', tags={"a": "b"})
    ledger.turn(complete(result="1"))

    ledger.do(management.restart, "one", new_id=False)

    again = ledger.find()
    assert ("upgrade", "3", '"v"', {"a": "b"}) == (
        again.name,
        again.version,
        again.input,
        again.tags,
    )


def test_purge_keeps_a_live_child_of_a_purged_parent(ledger):
    """Recursive purge removes what has ended, no more."""
    ledger.begin()
    ledger.turn(call_child(1, "kid"))
    ledger.turn(complete(result="1"))

    removed = ledger.do(management.purge, "one", recursive=True)

    assert 1 == removed
    assert ledger.find("kid") is not None


def test_purge_by_filter_works_in_batches(ledger):
    """A batch says when more may match."""
    for number in range(management.PURGE_BATCH + 1):
        name = f"i{number}"
        ledger.begin(name)
        ledger.turn(complete(result="1"), instance_id=name)
    everything = pb.PurgeInstanceFilter()

    batches = [ledger.do(management.purge_batch, everything, recursive=False) for _ in range(2)]

    assert [(management.PURGE_BATCH, True), (1, False)] == batches


def test_purge_by_filter_respects_creation_times(ledger):
    """From is included, to is not."""
    for number in range(3):
        ledger.now_us = NOON_US + number
        ledger.begin(f"i{number}")
        ledger.turn(complete(result="1"), instance_id=f"i{number}")
    chosen = pb.PurgeInstanceFilter()
    chosen.createdTimeFrom.FromMicroseconds(NOON_US + 1)
    chosen.createdTimeTo.FromMicroseconds(NOON_US + 2)

    ledger.do(management.purge_batch, chosen, recursive=False)

    assert [True, False, True] == [ledger.find(f"i{n}") is not None for n in range(3)]


def test_a_purge_without_a_time_limit_has_no_deadline():
    """Only a filter that states a limit is stopped by the clock."""
    assert management.deadline_of(pb.PurgeInstanceFilter()) is None


def test_a_rewind_request_reopens_a_failed_instance(ledger):
    """It runs again, and its failure is no longer shown."""
    ledger.begin()
    ledger.turn(complete(FAILED, failureDetails=BROKEN))

    ledger.do(rewind.request_rewind, "one", "fixed")

    state = queries.get_instance(ledger.db, "one", with_payloads=True).orchestrationState
    assert pb.ORCHESTRATION_STATUS_RUNNING == state.orchestrationStatus
    assert not state.HasField("failureDetails")
    assert ["executionRewound"] == ledger.inbox_kinds()
    assert 1 == ledger.effects_of(InstanceOpened)[-1].turns


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (management.raise_event, {"name": "go", "payload": None}),
        (management.terminate, {"output": None, "recursive": True}),
        (management.suspend, {"reason": None}),
        (management.resume, {"reason": None}),
        (management.restart, {"new_id": True}),
        (rewind.request_rewind, {"reason": None}),
    ],
)
def test_an_unknown_instance_is_refused_before_anything_changes(ledger, command, more):
    """Every command looks before it writes."""
    code = refusal(ledger, command, "nobody", **more)

    assert grpc.StatusCode.NOT_FOUND == code


def test_removal_of_an_unknown_instance_is_harmless(ledger):
    """Removing what is not there removes nothing."""
    ledger.begin()

    ledger.do(endings.remove, "nobody")

    assert ledger.find() is not None


@pytest.mark.parametrize("instance_id", ["a/b", "a\\b", "a#b", "a?b", "a\nb", "a\x7fb", "x" * 257])
def test_an_id_that_azure_would_not_take_is_refused(ledger, instance_id):
    """It would otherwise be found out in Azure only."""
    code = refusal(ledger, management.start_instance, request(instance_id))

    assert grpc.StatusCode.INVALID_ARGUMENT == code


def test_only_waiting_activities_are_looked_for(ledger):
    """Removing an instance without any does not make the hub search its queue."""
    ledger.begin()
    ledger.turn(complete(result="1"))
    ledger.do(management.purge, "one", recursive=False)

    assert [] == ledger.effects_of(TasksDropped)
