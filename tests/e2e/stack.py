"""Everything as child processes: simulated Azure, broker, and the host with the real app."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.demo.plan import SUBSCRIPTION, demo_plan
from local.demo.processes import Children
from tests.published import undocumented

ENDED = {"closed", "closed_with_tasks", "blocked", "needs_support", "not_approved", "stopped"}
LOOK_EVERY_S = 0.25


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Stack:
    """A running app and where to reach it."""

    app: str
    azure: str
    connection: str
    """Connection string of the broker."""
    folder: Path
    """Where everything is kept; the evidence in ``evidence``."""

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One call of the app; ``body`` is sent as JSON, bytes as they are.

        Whatever a test is about, each call and its answer must be as the API's document says.
        """
        answer = self._call(method, path, body)
        assert [] == undocumented(method, path, body, answer.status, answer.body)
        return answer

    def _call(self, method: str, path: str, body: Any) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - always http on the loopback
            self.app + path, data=None if body is None else raw, method=method
        )
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return _answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.headers, error.read())

    def until(
        self,
        run_id: str,
        holds: Callable[[Any], bool],
        within_s: float = 60,
        noun: str = "upgrades",
    ) -> Any:
        """The view of an upgrade, or of another noun's run, as soon as it is as asked."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            view = self.call("GET", f"/api/{noun}/{run_id}").body
            if holds(view):
                return view
            time.sleep(LOOK_EVERY_S)
        raise AssertionError(f"not within {within_s} s; last seen: {view}")

    def upgrades_started(self) -> dict[str, int]:
        """How many upgrades simulated Azure has started, by vault name."""
        with urllib.request.urlopen(f"{self.azure}/admin/estate", timeout=30) as response:  # noqa: S310
            estate = json.load(response)
        return {one["name"]: one["upgradesStarted"] for one in estate["vaults"]}


def _answer(status: int, headers: Any, raw: bytes) -> Answer:
    lower = {name.lower(): value for name, value in headers.items()}
    is_json = "json" in lower.get("content-type", "")
    return Answer(status, lower, json.loads(raw) if is_json and raw else raw)


def vault(name: str, region: str, **changes: Any) -> dict[str, Any]:
    """A vault of the sample estate as it is handed in."""
    row = {
        "subscriptionId": SUBSCRIPTION,
        "vaultName": name,
        "region": region,
        "targetResourceGroup": "rg-backup-upgraded",
        "timeZone": "W. Europe Standard Time",
        "approval": "automatic",
    }
    return {**row, **changes}


@asynccontextmanager
async def running_stack(folder: Path, **app_settings: str) -> AsyncIterator[Stack]:
    """Starts everything and stops it at the end; ``app_settings`` take the place of the demo's."""
    plan = demo_plan(folder, origin=time.time())
    async with Children(plan.logs) as children:
        azure = await children.start(plan.azure)
        broker = await children.start(plan.broker)
        spec = plan.host(azure.ready, broker.ready)
        host = await children.start(replace(spec, environment={**spec.environment, **app_settings}))
        yield Stack(
            app=f"http://127.0.0.1:{host.ready['port']}",
            azure=str(azure.ready["armEndpoint"]),
            connection=str(broker.ready["connectionString"]),
            folder=folder,
        )
