"""Who works on what: live instances, waiting work, and the workers that take it.

Lives on the event loop and changes only by committed effects and by workers coming, going and
giving work back. An instance is with at most one worker at a time; an activity is handed out
until a result for it is committed.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count

from local.taskhub import events
from local.taskhub.consumers import Consumer, Work
from local.taskhub.live import LiveInstance
from local.taskhub.transaction import (
    Effect,
    InstanceClosed,
    InstanceOpened,
    MessageArrived,
    SuspensionChanged,
    TaskScheduled,
    TasksDropped,
    TimerSet,
    TurnCommitted,
)
from local.taskhub.work import Turn
from local.taskhub.workqueue import WorkQueue

# A worker that gives work back gets it again later and later, so that the two do not spin.
_FIRST_RETRY_S = 0.05
_LAST_RETRY_S = 5.0

# Work whose worker vanished goes to another at once; if that one vanishes too, the work may be the
# cause (a payload its gRPC channel refuses, code that kills the process), and every stream it ends
# takes other work along. So it comes more and more rarely, but it is never given up.
_LAST_RETRY_AFTER_LOSS_S = 60.0


class Dispatcher:
    """Hands out turns and activities; see the module.

    Args:
        now_us: Virtual time in microseconds.
        expect_timer: Called when a timer is set, with its due time in microseconds.
    """

    def __init__(self, now_us: Callable[[], int], expect_timer: Callable[[int], None]) -> None:
        self._now_us = now_us
        self._expect_timer = expect_timer
        self._live: dict[str, LiveInstance] = {}
        self._ready: WorkQueue[str] = WorkQueue()
        self._tasks: WorkQueue[TaskScheduled] = WorkQueue()
        self._consumers: set[Consumer] = set()
        self._owners: dict[str, Consumer] = {}
        # How often an activity came back unfinished, by token, until it is reported about.
        self._setbacks: defaultdict[str, int] = defaultdict(int)
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        # Tokens of another process must not fit this one's turns.
        self._token_prefix = uuid.uuid4().hex[:12]
        self._turn_numbers = count(1)

    # What the file says ------------------------------------------------------------------

    def apply(self, effects: Iterable[Effect]) -> None:
        """Takes over what a commit changed."""
        for effect in effects:
            self._apply(effect)
        self._wake_consumers()

    def _apply(self, effect: Effect) -> None:
        match effect:
            case TaskScheduled():
                self._tasks.put((effect.name, effect.version), effect)
            case MessageArrived():
                self._receive(effect)
            case TurnCommitted():
                self._finish_turn(effect)
            case TimerSet():
                self._expect_timer(effect.due_us)
            case InstanceOpened():
                self._open(effect)
            case InstanceClosed():
                self._close(effect.instance_id)
            case SuspensionChanged():
                live = self._live[effect.instance_id]
                live.suspended = effect.suspended
                self._queue_if_ready(live)
            case TasksDropped():
                self._tasks.discard(lambda task: task.instance_id == effect.instance_id)

    def _open(self, opened: InstanceOpened) -> None:
        live = LiveInstance(
            opened,
            inbox=list(opened.inbox),
            suspended=opened.suspended,
            turns=opened.turns,
            turn_trace=opened.turn_trace,
        )
        # Takes the place of an earlier one; a turn of that one that is still out counts no more.
        self._live[opened.instance_id] = live
        self._queue_if_ready(live)
        self._announce(opened.instance_id)

    def _close(self, instance_id: str) -> None:
        self._live.pop(instance_id, None)
        for consumer in self._consumers:
            if consumer.wants.held is not None:
                consumer.wants.held.forget(instance_id)
        self._announce(instance_id)

    def _receive(self, arrived: MessageArrived) -> None:
        # A message and the end of its instance may share a commit.
        live = self._live.get(arrived.instance_id)
        if live is not None:
            live.inbox.append(arrived.message)
            self._queue_if_ready(live)

    def _finish_turn(self, committed: TurnCommitted) -> None:
        live = self._live[committed.instance_id]
        live.turn = None
        # A turn that succeeded proves that the work was not the cause.
        live.given_back = 0
        live.turn_trace = committed.turn_trace
        # Waiters are told of the first turn only: nothing they wait for changes in later ones.
        live.turns += 1
        if live.turns == 1:
            self._announce(committed.instance_id)
        self._queue_if_ready(live)

    def _queue_if_ready(self, live: LiveInstance) -> None:
        if live.is_ready and not live.is_queued:
            live.is_queued = True
            self._ready.put(live.kind, live.opened.instance_id)

    # Waiting for a change ----------------------------------------------------------------

    def watch(self, instance_id: str) -> asyncio.Event:
        """An event that is set when the instance begins, starts running or ends."""
        event = asyncio.Event()
        self._watchers[instance_id].add(event)
        return event

    def unwatch(self, instance_id: str, event: asyncio.Event) -> None:
        """Gives back what :meth:`watch` gave."""
        watchers = self._watchers[instance_id]
        watchers.discard(event)
        if not watchers:
            del self._watchers[instance_id]

    def _announce(self, instance_id: str) -> None:
        for event in self._watchers.get(instance_id, ()):
            event.set()

    # Workers -----------------------------------------------------------------------------

    def attach(self, consumer: Consumer) -> None:
        """Lets a worker take work."""
        self._consumers.add(consumer)

    def detach(self, consumer: Consumer) -> None:
        """A worker is gone: what it held goes to others at once."""
        self._consumers.discard(consumer)
        consumer.close()
        for token in list(consumer.turns):
            self._return_turn(token, consumer)
        for token in list(consumer.tasks):
            self._return_task(token, consumer)
        self._wake_consumers()

    def close(self) -> None:
        """Ends every worker's stream."""
        for consumer in list(self._consumers):
            consumer.close()

    def take(self, consumer: Consumer) -> Work | None:
        """The next piece of work for a worker that has room for it, or None."""
        # Turns before activities: they are short, and what they ask for is work for all.
        if consumer.has_room_for_turn:
            turn = self._take_turn(consumer)
            if turn is not None:
                return turn
        if consumer.has_room_for_task:
            task = self._tasks.take(consumer.accepts_task)
            if task is not None:
                consumer.tasks[task_token(task)] = task
                self._owners[task_token(task)] = consumer
                return task
        return None

    def _take_turn(self, consumer: Consumer) -> Turn | None:
        # The queue may hold instances that ended, were suspended or are with a worker by now;
        # they are left out here instead of being searched for when that happens.
        while (instance_id := self._ready.take(consumer.accepts_turn)) is not None:
            live = self._live.get(instance_id)
            if live is None:
                continue
            live.is_queued = False
            if not consumer.accepts_turn(live.kind):
                # The id was queued for an instance that is gone; the one that bears it now is for
                # other workers.
                self._queue_if_ready(live)
            elif live.is_ready:
                return self._begin_turn(live, consumer)
        return None

    def _begin_turn(self, live: LiveInstance, consumer: Consumer) -> Turn:
        messages = live.take_inbox()
        turn = Turn(
            token=f"turn-{self._token_prefix}-{next(self._turn_numbers)}",
            instance_id=live.opened.instance_id,
            execution_id=live.opened.execution_id,
            consumed=tuple(messages),
            # Stamped when handed out, not when woken: the code's clock tells when it really runs.
            new_events=[
                events.orchestrator_started(self._now_us()),
                *(message.event for message in messages),
            ],
            turns=live.turns,
            needs_history=live.needs_history,
            turn_trace=live.turn_trace,
        )
        live.needs_history = False
        live.returned = None
        live.turn = turn
        consumer.turns[turn.token] = turn
        self._owners[turn.token] = consumer
        return turn

    def claim_turn(self, token: str, instance_id: str) -> Turn | None:
        """The turn a worker reports about; None if it is not (or no longer) that worker's."""
        consumer = self._owners.pop(token, None)
        if consumer is not None:
            consumer.wake()
            return consumer.turns.pop(token, None)
        live = self._live.get(instance_id)
        return None if live is None else live.reclaim(token)

    def claim_task(self, token: str) -> None:
        """Marks an activity as reported about."""
        self._setbacks.pop(token, None)
        consumer = self._owners.pop(token, None)
        if consumer is None:
            # A worker that outlived the hub, or its stream, was faster than the next one.
            self._tasks.discard(lambda task: task_token(task) == token)
        else:
            consumer.tasks.pop(token, None)
            consumer.wake()

    def instance_of_task(self, token: str) -> str | None:
        """Whose activity a worker holds under a token; None if no worker does."""
        consumer = self._owners.get(token)
        task = None if consumer is None else consumer.tasks.get(token)
        return None if task is None else task.instance_id

    def abandon(self, token: str) -> None:
        """A worker gives a piece of work back; it is handed out again after a while."""
        consumer = self._owners.get(token)
        if consumer is None:
            return
        if token in consumer.turns:
            turn = consumer.turns.pop(token)
            del self._owners[token]
            self.retry_turn(turn)
        else:
            task = consumer.tasks.pop(token)
            del self._owners[token]
            self.retry_task(task)
        consumer.wake()

    def resend(self, turn: Turn) -> None:
        """Hands a turn out again at once, with the past events the worker turned out to need."""
        self._reopen_turn(turn)

    def retry_turn(self, turn: Turn) -> None:
        """Hands a turn out again, later with every time."""
        live = self._live.get(turn.instance_id)
        if live is None or live.turn is not turn:
            return
        live.given_back += 1
        delay_s = _pause_s(live.given_back, _LAST_RETRY_S)
        asyncio.get_running_loop().call_later(delay_s, self._reopen_turn, turn)

    def retry_task(self, task: TaskScheduled) -> None:
        """Hands an activity out again, later with every time."""
        token = task_token(task)
        self._setbacks[token] += 1
        delay_s = _pause_s(self._setbacks[token], _LAST_RETRY_S)
        asyncio.get_running_loop().call_later(delay_s, self._requeue_task, task)

    def _return_turn(self, token: str, consumer: Consumer) -> None:
        self._owners.pop(token, None)
        turn = consumer.turns.pop(token)
        live = self._live.get(turn.instance_id)
        if live is None or live.turn is not turn:
            return
        live.given_back += 1
        self._again_after_loss(live.given_back, self._reopen_turn, turn)

    def _return_task(self, token: str, consumer: Consumer) -> None:
        self._owners.pop(token, None)
        task = consumer.tasks.pop(token)
        self._setbacks[token] += 1
        self._again_after_loss(self._setbacks[token], self._requeue_task, task)

    def _again_after_loss[W: Work](
        self, setbacks: int, hand_out: Callable[[W], None], work: W
    ) -> None:
        if setbacks == 1:
            hand_out(work)
            return
        delay_s = _pause_s(setbacks, _LAST_RETRY_AFTER_LOSS_S)
        asyncio.get_running_loop().call_later(delay_s, hand_out, work)

    def _reopen_turn(self, turn: Turn) -> None:
        live = self._live.get(turn.instance_id)
        if live is None or live.turn is not turn:
            return
        live.give_back(turn)
        self._queue_if_ready(live)
        self._wake_consumers()

    def _requeue_task(self, task: TaskScheduled) -> None:
        self._tasks.put((task.name, task.version), task)
        self._wake_consumers()

    def _wake_consumers(self) -> None:
        # All of them: which one takes a piece of work depends on its filters and its room.
        for consumer in self._consumers:
            consumer.wake()


def _pause_s(setbacks: int, longest_s: float) -> float:
    return min(longest_s, _FIRST_RETRY_S * 2.0 ** min(setbacks, 12))


def task_token(task: TaskScheduled) -> str:
    """The completion token of an activity: it stays good over restarts, as its row does."""
    return f"task-{task.n}"


def task_number(token: str) -> int | None:
    """The activity a completion token names, or None if it is not such a token."""
    kind, _, number = token.partition("-")
    return int(number) if kind == "task" and number.isdecimal() else None
