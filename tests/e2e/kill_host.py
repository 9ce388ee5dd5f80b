"""The demo with its host killed again and again: ``python -m tests.e2e.kill_host --kills 20``.

Simulated Azure and the broker live on, as Azure would; the host dies by SIGKILL at random moments
and is started again on the same task hub file and port.
"""

import argparse
import asyncio
import csv
import json
import random
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.evidence_folder import EvidenceFolder
from local.demo.plan import VAULTS, Plan, demo_plan
from local.demo.processes import Child, Children, ChildSpec
from tests.e2e.stack import ENDED, Stack

LIFE_S = (0.3, 2.5)
"""Seconds a host lives between its ready line and its death."""
TIME_LIMIT_S = 300


@dataclass(frozen=True)
class Ordeal:
    """What is left when every vault has ended."""

    states: dict[str, str]
    operation_ids: dict[str, str | None]
    started: dict[str, int]
    kills: int
    evidence: Path

    async def documents(self) -> dict[str, dict[str, Any]]:
        """Every evidence document by its key."""
        store = EvidenceFolder(self.evidence)
        keys = await store.list_keys("vaults/")
        return {key: await store.read(key) or {} for key in keys}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _at_port(spec: ChildSpec, port: int) -> ChildSpec:
    command = list(spec.command)
    command[command.index("--port") + 1] = str(port)
    return replace(spec, command=tuple(command))


async def _kill(child: Child) -> None:
    child._signal(signal.SIGKILL)
    await child.wait()


def _hand_in(stack: Stack, request_id: str) -> list[str]:
    with VAULTS.open(newline="") as file:
        rows = [{_camel(k): v for k, v in row.items() if v} for row in csv.DictReader(file)]
    body = {"requestId": request_id, "requestedBy": "ordeal", "vaults": rows}
    answer = stack.call("POST", "/api/upgrades", body)
    if answer.status != 202:
        raise AssertionError(f"handed in: {answer}")
    return [entry["id"] for entry in answer.body["upgrades"]]


def _camel(column: str) -> str:
    first, *rest = column.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _views(stack: Stack) -> list[Any]:
    return list(stack.call("GET", "/api/upgrades").body["upgrades"])


def _has_ended(view: Any) -> bool:
    return view["state"] in ENDED | {"needs_decision"} and view["endedAt"] is not None


async def run(folder: Path, *, kills: int, seed: int) -> Ordeal:
    """Plays the ordeal to its end."""
    chance = random.Random(seed)  # noqa: S311 - moments of death, not secrets
    plan = demo_plan(folder, origin=time.time())
    port = _free_port()
    killed = 0
    async with Children(plan.logs) as fixtures:
        azure = await fixtures.start(plan.azure)
        broker = await fixtures.start(plan.broker)
        spec = _at_port(plan.host(azure.ready, broker.ready), port)
        stack = Stack(
            app=f"http://127.0.0.1:{port}",
            azure=str(azure.ready["armEndpoint"]),
            connection=str(broker.ready["connectionString"]),
            folder=folder,
        )
        ids: list[str] = []
        deadline = time.monotonic() + TIME_LIMIT_S
        while True:
            async with Children(plan.logs / f"host-{killed}") as hosts:
                host = await hosts.start(spec)
                ids = ids or await asyncio.to_thread(_hand_in, stack, "ordeal-1")
                if killed < kills:
                    await asyncio.sleep(chance.uniform(*LIFE_S))
                    await _kill(host)
                    killed += 1
                    continue
                return await _wait_for_the_end(plan, stack, ids, killed, deadline)


async def _wait_for_the_end(
    plan: Plan, stack: Stack, ids: list[str], killed: int, deadline: float
) -> Ordeal:
    while time.monotonic() < deadline:
        views = await asyncio.to_thread(_views, stack)
        if len(views) == len(ids) and all(_has_ended(view) for view in views):
            return Ordeal(
                states={view["vault"]["name"]: view["state"] for view in views},
                operation_ids={view["vault"]["name"]: view["operationId"] for view in views},
                started=await asyncio.to_thread(stack.upgrades_started),
                kills=killed,
                evidence=plan.evidence,
            )
        await asyncio.sleep(0.5)
    raise AssertionError(f"not ended in time: {json.dumps(views, indent=1)}")


def main() -> None:
    """Plays the ordeal and prints what is left."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        ordeal = asyncio.run(run(Path(folder), kills=arguments.kills, seed=arguments.seed))
        left = {"states": ordeal.states, "started": ordeal.started, "kills": ordeal.kills}
        took_s = round(time.monotonic() - begun)
        sys.stdout.write(json.dumps({**left, "seconds": took_s}, indent=1) + "\n")


if __name__ == "__main__":
    main()
