"""The local Functions host with and without replay: vaults per second and CPU per vault.

Each case starts ``python -m local.host`` on an empty task hub with an app whose activities cost
nothing, runs a few vaults to warm it up, then starts all vaults at once and waits for the last.
CPU is that of the host's process alone. The cases take turns, so that a busy machine hurts both.

    .venv/bin/python benchmarks/bench_host.py --out out/bench/bench_host.json [--quick]
"""

# ruff: noqa: S603 (the program started is this repository's own)

import argparse
import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from durabletask.client import AsyncTaskHubGrpcClient, OrchestrationStatus

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "benchmarks" / "vaultbench" / "app"
sys.path.insert(0, str(ROOT))

from benchmarks.vaultbench import shape  # noqa: E402 (found by the line above)

MODES = {"hot": (), "replay": ("--replay",)}
VAULTS = 300
QUICK_VAULTS = 60
ROUNDS = 3
LIMIT_S = 600

type Figures = dict[str, Any]


@contextmanager
def running_host(folder: Path, arguments: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """A host of its own; gives its process id and the engine's address."""
    database = folder / "hub.sqlite"
    command = [sys.executable, "-m", "local.host", "--app", str(APP), "--port", "0"]
    with (
        (folder / "host.log").open("w") as log,
        subprocess.Popen(
            [*command, "--db", str(database), *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as host,
    ):
        assert host.stdout is not None
        try:
            ready = host.stdout.readline()
            assert ready, (folder / "host.log").read_text()
            yield host.pid, engine_address(database)
        finally:
            host.terminate()


def engine_address(database: Path) -> str:
    """Where the engine of a file serves: its lock says so."""
    owner = database.with_name(database.name + ".lock").read_text()
    return owner.rpartition(" at ")[2]


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def run_vaults(address: str, names: list[str]) -> None:
    """Starts vaults all at once and waits until the last has ended."""
    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.ERROR)
    client = AsyncTaskHubGrpcClient(host_address=address, logger=quiet)
    await asyncio.gather(
        *(
            client.schedule_new_orchestration("upgrade_vault", input=name, instance_id=name)
            for name in names
        )
    )
    ends = await asyncio.gather(
        *(client.wait_for_orchestration_completion(name, timeout=LIMIT_S) for name in names)
    )
    await client.close()
    statuses = {None if end is None else end.runtime_status for end in ends}
    assert statuses == {OrchestrationStatus.COMPLETED}, statuses


def run_once(mode: str, vaults: int) -> Figures:
    """One run of a mode."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_host(Path(folder), MODES[mode]) as (pid, address),
    ):
        asyncio.run(run_vaults(address, [f"warm-{n}" for n in range(shape.WARM_UP)]))
        used_s, started = cpu_s(pid), time.perf_counter()
        asyncio.run(run_vaults(address, [f"vault-{n}" for n in range(vaults)]))
        wall_s, used_s = time.perf_counter() - started, cpu_s(pid) - used_s
    return {
        "vaults_per_s": round(vaults / wall_s, 1),
        "cpu_ms_per_vault": round(1000 * used_s / vaults, 1),
        "cpu_ms_per_call": round(1000 * used_s / vaults / shape.CALLS_PER_VAULT, 3),
    }


def middle(runs: list[Figures]) -> Figures:
    """The median of each figure, and the runs."""
    names = runs[0]
    return {**{name: statistics.median(run[name] for run in runs) for name in names}, "runs": runs}


def main() -> None:
    """Runs all cases and writes one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="one round of fewer vaults")
    given = parser.parse_args()
    vaults, rounds = (QUICK_VAULTS, 1) if given.quick else (VAULTS, ROUNDS)
    runs: dict[str, list[Figures]] = {mode: [] for mode in MODES}
    for _ in range(rounds):
        for mode in MODES:
            runs[mode].append(run_once(mode, vaults))
            print(f"{mode:8} {runs[mode][-1]}", flush=True)
    modes = {mode: middle(of_mode) for mode, of_mode in runs.items()}
    document = {
        "schema": "vaultlift/bench-host/1",
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "vaults": vaults,
        "modes": modes,
        "times_replay": round(modes["hot"]["vaults_per_s"] / modes["replay"]["vaults_per_s"], 2),
        "cpu_of_replay": round(
            modes["hot"]["cpu_ms_per_vault"] / modes["replay"]["cpu_ms_per_vault"], 2
        ),
    }
    print(
        f"hot runs {document['times_replay']} times the vaults for {document['cpu_of_replay']} CPU"
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
