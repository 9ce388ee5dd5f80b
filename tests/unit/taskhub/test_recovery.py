"""What a hub finds in its file is what it held in memory."""

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import management, recovery
from local.taskhub.transaction import InstanceOpened, TaskScheduled, TimerSet
from tests.unit.taskhub.ledger import NOON_US, call, complete, set_timer


def found(ledger, kind):
    """The effects of one kind that a start applies."""
    return [effect for effect in recovery.load(ledger.db) if isinstance(effect, kind)]


def test_an_empty_hub_has_nothing_to_do(ledger):
    """No instance, no activity, no timer."""
    assert [] == recovery.load(ledger.db)


def test_a_live_instance_is_found_with_its_messages(ledger):
    """In the order in which they arrived."""
    ledger.begin(version="2")
    ledger.do(management.raise_event, "one", "go", None)

    opened = found(ledger, InstanceOpened)[0]

    kinds = [message.event.WhichOneof("eventType") for message in opened.inbox]
    assert ("any", "2", 0) == (opened.name, opened.version, opened.turns)
    assert ["executionStarted", "eventRaised"] == kinds


def test_an_instance_in_the_middle_has_a_history(ledger):
    """Its next turn goes with past events, and with its trace."""
    ledger.begin()
    trace = pb.OrchestrationTraceContext()
    trace.spanID.value = "abcd"
    ledger.turn(call(1), orchestrationTraceContext=trace)

    opened = found(ledger, InstanceOpened)[0]

    assert (1, (), trace) == (opened.turns, opened.inbox, opened.turn_trace)


def test_an_ended_instance_is_not_found(ledger):
    """It stays in the file and out of memory."""
    ledger.begin()
    ledger.turn(complete(result="1"))

    assert [] == found(ledger, InstanceOpened)


def test_a_suspended_instance_is_found_suspended(ledger):
    """A restart does not resume anything."""
    ledger.begin()
    ledger.do(management.suspend, "one", None)

    assert found(ledger, InstanceOpened)[0].suspended


def test_an_unfinished_activity_is_found_as_it_was_scheduled(ledger):
    """The same number, so that a worker that outlived the hub can still report."""
    ledger.begin()
    ledger.turn(call(1, "inspect", "{}"), call(2, "settle"))

    assert ledger.effects_of(TaskScheduled) == found(ledger, TaskScheduled)


def test_the_next_timer_is_found(ledger):
    """The earliest of all is enough to wake up in time."""
    ledger.begin()
    ledger.turn(set_timer(1, NOON_US + 20), set_timer(2, NOON_US + 10))

    assert [TimerSet(NOON_US + 10)] == found(ledger, TimerSet)
