"""An instance that has not ended, as the dispatcher sees it."""

from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub.transaction import InstanceOpened, Message
from local.taskhub.work import Turn
from local.taskhub.workqueue import Kind


@dataclass(slots=True)
class LiveInstance:
    """An instance that has not ended."""

    opened: InstanceOpened
    inbox: list[Message] = field(default_factory=list)
    suspended: bool = False
    turns: int = 0
    turn_trace: pb.OrchestrationTraceContext | None = None
    turn: Turn | None = None
    is_queued: bool = False
    needs_history: bool = False
    """Whether the next turn goes with past events even to a worker that holds the execution."""
    returned: Turn | None = None
    """The turn whose worker went away, until it is handed to another."""
    given_back: int = 0

    @property
    def kind(self) -> Kind:
        """Name and version, by which workers choose."""
        return self.opened.name, self.opened.version

    @property
    def has_history(self) -> bool:
        """Whether a turn of it was committed."""
        return self.turns > 0

    @property
    def is_ready(self) -> bool:
        """Whether a turn can be handed out now."""
        if self.turn is not None or self.suspended or not self.inbox:
            return False
        return self.has_history or any(
            message.event.HasField("executionStarted") for message in self.inbox
        )

    def take_inbox(self) -> list[Message]:
        """The messages of the next turn, in the order the orchestrator must see them."""
        first = self.inbox[0]
        # A worker rewinds only if the request comes alone.
        if first.event.HasField("executionRewound"):
            self.inbox = self.inbox[1:]
            return [first]
        taken, self.inbox = self.inbox, []
        if not self.has_history:
            # Events may arrive before a scheduled start does; the start comes first all the same.
            taken.sort(key=lambda message: not message.event.HasField("executionStarted"))
        return taken

    def give_back(self, turn: Turn) -> None:
        """Puts a turn that was not completed back, as if it had not been handed out."""
        self.turn = None
        self.returned = turn
        # Whoever ran it may have moved on in memory; only the history says where it stands.
        self.needs_history = True
        self.inbox = [*turn.consumed, *self.inbox]

    def reclaim(self, token: str) -> Turn | None:
        """Takes a turn up again whose worker reports after all, if no other has it yet."""
        turn = self.returned
        if turn is None or turn.token != token or self.turn is not None:
            return None
        # Given back to the inbox when the worker went; the report has dealt with them after all.
        consumed = {message.n for message in turn.consumed}
        self.inbox = [message for message in self.inbox if message.n not in consumed]
        self.turn, self.returned = turn, None
        return turn
