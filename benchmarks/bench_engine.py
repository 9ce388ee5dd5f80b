"""The durable engine against others, on the same vaults in the same run.

Every case runs in a fresh process against a fresh back end; the cases take turns, so that a busy
machine hurts all of them, and of each the median by vaults per second is kept. Shows: vaults per
second and CPU per call of vaultlift's task hub, Microsoft's in-memory back end, DBOS on SQLite and
plain asyncio; growth from 100 to 10,000 vaults; memory per vault in flight; how soon 5,000 vaults
in flight are back after a SIGKILL.

    .venv/bin/python benchmarks/bench_engine.py --out out/bench/bench_engine.json [--quick]
"""

# ruff: noqa: S603 (the programs started are this folder's own)

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

type Figures = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One engine with so many vaults."""

    name: str
    module: str
    vaults: int
    mode: str = ""
    repeats: int = 3


COMPARISON = (
    Case("asyncio", "run_asyncio", 500),
    Case("taskhub", "run_hub", 500, "hot"),
    Case("taskhub-replay", "run_hub", 500, "replay", repeats=1),
    Case("memory", "run_grpc", 200, "memory"),
    Case("taskhub-grpc", "run_grpc", 200, "taskhub", repeats=1),
    Case("dbos", "run_dbos", 200, "wal"),
)

SCALING = (
    # Below a second, one run says little.
    Case("taskhub-100", "run_hub", 100, "hot", repeats=5),
    Case("taskhub-1000", "run_hub", 1000, "hot"),
    Case("taskhub-10000", "run_hub", 10_000, "hot", repeats=1),
)

QUICK_VAULTS = 1000
"""The most that a quick run starts."""

IN_FLIGHT = 5000

TARGETS = {
    "times_dbos": (">=", 5.0),
    "times_memory": (">=", 4.0),
    "cpu_ms_per_call": ("<=", 0.8),
    "growth_exponent": ("<=", 1.05),
    "kb_per_vault": ("<=", 60.0),
    "recovery_s": ("<", 3.0),
}


@contextmanager
def backend() -> Iterator[str]:
    """A fresh back end; gives its address."""
    command = [sys.executable, "-m", "benchmarks.vaultbench.backend"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


def command_of(module: str, vaults: int, mode: str, address: str, folder: str) -> list[str]:
    """The command line of a run."""
    return [
        *(sys.executable, "-m", f"benchmarks.vaultbench.{module}", "--n", str(vaults)),
        *("--mode", mode, "--backend", address, "--folder", folder),
    ]


def run_once(case: Case) -> Figures:
    """One run of a case."""
    with backend() as address, tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command_of(case.module, case.vaults, case.mode, address, folder),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_all(cases: Sequence[Case], *, is_quick: bool) -> list[Figures]:
    """The median run of each case by vaults per second, with the range."""
    runs: list[list[Figures]] = [[] for _ in cases]
    for number in range(1 if is_quick else max(case.repeats for case in cases)):
        for case, done in zip(cases, runs, strict=True):
            if number < case.repeats:
                done.append(run_once(case))
    return [median_of(case, done) for case, done in zip(cases, runs, strict=True)]


def median_of(case: Case, runs: list[Figures]) -> Figures:
    """The middle one of a case's runs; prints it."""
    runs.sort(key=lambda figures: figures["vaults_per_s"])
    middle = runs[len(runs) // 2]
    middle["range_vaults_per_s"] = [runs[0]["vaults_per_s"], runs[-1]["vaults_per_s"]]
    print(
        f"{case.name:16} {middle['vaults']:6} vaults {middle['vaults_per_s']:7.1f}/s"
        f"  {middle['cpu_ms_per_call']:6.3f} ms CPU/call  {middle['kb_per_vault']:6.1f} KB/vault",
        flush=True,
    )
    return middle


def run_recovery(vaults: int) -> Figures:
    """Kills a hub with so many vaults in flight and times its return, from the program's start."""
    with tempfile.TemporaryDirectory() as folder:
        hold = command_of("run_recovery", vaults, "hold", "-", folder)
        with subprocess.Popen(hold, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            held = json.loads(holder.stdout.readline())
            holder.kill()
        recover = command_of("run_recovery", vaults, "recover", "-", folder)
        started = time.perf_counter()
        with subprocess.Popen(recover, cwd=ROOT, stdout=subprocess.PIPE, text=True) as recovered:
            assert recovered.stdout is not None
            figures: Figures = json.loads(recovered.stdout.readline())
            figures["with_program_start_s"] = round(time.perf_counter() - started, 3)
    figures["kb_per_vault"] = held["kb_per_vault"]
    print(f"recovery         {vaults:6} vaults in flight: {figures}", flush=True)
    return figures


def exponent(results: list[Figures]) -> float:
    """How wall time grows with the number of vaults: 1 is linear."""
    first, last = results[0], results[-1]
    return math.log(last["wall_s"] / first["wall_s"]) / math.log(last["vaults"] / first["vaults"])


def judge(figures: dict[str, float]) -> list[Figures]:
    """Each figure against its target."""
    verdicts = []
    for name, value in figures.items():
        sign, target = TARGETS[name]
        is_met = value >= target if sign == ">=" else value <= target
        verdicts.append(
            {"figure": name, "value": round(value, 3), "target": f"{sign} {target}", "met": is_met}
        )
        print(f"{name:16} {value:8.3f}  target {sign} {target:g}  {'met' if is_met else 'MISSED'}")
    return verdicts


def main() -> None:
    """Runs everything and writes one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="one run each, at most 1,000 vaults")
    given = parser.parse_args()
    cases = list(COMPARISON)
    if importlib.util.find_spec("dbos") is None:
        cases = [case for case in cases if case.name != "dbos"]
        print("dbos is not installed and not compared; make bench installs it")
    results = run_all(cases, is_quick=given.quick)
    compared = {case.name: figures for case, figures in zip(cases, results, strict=True)}
    sizes = [case for case in SCALING if not given.quick or case.vaults <= QUICK_VAULTS]
    scaling = run_all(sizes, is_quick=given.quick)
    recovery = run_recovery(IN_FLIGHT)
    hub = compared["taskhub"]
    figures = {
        "times_memory": hub["vaults_per_s"] / compared["memory"]["vaults_per_s"],
        "cpu_ms_per_call": hub["cpu_ms_per_call"],
        "growth_exponent": exponent(scaling),
        "kb_per_vault": recovery["kb_per_vault"],
        "recovery_s": recovery["with_program_start_s"],
    }
    if "dbos" in compared:
        figures["times_dbos"] = hub["vaults_per_s"] / compared["dbos"]["vaults_per_s"]
    document = {
        "schema": "vaultlift/bench-engine/1",
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "comparison": compared,
        "scaling": scaling,
        "recovery": recovery,
        "verdicts": judge(figures),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
