"""The hub itself: file, writer, reader, timers and dispatcher put together."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message import DecodeError

from adapters.clock import ScaledClock
from local.taskhub import instances, queries, recovery
from local.taskhub.consumers import Consumer, Wants, Work
from local.taskhub.dispatch import Dispatcher, task_number, task_token
from local.taskhub.errors import HubFaultError, storage_fault
from local.taskhub.events import task_ended
from local.taskhub.hubclock import open_clock
from local.taskhub.reader import Reader
from local.taskhub.rewind import apply_rewind, rewound_history
from local.taskhub.store import Store, damaged
from local.taskhub.timers import Timers
from local.taskhub.transaction import Command, TaskScheduled, Transaction
from local.taskhub.turns import apply_turn
from local.taskhub.work import Turn
from local.taskhub.writer import Writer

_LOGGER = logging.getLogger(__name__)

_PING = pb.WorkItem(healthPing=pb.HealthPing())


class Hub:
    """A running task hub.

    Args:
        path: The hub's file.
        clock: The clock that all processes share.

    Raises:
        ConfigurationError: The file cannot be used; see :class:`local.taskhub.store.Store`.
        HubFaultError: It cannot be written, because the disk is full, for example.
    """

    def __init__(self, path: Path, clock: ScaledClock) -> None:
        self.store = Store(path)
        try:
            self.clock = open_clock(self.store.writing, clock, path)
            self._timers = Timers(self.clock)
            self._dispatcher = Dispatcher(self.clock.now_us, self._timers.expect)
            self.writer = Writer(
                self.store.writing, self.clock.now_us, self._dispatcher.apply, self._break
            )
            self.reader = Reader(self.store.reading)
        # The first write to a file that could be opened and read: a disk may still be full.
        except sqlite3.Error as error:
            self.store.close()
            raise storage_fault(error) or error from error
        except BaseException:
            self.store.close()
            raise
        self._timer_task: asyncio.Task[None] | None = None
        self._fault: HubFaultError | None = None
        self._broken = asyncio.Event()
        # Reports that come in several messages, by token, until the last part is there.
        self._parts: dict[str, list[pb.OrchestratorResponse]] = {}

    def start(self) -> None:
        """Goes on where the file says; call on the event loop.

        Raises:
            ConfigurationError: The file says what nobody can read.
        """
        try:
            found = recovery.load(self.store.writing)
        # SQLite keeps no sums of what is in its rows, so this is the first look that can notice.
        except (DecodeError, sqlite3.DatabaseError) as error:
            raise damaged(self.store.path, error) from error
        self._dispatcher.apply(found)
        self.writer.start()
        self._timer_task = asyncio.create_task(self._timers.run(self.writer))

    def _break(self, fault: HubFaultError) -> None:
        _LOGGER.critical("%s", fault)
        self._fault = fault
        # What is in memory may be ahead of the file by now, so nobody gets work out of it.
        self._dispatcher.close()
        self._broken.set()

    async def until_broken(self) -> HubFaultError:
        """Waits until the file cannot be written any more, and says why; else for ever."""
        while self._fault is None:
            await self._broken.wait()
        return self._fault

    def end_streams(self) -> None:
        """Ends every worker's stream; what they hold is found again at the next start."""
        self._dispatcher.close()

    async def stop(self) -> None:
        """Commits what was reported and closes the file."""
        self.end_streams()
        if self._timer_task is not None:
            self._timer_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._timer_task
        await self.writer.stop()
        self.reader.close()
        self.store.close()

    # Workers -----------------------------------------------------------------------------

    async def stream(
        self, wants: Wants, *, ping_s: float | None = None
    ) -> AsyncGenerator[pb.WorkItem]:
        """Work for one worker until it leaves or the hub stops.

        Args:
            wants: What the worker takes.
            ping_s: Seconds of silence after which a health ping is sent; None: never.

        Raises:
            HubFaultError: The hub's file cannot be written any more.
        """
        if self._fault is not None:
            raise self._fault
        consumer = Consumer(wants)
        self._dispatcher.attach(consumer)
        try:
            while True:
                item = await self._next(consumer, ping_s)
                # No turn may be handed out by a hub that stops: its commit would come after the
                # last.
                if consumer.is_closed:
                    # Whatever was taken in the same instant goes back below, with the rest.
                    return
                work_item = _PING if item is None else await self._work_item(wants, item)
                if work_item is not None:
                    yield work_item
        finally:
            for token in consumer.turns:
                self._parts.pop(token, None)
            self._dispatcher.detach(consumer)

    async def _next(self, consumer: Consumer, ping_s: float | None) -> Work | None:
        try:
            async with asyncio.timeout(ping_s):
                return await consumer.next(self._dispatcher.take)
        except TimeoutError:
            return None

    async def _work_item(self, wants: Wants, item: Work) -> pb.WorkItem | None:
        """What the worker is sent; None for an instance whose history cannot be read."""
        if isinstance(item, TaskScheduled):
            return pb.WorkItem(activityRequest=item.request, completionToken=task_token(item))
        request = pb.OrchestratorRequest(
            instanceId=item.instance_id,
            newEvents=item.new_events,
            orchestrationTraceContext=item.turn_trace,
        )
        request.executionId.value = item.execution_id
        try:
            if item.turns > 0:
                await self._add_history(wants, item, request)
        except (DecodeError, sqlite3.DatabaseError):
            # Handing it out over and over would hurt all others; left alone, it can be looked at.
            _LOGGER.exception("instance %s is set aside: its history is damaged", item.instance_id)
            self._dispatcher.claim_turn(item.token, item.instance_id)
            return None
        return pb.WorkItem(orchestratorRequest=request, completionToken=item.token)

    async def _add_history(self, wants: Wants, turn: Turn, request: pb.OrchestratorRequest) -> None:
        held = wants.held
        is_held = held is not None and held.holds(turn.instance_id, turn.execution_id)
        if is_held and not turn.needs_history:
            return
        history = await self.reader.run(partial(queries.read_history, instance_id=turn.instance_id))
        if wants.streams_history and sum(e.ByteSize() for e in history) > queries.CHUNK_BYTES:
            request.requiresHistoryStreaming = True
        else:
            request.pastEvents.extend(history)

    async def complete_turn(self, response: pb.OrchestratorResponse) -> None:
        """Commits what a turn decided; a report about a turn that is over is ignored."""
        whole = self._assemble(response)
        if whole is None:
            return
        # Claimed before the commit: a second report of the turn must find nothing while this one is
        # written.
        turn = self._dispatcher.claim_turn(response.completionToken, response.instanceId)
        if turn is None:
            _LOGGER.warning("ignored a late turn report for instance %s", response.instanceId)
            return
        if whole.requiresHistory:
            self._dispatcher.resend(turn)
            return
        rewinding = rewound_history(whole)
        command: Command[bool] = (
            partial(apply_turn, turn=turn, response=whole)
            if rewinding is None
            else partial(apply_rewind, turn=turn, rewinding=rewinding)
        )
        await self._commit(command, on_failure=partial(self._dispatcher.retry_turn, turn))

    def _assemble(self, response: pb.OrchestratorResponse) -> pb.OrchestratorResponse | None:
        """Puts a report that comes in parts together; None until the last part is there."""
        token = response.completionToken
        if response.isPartial:
            self._parts.setdefault(token, []).append(response)
            return None
        parts = self._parts.pop(token, [])
        if not parts:
            return response
        whole = pb.OrchestratorResponse()
        whole.CopyFrom(response)
        del whole.actions[:]
        for part in sorted([*parts, response], key=lambda one: one.chunkIndex.value):
            whole.actions.extend(part.actions)
        return whole

    async def complete_task(self, response: pb.ActivityResponse) -> None:
        """Commits an activity's result; the first one counts, whoever brings it."""
        # The row decides, not who holds the task: a worker may outlive a restart of the hub.
        n = task_number(response.completionToken)
        if n is None:
            _LOGGER.warning("ignored an activity report without a completion token of this hub")
            return
        token = response.completionToken
        # What was handed out under the token counts: a report that names another instance would
        # else be taken for a repeated one, and the activity for done.
        instance_id = self._dispatcher.instance_of_task(token) or response.instanceId
        counted = await self._commit(
            partial(finish_task, instance_id=instance_id, n=n, response=response),
            on_success=partial(self._dispatcher.claim_task, token),
            on_failure=partial(self._dispatcher.abandon, token),
        )
        if not counted:
            _LOGGER.info("ignored a repeated activity report for %s", response.instanceId)

    async def _commit[T](
        self,
        command: Command[T],
        *,
        on_failure: Callable[[], None],
        on_success: Callable[[], None] = lambda: None,
    ) -> T:
        """Commits a report. What follows is decided by the commit, even if the caller gave up."""

        def settle(done: asyncio.Future[T]) -> None:
            failed = done.cancelled() or done.exception() is not None
            (on_failure if failed else on_success)()

        # A callback and not the line after: a caller that is cancelled would never get there.
        answer = self.writer.submit(command)
        answer.add_done_callback(settle)
        return await asyncio.shield(answer)

    def abandon(self, token: str) -> None:
        """Takes a piece of work back unfinished; it is handed out again a little later."""
        self._parts.pop(token, None)
        self._dispatcher.abandon(token)

    # Waiting -----------------------------------------------------------------------------

    async def wait_until(
        self,
        instance_id: str,
        is_reached: Callable[[pb.OrchestrationState], bool],
        *,
        with_payloads: bool,
    ) -> pb.GetInstanceResponse:
        """The instance's state as soon as it is as wanted, or at once if it does not exist."""
        changed = self._dispatcher.watch(instance_id)
        try:
            while True:
                # Cleared before the look, so that a change during the look is not missed.
                changed.clear()
                answer = await self.reader.run(
                    partial(
                        queries.get_instance, instance_id=instance_id, with_payloads=with_payloads
                    )
                )
                if not answer.exists or is_reached(answer.orchestrationState):
                    return answer
                await changed.wait()
        finally:
            self._dispatcher.unwatch(instance_id, changed)


def finish_task(tx: Transaction, instance_id: str, n: int, response: pb.ActivityResponse) -> bool:
    """Takes an activity off the list and delivers its result to the execution that asked.

    Returns:
        Whether it was still on the list.
    """
    row = tx.db.execute(
        # Deleted and asked in one statement: of two reports only one gets the row.
        "delete from tasks where instance_id = ? and n = ? returning execution_id",
        (instance_id, n),
    ).fetchone()
    if row is None:
        return False
    event = task_ended(tx.now_us, response)
    instances.deliver_to_execution(tx, instance_id, row[0], event)
    return True
