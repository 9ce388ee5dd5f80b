"""What a run costs: wall time, CPU, memory; and whether it did what it was asked."""

import argparse
import json
import logging
import resource
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.vaultbench.shape import CALLS_PER_VAULT
from local.collector import ease_collection

_SAMPLE_S = 0.05


def options() -> argparse.Namespace:
    """What every run takes."""
    # The SDKs tell of every instance at INFO; writing that is not what is measured.
    logging.disable(logging.INFO)
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, required=True, help="vaults, all started at once")
    parser.add_argument("--backend", required=True, help="address of the back end")
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder for files")
    parser.add_argument("--mode", default="", help="a variant of the engine")
    return parser.parse_args()


def cpu_s() -> float:
    """CPU seconds of this process and of those it waited for."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def resident_kb() -> float:
    """Resident memory of this process in KB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4.096


class Meter:
    """Measures from its making to :meth:`report`."""

    def __init__(self, engine: str, given: argparse.Namespace) -> None:
        self._engine = engine
        self._given = given
        self._calls = self._stats()["calls"]
        # As the local host does; for every engine, so that none is compared without it.
        ease_collection()
        self._base_kb = self._peak_kb = resident_kb()
        self._is_over = threading.Event()
        threading.Thread(target=self._sample, daemon=True).start()
        self._cpu_s, self._started = cpu_s(), time.perf_counter()

    def _sample(self) -> None:
        while not self._is_over.wait(_SAMPLE_S):
            self._peak_kb = max(self._peak_kb, resident_kb())

    def _stats(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self._given.backend}/stats") as answer:  # noqa: S310
            stats: dict[str, int] = json.load(answer)
            return stats

    def report(self, **more: Any) -> None:
        """Prints the figures of the run as one JSON line; fails if a call is missing."""
        wall_s = time.perf_counter() - self._started
        used_s = cpu_s() - self._cpu_s
        self._is_over.set()
        n, stats = self._given.n, self._stats()
        assert stats["calls"] - self._calls == n * CALLS_PER_VAULT, stats
        figures = {
            "engine": self._engine,
            "vaults": n,
            "wall_s": round(wall_s, 3),
            "vaults_per_s": round(n / wall_s, 1),
            "cpu_ms_per_call": round(1000 * used_s / n / CALLS_PER_VAULT, 3),
            "kb_per_vault": round((max(self._peak_kb, resident_kb()) - self._base_kb) / n, 1),
            **more,
        }
        print(json.dumps(figures), flush=True)
