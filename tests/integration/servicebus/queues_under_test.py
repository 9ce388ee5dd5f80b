"""The queues the tests use, as a ``Config.json``.

``python -m tests.integration.servicebus.queues_under_test > Config.json`` writes the file for the
official emulator (at most 50 queues, locks of at least five seconds).
"""

import asyncio
import json
import sys
from typing import Any

LOCALLY_BRIEF = "PT3S"
LOCAL_SCALE = 9
"""Enough that no two tests share a queue."""
EMULATORS_MOST = 50
"""Queues of one namespace in the official emulator (service-bus 1)."""
RENEWED = "PT10S"
"""A lock that is renewed in time even where the machine stands still for some seconds. The client's
renewer looks once a second."""
AZURES_BRIEFEST = "PT5S"

_KINDS: dict[str, tuple[int, dict[str, Any]]] = {
    "plain": (14, {"LockDuration": "PT1M", "MaxDeliveryCount": 3}),
    "session": (12, {"RequiresSession": True, "LockDuration": "PT1M", "MaxDeliveryCount": 3}),
    "brief": (4, {"MaxDeliveryCount": 3}),
    "renewed": (4, {"LockDuration": RENEWED}),
    "renewed-session": (2, {"RequiresSession": True, "LockDuration": RENEWED}),
    "brief-session": (4, {"RequiresSession": True, "MaxDeliveryCount": 3}),
    "distinct": (
        4,
        {"RequiresDuplicateDetection": True, "DuplicateDetectionHistoryTimeWindow": "PT20S"},
    ),
    "fleeting": (2, {"DeadLetteringOnMessageExpiration": True}),
    "forgetful": (2, {"DeadLetteringOnMessageExpiration": False}),
}


def seconds(duration: str) -> float:
    """A duration such as ``PT5S`` in seconds."""
    return float(duration.removeprefix("PT").removesuffix("S"))


def make_config(brief: str, scale: int = 1) -> dict[str, Any]:
    """Every queue, with this lock duration for the brief kinds, and ``scale`` times as many."""
    queues = []
    for kind, (count, properties) in _KINDS.items():
        own = {"LockDuration": brief, **properties}
        queues += [{"Name": f"{kind}-{i:02}", "Properties": own} for i in range(count * scale)]
    return {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": queues}]}}


class QueuePool:
    """The queues that no test uses now, from a configuration of the same scale."""

    def __init__(self, scale: int = 1) -> None:
        self._free: dict[str, asyncio.Queue[str]] = {}
        for kind, (count, _properties) in _KINDS.items():
            free = self._free[kind] = asyncio.Queue()
            for number in range(count * scale):
                free.put_nowait(f"{kind}-{number:02}")

    async def take(self, kind: str) -> str:
        """A queue of a kind, once one is free."""
        return await self._free[kind].get()

    def give_back(self, kind: str, queue: str) -> None:
        """The queue is free again."""
        self._free[kind].put_nowait(queue)


if __name__ == "__main__":
    json.dump(make_config(AZURES_BRIEFEST), sys.stdout, indent=2)
