"""What a command of the writer works with, and what it sets in motion.

Commands run in the writer's thread and only *list* effects; the dispatcher applies them in commit
order on the event loop. So nothing starts before its transaction is on the disk, and what the
dispatcher holds in memory is always what the file says.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class Message:
    """An event in an instance's inbox."""

    n: int
    event: pb.HistoryEvent


@dataclass(frozen=True, slots=True)
class InstanceOpened:
    """An instance began, began anew, or was found in the file at start."""

    instance_id: str
    execution_id: str
    name: str
    version: str
    inbox: tuple[Message, ...] = ()
    suspended: bool = False
    turns: int = 0
    """How many turns its history has."""
    turn_trace: pb.OrchestrationTraceContext | None = None


@dataclass(frozen=True, slots=True)
class InstanceClosed:
    """An instance ended or was removed; no turn of it may start."""

    instance_id: str


@dataclass(frozen=True, slots=True)
class TasksDropped:
    """An instance was removed with everything that belongs to it."""

    instance_id: str


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """An event reached an instance's inbox."""

    instance_id: str
    message: Message


@dataclass(frozen=True, slots=True)
class SuspensionChanged:
    """An instance was suspended or resumed."""

    instance_id: str
    suspended: bool


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """A turn's results are in the file; the instance goes on."""

    instance_id: str
    turn_trace: pb.OrchestrationTraceContext | None


@dataclass(frozen=True, slots=True)
class TaskScheduled:
    """An activity may start."""

    instance_id: str
    n: int
    name: str
    version: str
    request: pb.ActivityRequest = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimerSet:
    """A timer falls due at ``due_us``."""

    due_us: int


Effect = (
    InstanceOpened
    | InstanceClosed
    | TasksDropped
    | MessageArrived
    | SuspensionChanged
    | TurnCommitted
    | TaskScheduled
    | TimerSet
)


class Numbers:
    """Hands out numbers upwards, from above the last one any process committed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.last: int = db.execute("select last_n from progress").fetchone()[0]

    def take(self) -> int:
        """The next number."""
        # Not given back where a transaction fails: a gap costs nothing, a number used twice does.
        self.last += 1
        return self.last


@dataclass(slots=True)
class Transaction:
    """What a command works with; it sees everything the commands before it did."""

    db: sqlite3.Connection
    now_us: int
    """Virtual time of the transaction; never less than that of the one before."""
    numbers: Numbers
    effects: list[Effect] = field(default_factory=list)

    def next_number(self) -> int:
        """A number no task, timer or event of this hub ever had."""
        return self.numbers.take()


type Command[T] = Callable[[Transaction], T]
