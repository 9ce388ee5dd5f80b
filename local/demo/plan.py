"""The processes of the demo, as data: what is started, with which settings."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.clock import ScaledClock
from adapters.ports import Clock
from domain.codec import JsonObject
from local.demo.processes import ChildSpec

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

HERE = Path(__file__).resolve().parent
VAULTS = HERE / "vaults.csv"
EXPECTED = HERE / "expected.csv"
ESTATE = HERE / "estate.yaml"

CLOCK_RATE = 900.0
"""Virtual seconds per second. The longest vault takes some 7 hours (its jobs show 6 hours after the
upgrade), which is 27 s at this rate; all 12 hours that jobs have would be 48 s. A 30-second grace
is 33 ms, still many turns of the engine. Faster, and the machine's own work would count too."""

SUBSCRIPTION = "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11"
"""The subscription of the sample estate."""

LOOK_INTERVAL_S = 0.5
"""Real seconds between two looks of ``vaultlift --follow``: 7 virtual minutes."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one demo starts, in this order; later ones are made from what earlier ones answered."""

    out: Path
    """Folder for everything the demo makes; replaced at the start."""
    azure: ChildSpec
    broker: ChildSpec
    host: Callable[[JsonObject, JsonObject], ChildSpec]
    """From the ready lines of azure and broker."""
    client: Callable[[JsonObject], tuple[str, ...]]
    """The command that hands the vaults in, from the host's ready line."""
    expected: Path
    """CSV with the declared end of every vault."""
    clock: Clock
    """The time all of them share."""
    clock_rate: float = 1.0
    """How many times faster than real time it runs."""

    @property
    def evidence(self) -> Path:
        """Where the app keeps its evidence."""
        return self.out / "evidence"

    @property
    def logs(self) -> Path:
        """Where the processes log to."""
        return self.out / "logs"


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


def _clock_arguments(rate: float, origin: float) -> tuple[str, ...]:
    return ("--clock-rate", str(rate), "--clock-origin", str(origin))


def settings(
    azure: JsonObject, broker: JsonObject, *, evidence: Path, clock: tuple[float, float]
) -> dict[str, str]:
    """The app settings, as environment variables, that point the app at this machine."""
    rate, origin = clock
    return {
        # Everything the app reads; the host adds nothing of its own.
        "TASKHUB_NAME": "demo",
        "VAULTLIFT_CLOUD": "custom",
        "VAULTLIFT_CLASSIC_ENDPOINT": str(azure["classicEndpoint"]),
        "VAULTLIFT_ARM_ENDPOINT": str(azure["armEndpoint"]),
        "VAULTLIFT_LOGS_ENDPOINT": str(azure["logsEndpoint"]),
        "VAULTLIFT_TOKEN_URL": str(azure["tokenUrl"]),
        "VAULTLIFT_CLIENT_ID": str(azure["clientId"]),
        "VAULTLIFT_CLIENT_SECRET": str(azure["clientSecret"]),
        "VAULTLIFT_EVIDENCE": f"folder:{evidence.resolve()}",
        "VAULTLIFT_CLOCK_RATE": str(rate),
        "VAULTLIFT_CLOCK_ORIGIN": str(origin),
        "VAULTLIFT_SUBSCRIPTIONS": SUBSCRIPTION,
        "ServiceBusConnection": str(broker["connectionString"]),
    }


def _host(out: Path, app_settings: dict[str, str], clock: tuple[str, ...]) -> ChildSpec:
    return ChildSpec(
        name="host",
        command=_module(
            "local.host",
            *("--app", str(ROOT)),
            # Any free port: a demo must not fail because something else, or another demo, runs
            # here.
            *("--port", "0"),
            *("--db", str(out / "taskhub.sqlite")),
            # The demo is over by then; whatever still runs only has to be put down.
            *("--shutdown-timeout", "5"),
            *clock,
        ),
        environment=app_settings,
    )


def _client(port: object, clock: tuple[str, ...]) -> tuple[str, ...]:
    return _module(
        "cli.main",
        *("upgrade", str(VAULTS), "--follow"),
        # Not the account of the machine, so that reports of the demo look the same everywhere.
        *("--requested-by", "demo"),
        *("--interval", str(LOOK_INTERVAL_S)),
        *("--url", f"http://127.0.0.1:{port}"),
        *clock,
    )


def demo_plan(
    out: Path, *, origin: float, rate: float = CLOCK_RATE, expected: Path = EXPECTED
) -> Plan:
    """The real demo: simulated Azure, broker, host, and the command a user types."""
    clock = _clock_arguments(rate, origin)
    config = str(ROOT / "local/servicebus/config.json")

    def host(azure: JsonObject, broker: JsonObject) -> ChildSpec:
        evidence = out / "evidence"
        return _host(out, settings(azure, broker, evidence=evidence, clock=(rate, origin)), clock)

    return Plan(
        out=out,
        azure=ChildSpec(
            name="azure",
            command=_module("local.azure", "--port", "0", "--estate", str(ESTATE), *clock),
        ),
        # Without a clock: locks and time-outs of AMQP are real time on both ends.
        broker=ChildSpec(
            name="broker", command=_module("local.servicebus", "--port", "0", "--config", config)
        ),
        host=host,
        client=lambda ready: _client(ready["port"], clock),
        expected=expected,
        clock=ScaledClock(rate, origin),
        clock_rate=rate,
    )
