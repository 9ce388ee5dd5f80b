"""Who gets which turn, and what becomes of a turn that is not completed."""

import asyncio

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import events
from local.taskhub.consumers import Consumer, Wants
from local.taskhub.dispatch import Dispatcher, task_number
from local.taskhub.transaction import (
    InstanceClosed,
    InstanceOpened,
    Message,
    MessageArrived,
    SuspensionChanged,
    TaskScheduled,
    TasksDropped,
    TurnCommitted,
)


def opened(**more):
    """An instance with its start in the inbox."""
    start = pb.HistoryEvent(executionStarted=pb.ExecutionStartedEvent(name="any"))
    return InstanceOpened("one", "e1", "any", "", **({"inbox": (Message(1, start),)} | more))


def raised(n, name="go"):
    """An event for the instance."""
    return MessageArrived("one", Message(n, events.event_raised(0, name, None)))


class Desk:
    """A dispatcher with one worker that takes everything."""

    def __init__(self):
        self.timers = []
        self.dispatcher = Dispatcher(lambda: 5, self.timers.append)
        self.worker = Consumer(Wants())
        self.dispatcher.attach(self.worker)

    def apply(self, *effects):
        self.dispatcher.apply(effects)

    def take(self):
        return self.dispatcher.take(self.worker)

    def complete(self, turn):
        self.dispatcher.claim_turn(turn.token, "one")
        self.apply(TurnCommitted("one", None))


@pytest.fixture
def desk():
    """A desk with a running instance, after its first turn."""
    one = Desk()
    one.apply(opened())
    one.complete(one.take())
    return one


def kinds(turn):
    """The kinds of the events a turn shows as new."""
    return [event.WhichOneof("eventType") for event in turn.new_events]


def test_a_turn_begins_with_the_time():
    """The orchestrator's clock is set before anything else happens."""
    desk = Desk()
    desk.apply(opened())

    turn = desk.take()

    assert ["orchestratorStarted", "executionStarted"] == kinds(turn)
    assert 5 == events.to_us(turn.new_events[0].timestamp)


def test_an_instance_without_news_gets_no_turn(desk):
    """Nothing new, nothing to do."""
    assert desk.take() is None


def test_an_instance_is_with_one_worker_at_a_time(desk):
    """News that come during a turn wait for the next one."""
    desk.apply(raised(2))
    turn = desk.take()
    desk.apply(raised(3))
    during = desk.take()

    desk.complete(turn)

    assert (None, (3,)) == (during, tuple(m.n for m in desk.take().consumed))


def test_a_start_comes_first_whatever_arrived_before_it():
    """An event that overtook a scheduled start is seen after it."""
    desk = Desk()
    desk.apply(opened(inbox=()), raised(1))
    before = desk.take()

    start = pb.HistoryEvent(executionStarted=pb.ExecutionStartedEvent(name="any"))
    desk.apply(MessageArrived("one", Message(2, start)))

    assert before is None
    assert ["orchestratorStarted", "executionStarted", "eventRaised"] == kinds(desk.take())


def test_a_suspended_instance_gets_no_turn_until_it_is_resumed(desk):
    """Suspension holds back turns, not messages."""
    desk.apply(SuspensionChanged("one", suspended=True), raised(2))
    suspended = desk.take()

    desk.apply(SuspensionChanged("one", suspended=False))

    assert (None, 2) == (suspended, desk.take().consumed[0].n)


def test_a_rewind_request_goes_alone(desk):
    """A worker rewinds only if nothing else comes with the request."""
    rewound = Message(2, events.execution_rewound(0, None))
    desk.apply(MessageArrived("one", rewound), raised(3))

    assert ["orchestratorStarted", "executionRewound"] == kinds(desk.take())


def test_an_ended_instance_gets_no_turn(desk):
    """What was queued for it is forgotten."""
    desk.apply(raised(2), InstanceClosed("one"))

    assert desk.take() is None


def test_a_vanished_worker_gives_everything_back(desk):
    """Its turn and its activity go to the next worker, the turn with history."""
    desk.apply(raised(2), TaskScheduled("one", 7, "step", "", pb.ActivityRequest()))
    held = [desk.take(), desk.take()]
    desk.dispatcher.detach(desk.worker)
    desk.worker = Consumer(Wants())

    again = [desk.take(), desk.take()]

    assert [held[0].consumed, held[1]] == [again[0].consumed, again[1]]
    assert (False, True) == (held[0].needs_history, again[0].needs_history)


def test_a_late_report_is_taken_if_nobody_else_has_the_turn(desk):
    """The messages it consumed are then not handed out again."""
    desk.apply(raised(2))
    turn = desk.take()
    desk.dispatcher.detach(desk.worker)
    desk.worker = Consumer(Wants())

    claimed = desk.dispatcher.claim_turn(turn.token, "one")

    assert (turn, None) == (claimed, desk.take())


def test_a_late_report_is_refused_once_another_has_the_turn(desk):
    """The second worker's report is the one that counts."""
    desk.apply(raised(2))
    turn = desk.take()
    desk.dispatcher.detach(desk.worker)
    desk.worker = Consumer(Wants())
    desk.take()

    assert desk.dispatcher.claim_turn(turn.token, "one") is None


def test_activities_of_a_removed_instance_are_not_started(desk):
    """What waits for a worker goes with its instance."""
    desk.apply(TaskScheduled("one", 7, "step", "", pb.ActivityRequest()), TasksDropped("one"))

    assert desk.take() is None


@pytest.mark.parametrize("token", ["", "task-", "task-x", "turn-1", "7"])
def test_a_foreign_token_names_no_activity(token):
    """Only what this hub gave out is taken for a token."""
    assert task_number(token) is None


def test_an_id_that_was_queued_under_another_name_does_not_reach_the_wrong_worker():
    """Suspended, ended and begun anew under another name: only who runs that name gets it."""
    desk = Desk()
    desk.worker = Consumer(Wants(orchestrations={"any": frozenset()}))
    desk.apply(opened(), SuspensionChanged("one", suspended=True), InstanceClosed("one"))
    start = pb.HistoryEvent(executionStarted=pb.ExecutionStartedEvent(name="other"))
    desk.apply(InstanceOpened("one", "e2", "other", "", inbox=(Message(2, start),)))
    before = desk.take()
    desk.worker = Consumer(Wants(orchestrations={"other": frozenset()}))

    assert (None, "e2") == (before, desk.take().execution_id)


def lose(desk):
    """The worker vanishes with what it holds, and another comes."""
    desk.dispatcher.detach(desk.worker)
    desk.worker = Consumer(Wants())
    desk.dispatcher.attach(desk.worker)


async def test_a_turn_that_costs_two_workers_their_stream_waits(desk):
    """It goes to the second at once and to the third after a pause, so that others get theirs."""
    desk.apply(raised(2))
    desk.take()
    lose(desk)
    again = desk.take()
    lose(desk)

    assert ("one", None) == (again.instance_id, desk.take())
    assert "one" == (await soon(desk)).instance_id


async def test_an_activity_that_costs_two_workers_their_stream_waits(desk):
    """As a turn does: at once, then after a pause."""
    desk.apply(TaskScheduled("one", 7, "step", "", pb.ActivityRequest()))
    desk.take()
    lose(desk)
    again = desk.take()
    lose(desk)

    assert (7, None) == (again.n, desk.take())
    assert 7 == (await soon(desk)).n


async def soon(desk):
    """The next piece of work, once there is some."""
    async with asyncio.timeout(5):
        return await desk.worker.next(desk.dispatcher.take)


def test_an_activity_that_was_reported_about_is_not_handed_out_again(desk):
    """Its worker outlived the hub: the report came before anybody else began."""
    desk.apply(TaskScheduled("one", 7, "step", "", pb.ActivityRequest()))
    desk.dispatcher.claim_task("task-7")

    assert desk.take() is None
