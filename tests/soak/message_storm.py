"""Ten thousand messages at once, while broker and host are killed.

    python -m tests.soak.message_storm --messages 10000 --vaults 9000 --kills 10

Real processes: simulated Azure lives on, as Azure would; the broker with its SQLite file and the
host with its task hub die by SIGKILL at random moments and are started again on the same files and
ports. Every message is sent twice, in random order, by the unmodified SDK.

At the end every message is accounted for: its request was run, or joined the run of another request
for the same vault; or it could never be used, and is among the rejected.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusError

from adapters.clock import ScaledClock
from adapters.service_bus import send_batches, to_message
from domain.requests import ApprovalMode, UpgradeRequest
from domain.vaults import ClassicVaultRef
from local.demo.plan import ROOT, settings
from local.demo.processes import Child, Children, ChildSpec
from tests.e2e.kill_host import _free_port

QUEUE = "vault-upgrades"
CLEAN_SHARE = 0.7
"""Of a made-up estate, this share of the vaults leaves nothing to do once upgraded."""
INVALID_SHARE = 0.01
LIFE_S = (4.0, 12.0)
"""Seconds between two deaths."""
LOOK_EVERY_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Storm:
    """How hard it blows."""

    messages: int = 10_000
    vaults: int = 9_000
    kills: int = 10
    window: int = 200
    rate: float = 300.0
    """Faster, and what is minutes to the service would be less than this machine's delays."""
    seed: int = 1
    lock_s: int = 60
    """How long the broker holds a session for a host that has died."""
    limit_s: float = 7_200.0


@dataclass(kw_only=True)
class Aftermath:
    """What is left when it is over."""

    messages: int
    vaults: int
    kills: int = 0
    upgrades: int = 0
    upgraded_twice: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    done: int = 0
    joined: int = 0
    rejected: int = 0
    dead_lettered: int = 0
    unaccounted: list[str] = field(default_factory=list)
    most_in_flight: int = 0
    intake_s: float = 0.0
    """Until the queue was empty."""
    total_s: float = 0.0
    http_median_ms: float = 0.0
    http_p99_ms: float = 0.0
    """Of ``GET /api/admission`` while the host was up."""


class Http:
    """Calls with a time limit; a host or broker that is down gives None."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []

    def get(self, url: str) -> Any:
        """The JSON answer, or None."""
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - loopback
                answer = json.load(response)
        except (OSError, urllib.error.URLError, ValueError):
            return None
        self.took_ms.append((time.monotonic() - begun) * 1000)
        return answer


class Ordeal:
    """One storm in one folder."""

    def __init__(self, storm: Storm, folder: Path) -> None:
        self.storm = storm
        self.folder = folder
        self.chance = random.Random(storm.seed)  # noqa: S311 - moments of death, not secrets
        self.clock = ScaledClock(storm.rate, time.time())
        self.http = Http()
        self.ports = {name: _free_port() for name in ("azure", "broker", "admin", "host")}
        self.left = Aftermath(messages=storm.messages, vaults=storm.vaults)
        self.begun = time.monotonic()

    # Processes ---------------------------------------------------------------------------

    def _module(self, name: str, *arguments: object) -> tuple[str, ...]:
        return (sys.executable, "-m", name, *map(str, arguments))

    @property
    def _clock_arguments(self) -> tuple[str, ...]:
        return ("--clock-rate", str(self.storm.rate), "--clock-origin", str(self.clock.origin))

    def azure(self) -> ChildSpec:
        """An estate with enough vaults that leave nothing to do."""
        size = int(self.storm.vaults / CLEAN_SHARE * 1.05) + 20
        arguments = ("--port", self.ports["azure"], "--vaults", size, *self._clock_arguments)
        return ChildSpec(name="azure", command=self._module("local.azure", *arguments))

    def broker(self) -> ChildSpec:
        """The broker on its file."""
        arguments = ("--port", self.ports["broker"], "--admin-port", self.ports["admin"])
        files = ("--db", self.folder / "broker.sqlite", "--config", self._config())
        command = self._module("local.servicebus", *arguments, *files)
        return ChildSpec(name="broker", command=command)

    def _config(self) -> Path:
        """The queues the app is shipped with, but for the length of a lock."""
        shipped = (ROOT / "local" / "servicebus" / "config.json").read_text(encoding="utf-8")
        config = self.folder / "config.json"
        config.write_text(shipped.replace('"PT1M"', f'"PT{self.storm.lock_s}S"'), encoding="utf-8")
        return config

    def host(self, azure: Any, broker: Any) -> ChildSpec:
        """The host with the real app."""
        environment = settings(
            azure,
            broker,
            evidence=self.folder / "evidence",
            clock=(self.storm.rate, self.clock.origin),
        )
        arguments = ("--app", ROOT, "--port", self.ports["host"])
        database = ("--db", self.folder / "taskhub.sqlite")
        return ChildSpec(
            name="host",
            command=self._module("local.host", *arguments, *database, *self._clock_arguments),
            environment={
                **environment,
                "VAULTLIFT_ADMISSION_WINDOW": str(self.storm.window),
                "VAULTLIFT_SUBSCRIPTIONS": "",
            },
        )

    # Messages ----------------------------------------------------------------------------

    def requests(self, estate: Any) -> list[UpgradeRequest]:
        """One request per vault, and further ones for some of them."""
        rows = [one for one in estate["vaults"] if one["scenario"] == "clean"]
        if len(rows) < self.storm.vaults:
            raise AssertionError(f"the estate has only {len(rows)} clean vaults")
        first = [self._request(one, "first") for one in rows[: self.storm.vaults]]
        more = self.storm.messages - self.storm.vaults - self.invalid_count
        return first + [
            replace(one, request_id="second") for one in self.chance.sample(first, max(0, more))
        ]

    def _request(self, row: Any, request_id: str) -> UpgradeRequest:
        return UpgradeRequest(
            vault=ClassicVaultRef(
                subscription_id=row["subscriptionId"], region=row["region"], name=row["name"]
            ),
            target_resource_group="rg-backup-upgraded",
            request_id=request_id,
            requested_by="storm",
            requested_at=datetime.now(UTC),
            time_zone="UTC",
            approval=ApprovalMode.AUTOMATIC,
        )

    @property
    def invalid_count(self) -> int:
        """Messages that can never be used."""
        return round(self.storm.messages * INVALID_SHARE)

    def invalid(self) -> list[ServiceBusMessage]:
        """Some are no JSON, some of a version of the future."""
        bodies = ("{", '{"schemaVersion": 99}')
        return [
            ServiceBusMessage(
                bodies[number % 2], message_id=f"invalid-{number}", session_id=f"invalid-{number}"
            )
            for number in range(self.invalid_count)
        ]

    async def send(self, connection: str, requests: list[UpgradeRequest]) -> None:
        """Sends everything twice, in random order; a broker that is away is tried again."""
        order = 2 * [*(to_message(one) for one in requests), *self.invalid()]
        self.chance.shuffle(order)
        for start in range(0, len(order), 100):
            batch = order[start : start + 100]
            # While the broker is dead, nothing says when the next one lives.
            while not await self._sent(connection, batch):  # noqa: ASYNC110
                await asyncio.sleep(1)

    async def _sent(self, connection: str, batch: list[ServiceBusMessage]) -> bool:
        # Sending all of it again is harmless: the message ids are the same.
        client = ServiceBusClient.from_connection_string(connection, retry_total=0, try_timeout=20)
        try:
            async with client, client.get_queue_sender(QUEUE) as sender:
                await send_batches(sender, batch)
        except (ServiceBusError, OSError, TimeoutError):
            return False
        return True

    # The course of it --------------------------------------------------------------------

    async def run(self) -> Aftermath:
        """Plays it to its end."""
        async with Children(self.folder / "logs") as fixtures:
            azure = await fixtures.start(self.azure())
            estate = await asyncio.to_thread(
                self.http.get, f"{azure.ready['armEndpoint']}/admin/estate"
            )
            requests = self.requests(estate)
            await self._live_and_die(azure, requests)
            estate = await asyncio.to_thread(
                self.http.get, f"{azure.ready['armEndpoint']}/admin/estate"
            )
        self._count_upgrades(estate, requests)
        return self.left

    async def _live_and_die(self, azure: Child, requests: list[UpgradeRequest]) -> None:
        broker = Reborn(self.broker(), self.folder / "logs")
        host: Reborn | None = None
        sending: asyncio.Task[None] | None = None
        try:
            await broker.start()
            host = Reborn(self.host(azure.ready, broker.ready), self.folder / "logs")
            await host.start()
            connection = str(broker.ready["connectionString"])
            sending = asyncio.create_task(self.send(connection, requests))
            for _ in range(self.storm.kills):
                await self._watch(self.chance.uniform(*LIFE_S))
                for victim in self.chance.choice(([host], [broker], [broker, host])):
                    await victim.die_and_start()
                self.left.kills += 1
            await sending
            await self._wait_for_the_end(requests)
        finally:
            if sending is not None:
                sending.cancel()
            for one in (host, broker):
                if one is not None:
                    await one.stop()

    async def _watch(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(0.5)

    def _look(self) -> Any:
        shown = self.http.get(f"http://127.0.0.1:{self.ports['host']}/api/admission")
        if shown:
            self.left.most_in_flight = max(self.left.most_in_flight, shown["inFlight"])
        return shown

    async def _wait_for_the_end(self, requests: list[UpgradeRequest]) -> None:
        """Until nothing waits anywhere and every run has written its verdict."""
        keys = sorted({one.vault.key for one in requests})
        while time.monotonic() - self.begun < self.storm.limit_s:
            shown = await asyncio.to_thread(self._look)
            entities = await asyncio.to_thread(
                self.http.get, f"http://127.0.0.1:{self.ports['admin']}/entities"
            )
            queue = _queue(entities, QUEUE)
            if not self.left.intake_s and queue["active"] + queue["locked"] == 0:
                self.left.intake_s = time.monotonic() - self.begun
            ended = await asyncio.to_thread(self._count_ended, keys)
            is_idle = shown and shown["waiting"] + shown["inFlight"] == 0
            if self.left.intake_s and is_idle and ended == len(keys):
                await asyncio.to_thread(self._account, requests, entities)
                self.left.total_s = time.monotonic() - self.begun
                return
            await asyncio.sleep(LOOK_EVERY_S)
        raise AssertionError(f"not over in time: {shown}, {queue}, {ended} of {len(keys)} ended")

    # Counting ----------------------------------------------------------------------------

    def _outcomes(self, key: str) -> Iterable[Path]:
        return (self.folder / "evidence" / "vaults" / key / "runs").glob("*/outcome.json")

    def _count_ended(self, keys: list[str]) -> int:
        return sum(any(self._outcomes(key)) for key in keys)

    def _account(self, requests: list[UpgradeRequest], entities: Any) -> None:
        """What became of each message, by what is in the evidence."""
        ends: Counter[str] = Counter()
        for one in requests:
            folder = self.folder / "evidence" / "vaults" / one.vault.key
            outcome = folder / "runs" / one.request_id / "outcome.json"
            if outcome.exists():
                self.left.done += 1
                ends[json.loads(outcome.read_bytes())["data"]["outcome"]["state"]] += 1
            elif (folder / "accepted" / f"{one.request_id}.json").exists():
                self.left.joined += 1
            else:
                self.left.unaccounted.append(f"{one.vault.name} {one.request_id}")
        self.left.ends = dict(ends)
        self.left.rejected = _queue(entities, f"{QUEUE}-rejected")["active"]
        self.left.dead_lettered = _queue(entities, QUEUE)["deadLettered"]

    def _count_upgrades(self, estate: Any, requests: list[UpgradeRequest]) -> None:
        started = {one["name"]: one["upgradesStarted"] for one in estate["vaults"]}
        names = {one.vault.name for one in requests}
        self.left.upgrades = sum(started[name] for name in names)
        self.left.upgraded_twice = sorted(name for name in names if started[name] > 1)
        took = sorted(self.http.took_ms)
        self.left.http_median_ms = took[len(took) // 2]
        self.left.http_p99_ms = took[int(len(took) * 0.99)]


class Reborn:
    """A process that is killed and started again on the same files and ports."""

    def __init__(self, spec: ChildSpec, logs: Path) -> None:
        self._spec = spec
        self._logs = logs
        self._lives = 0
        self._children: Children | None = None
        self._child: Child | None = None

    @property
    def ready(self) -> Any:
        """Its ready line."""
        assert self._child is not None
        return self._child.ready

    async def start(self) -> None:
        """Begins a life, with a log of its own."""
        self._lives += 1
        self._children = await Children(self._logs / f"life-{self._lives}").__aenter__()
        self._child = await self._children.start(self._spec)

    async def die_and_start(self) -> None:
        """SIGKILL, then the next life."""
        assert self._child is not None
        self._child._signal(signal.SIGKILL)
        await self._child.wait()
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """Ends politely, if it still lives."""
        if self._children is not None:
            await self._children.__aexit__(None, None, None)
            self._children = None


def _queue(entities: Any, name: str) -> Any:
    return entities[name]


def main() -> int:
    """Plays it and prints what is left; 1 unless everything adds up."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in asdict(Storm()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    storm = Storm(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as folder:
        left = asyncio.run(Ordeal(storm, Path(folder)).run())
    sys.stdout.write(json.dumps(asdict(left), indent=1) + "\n")
    are_once = left.upgrades == left.vaults and not left.upgraded_twice
    # More is possible: a host that died between copy and end, for longer than duplicates are known.
    are_kept = left.rejected + left.dead_lettered >= round(storm.messages * INVALID_SHARE)
    return 0 if are_once and are_kept and not left.unaccounted else 1


if __name__ == "__main__":
    sys.exit(main())
