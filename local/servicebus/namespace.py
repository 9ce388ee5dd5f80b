"""The namespace: all queues of a configuration, found by address, restored from a store."""

from collections import Counter
from dataclasses import dataclass

from domain.errors import ConfigurationError
from local.servicebus.config import BrokerConfig, QueueConfig
from local.servicebus.dispatch import CompetingConsumers
from local.servicebus.errors import entity_not_found
from local.servicebus.messages import MessageState
from local.servicebus.queues import DEAD_LETTER_SUFFIX, Queue
from local.servicebus.sessions import Sessions
from local.servicebus.store import Store
from local.servicebus.timeline import Timeline


@dataclass(frozen=True)
class Entity:
    """A queue with the dispatcher its receivers talk to."""

    queue: Queue
    dispatcher: Sessions | CompetingConsumers

    @property
    def sessions(self) -> Sessions | None:
        """The dispatcher of a queue with sessions."""
        return self.dispatcher if isinstance(self.dispatcher, Sessions) else None

    @property
    def consumers(self) -> CompetingConsumers | None:
        """The dispatcher of a queue without."""
        return None if isinstance(self.dispatcher, Sessions) else self.dispatcher


class Namespace:
    """Every queue and dead-letter queue.

    Args:
        config: Which queues there are.
        timeline: Clock and scheduler.
        store: What an earlier run left, and where to keep what this one does.

    Raises:
        ConfigurationError: The store holds messages of a queue that the configuration lacks, or
            that do not fit it.
    """

    def __init__(self, config: BrokerConfig, timeline: Timeline, store: Store) -> None:
        self.timeline = timeline
        self.store = store
        self._config = config
        self._entities: dict[str, Entity] = {}
        self._build()
        # Before anything is restored: a start that fails must leave the database as it was.
        self._check_nothing_is_orphaned()
        for entity in self._entities.values():
            self._restore(entity)

    def find(self, path: str) -> Entity:
        """The queue at an address, in any case, with or without slashes around it.

        Raises:
            BrokerError: There is none.
        """
        entity = self._entities.get(path.lower().strip("/"))
        if entity is None:
            raise entity_not_found(path)
        return entity

    def reset(self) -> None:
        """Forgets every message, session and duplicate; sequence numbers go on."""
        # Message by message, so that timers and waiting lists learn of it, too.
        for entity in self._entities.values():
            for message in list(entity.queue.messages.values()):
                # Receivers keep their links and learn of the loss when they settle.
                if message.lock is not None:
                    entity.queue.unlock(message, message.lock)
                entity.queue.remove(message)
            entity.queue.history.clear()
            entity.queue.counters.clear()
            if entity.sessions is not None:
                entity.sessions.clear_states()
        self.store.clear()

    def describe(self) -> dict[str, dict[str, object]]:
        """How many messages each queue has in each state, and what happened so far."""
        return {
            entity.queue.name: _describe(entity)
            for entity in self._entities.values()
            if entity.queue.dead_letters is not None
        }

    def _build(self) -> None:
        for queue_config in self._config.queues:
            # First the dead-letter queue: the other must know where hopeless messages go.
            dead = self._make(queue_config, queue_config.name + DEAD_LETTER_SUFFIX, None)
            self._make(queue_config, queue_config.name, dead)

    def _make(self, config: QueueConfig, name: str, dead_letters: Queue | None) -> Queue:
        options = config.properties
        lock_ms = options.lock_duration_ms
        dispatcher: Sessions | CompetingConsumers
        # Dead letters are received without sessions, whatever their queue has (service-bus 3.10).
        if options.requires_session and dead_letters is not None:
            dispatcher = Sessions(
                self.timeline, self.store, queue_name=name, lock_duration_ms=lock_ms
            )
        else:
            dispatcher = CompetingConsumers(self.timeline, lock_ms)
        queue = Queue(
            name,
            options,
            timeline=self.timeline,
            store=self.store,
            dispatcher=dispatcher,
            dead_letters=dead_letters,
        )
        self._entities[name.lower()] = Entity(queue, dispatcher)
        return queue

    def _check_nothing_is_orphaned(self) -> None:
        known = {entity.queue.name for entity in self._entities.values()}
        orphans = sorted(set(self.store.read_queue_names()) - known)
        if orphans:
            message = f"the database holds messages of queues not configured: {', '.join(orphans)}"
            advice = "Configure them again, or start with another database."
            raise ConfigurationError(message, subject="Config.json", what_to_do=advice)

    def _restore(self, entity: Entity) -> None:
        queue = entity.queue
        kept = self.store.read_state(queue.name)
        queue.sequence_numbers.restore(kept.last_sequence_number)
        queue.history.restore(kept.duplicates)
        for message in kept.messages:
            if queue.has_sessions and message.session_id is None:
                message_text = f"the database holds messages without session in {queue.name}"
                raise ConfigurationError(message_text, subject="RequiresSession")
            queue.restore(message)
        if entity.sessions is not None:
            for session_id, (state, updated_ms) in kept.session_states.items():
                entity.sessions.restore_state(session_id, state, updated_ms)


def _describe(entity: Entity) -> dict[str, object]:
    queue = entity.queue
    in_state = Counter(message.state for message in queue.messages.values())
    return {
        "active": in_state[MessageState.ACTIVE],
        "deferred": in_state[MessageState.DEFERRED],
        "scheduled": in_state[MessageState.SCHEDULED],
        "locked": len(queue.locks),
        "deadLettered": len(queue.dead_letters.messages) if queue.dead_letters else 0,
        "sessionsHeld": entity.sessions.count_held() if entity.sessions else 0,
        "sinceStart": dict(queue.counters),
    }
