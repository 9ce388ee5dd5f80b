"""Carrying out what a receiver said about a message it holds."""

from uuid import UUID

from local.servicebus.queues import Queue
from local.servicebus.verdicts import Settlement, Verdict


def settle(queue: Queue, token: UUID, settlement: Settlement) -> None:
    """Does with a locked message what its receiver said.

    Raises:
        BrokerError: The lock is not held any more; nothing was done.
    """
    message, lock = queue.find_locked(token)
    if settlement.properties:
        message.add_application_properties(dict(settlement.properties))
    verdict = settlement.verdict
    if verdict in {Verdict.ABANDON, Verdict.RELEASE}:
        queue.give_back(message, lock, counts=verdict is Verdict.ABANDON)
        return
    queue.unlock(message, lock)
    if verdict is Verdict.COMPLETE:
        queue.counters["completed"] += 1
        queue.remove(message)
    elif verdict is Verdict.DEFER:
        queue.defer(message)
    else:
        queue.dead_letter(message, settlement.reason, settlement.description)
