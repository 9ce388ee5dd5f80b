"""A hub's file without a running hub: commands are called by hand, in transactions by hand."""

from durabletask.internal import orchestrator_service_pb2 as pb

from local.taskhub import instances
from local.taskhub.instances import Start
from local.taskhub.store import Store
from local.taskhub.transaction import Message, Numbers, Transaction
from local.taskhub.turns import apply_turn
from local.taskhub.work import Turn

NOON_US = 1_800_000_000_000_000


class Ledger:
    """The file, the time, and the effects of every command so far."""

    def __init__(self, path):
        self.store = Store(path)
        self.now_us = NOON_US
        self.numbers = Numbers(self.store.writing)
        self.effects = []

    @property
    def db(self):
        return self.store.writing

    def do(self, command, *args, **kwargs):
        """Runs one command and gives its result."""
        tx = Transaction(self.db, self.now_us, self.numbers)
        result = command(tx, *args, **kwargs)
        self.effects += tx.effects
        return result

    def begin(self, instance_id="one", **more):
        """Begins an instance and gives it back."""
        start = {"name": "any", "version": None, "input": None} | more
        self.do(instances.begin, Start(instance_id=instance_id, **start))
        return self.find(instance_id)

    def find(self, instance_id="one"):
        return self.do(instances.find, instance_id)

    def inbox(self, instance_id="one"):
        """What waits for an instance, oldest first."""
        rows = self.db.execute(
            "select n, event from inbox where instance_id = ? order by n", (instance_id,)
        ).fetchall()
        return [Message(row[0], pb.HistoryEvent.FromString(row[1])) for row in rows]

    def inbox_kinds(self, instance_id="one"):
        """The kinds of what waits for an instance."""
        return [one.event.WhichOneof("eventType") for one in self.inbox(instance_id)]

    def turn(self, *actions, instance_id="one", seen=None, execution_id=None, turns=None, **more):
        """Lets an instance answer a turn with actions; gives whether it counted.

        The worker has ``seen`` the whole inbox, and of the current execution, unless stated.
        """
        consumed = self.inbox(instance_id) if seen is None else seen
        turn = Turn(
            token="t",
            instance_id=instance_id,
            execution_id=execution_id or self.find(instance_id).execution_id,
            consumed=tuple(consumed),
            turns=self.find(instance_id).turns if turns is None else turns,
            new_events=[message.event for message in consumed],
        )
        response = pb.OrchestratorResponse(instanceId=instance_id, actions=actions, **more)
        return self.do(apply_turn, turn, response)

    def count(self, table):
        return self.db.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608

    def effects_of(self, kind):
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def close(self):
        self.store.close()


def complete(status=pb.ORCHESTRATION_STATUS_COMPLETED, result=None, action_id=9, **more):
    """The action that ends an execution."""
    completion = pb.CompleteOrchestrationAction(orchestrationStatus=status, **more)
    if result is not None:
        completion.result.value = result
    return pb.OrchestratorAction(id=action_id, completeOrchestration=completion)


def call(action_id, name="step", payload=None):
    """The action that asks for an activity."""
    action = pb.OrchestratorAction(id=action_id, scheduleTask=pb.ScheduleTaskAction(name=name))
    if payload is not None:
        action.scheduleTask.input.value = payload
    return action


def call_child(action_id, instance_id, name="kid"):
    """The action that asks for a sub-orchestration."""
    return pb.OrchestratorAction(
        id=action_id,
        createSubOrchestration=pb.CreateSubOrchestrationAction(name=name, instanceId=instance_id),
    )


def set_timer(action_id, due_us):
    """The action that asks for a timer."""
    action = pb.OrchestratorAction(id=action_id, createTimer=pb.CreateTimerAction())
    action.createTimer.fireAt.FromMicroseconds(due_us)
    return action


def send(action_id, target, name="go"):
    """The action that sends an event."""
    return pb.OrchestratorAction(
        id=action_id,
        sendEvent=pb.SendEventAction(
            instance=pb.OrchestrationInstance(instanceId=target), name=name
        ),
    )
