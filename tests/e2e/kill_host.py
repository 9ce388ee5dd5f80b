"""The demo with its host killed again and again: ``python -m tests.e2e.kill_host --kills 20``.

Simulated Azure and the broker live on, as Azure would; the host dies by SIGKILL at random moments
and is started again on the same task hub file and port. What is left must be what an undisturbed
run leaves: every end as declared, one upgrade each, no OperationId lost, nothing recorded twice.
The exit code is 1 where it is not.
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
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.evidence_folder import EvidenceFolder
from local.demo.expectations import read_expected
from local.demo.plan import EXPECTED, VAULTS, Plan, demo_plan
from local.demo.processes import Child, Children, ChildSpec
from tests.e2e.stack import ENDED, Stack

LIFE_S = (0.3, 2.5)
"""Seconds a host lives between its ready line and its death."""
TIME_LIMIT_S = 300

ONCE = frozenset(
    {
        "accepted",
        "agents",
        "confirmation",
        "inspection",
        "intent",
        "items",
        "job-sync",
        "operation",
        "outcome",
        "plan",
        "reports",
        "request",
        "security",
        "start",
        "time-zone-plan",
        "time-zones",
    }
)
"""Kinds of evidence of which one request for a vault leaves one document at most."""


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


def wrong_ends(ordeal: Ordeal) -> list[str]:
    """Vaults that did not end as their scenario declares."""
    declared = {name: state.value for name, state in read_expected(EXPECTED).items()}
    return [
        f"{name} ended {ordeal.states.get(name)} instead of {declared.get(name)}"
        for name in sorted(declared.keys() | ordeal.states.keys())
        if declared.get(name) != ordeal.states.get(name)
    ]


def upgraded_twice(ordeal: Ordeal) -> list[str]:
    """Vaults whose upgrade simulated Azure was asked for more than once."""
    return [f"{name} was started {n} times" for name, n in ordeal.started.items() if n > 1]


def lost_operation_ids(ordeal: Ordeal, documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Started vaults that do not show the OperationId their evidence was started with."""
    intents = {_name(one): one["data"]["operationId"] for one in _of_kind(documents, "intent")}
    missing = [name for name, count in ordeal.started.items() if count and name not in intents]
    changed = [name for name, sent in intents.items() if ordeal.operation_ids[name] != sent]
    return [f"the OperationId of {name} is lost" for name in (*missing, *changed)]


def recorded_twice(ordeal: Ordeal, documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Evidence that is there more than once, and ends that are not there at all."""
    counts = Counter((_name(one), one["kind"]) for one in documents.values())
    twice = [
        f"{name} has {count} documents of kind {kind}"
        for (name, kind), count in sorted(counts.items())
        if kind in ONCE and count > 1
    ]
    return twice + [
        f"{name} has no outcome" for name in ordeal.states if not counts[name, "outcome"]
    ]


def _name(document: Mapping[str, Any]) -> str:
    return str(document["vault"]).split(" ")[0]


def _of_kind(documents: Mapping[str, Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [one for one in documents.values() if one["kind"] == kind]


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
        rows = [_to_json(row) for row in csv.DictReader(file)]
    body = {"requestId": request_id, "requestedBy": "ordeal", "vaults": rows}
    answer = stack.call("POST", "/api/upgrades", body)
    if answer.status != 202:
        raise AssertionError(f"handed in: {answer}")
    return [entry["id"] for entry in answer.body["upgrades"]]


def _to_json(row: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {_camel(column): value for column, value in row.items() if value}
    # A CSV file says yes and no; the API takes JSON's own words only.
    return body | {"acceptWarnings": body.get("acceptWarnings") == "yes"}


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


def main() -> int:
    """Plays the ordeal and prints what is left; 1 if that is not what it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        ordeal = asyncio.run(run(Path(folder), kills=arguments.kills, seed=arguments.seed))
        documents = asyncio.run(ordeal.documents())
        problems = [
            *wrong_ends(ordeal),
            *upgraded_twice(ordeal),
            *lost_operation_ids(ordeal, documents),
            *recorded_twice(ordeal, documents),
        ]
        left = {
            "states": ordeal.states,
            "started": ordeal.started,
            "operationIds": ordeal.operation_ids,
            "evidence": len(documents),
            "kills": ordeal.kills,
            "seconds": round(time.monotonic() - begun),
            "problems": problems,
        }
        sys.stdout.write(json.dumps(left, indent=1) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
