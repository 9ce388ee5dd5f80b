"""A local host as a process of its own: the runtime keeps one app per process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[3]
APPS = Path(__file__).parent / "apps"
START_LIMIT_S = 40.0
STOP_LIMIT_S = 20.0


class HostFailedError(Exception):
    """The host ended before it was ready."""


class RunningHost:
    """Starts ``python -m local.host`` and collects what it logs.

    Args:
        app: Name of a folder below ``apps``, or a path.
        folder: Where the host keeps its files.
        arguments: More command-line arguments.
        settings: App settings, as environment variables.
    """

    def __init__(
        self,
        app: str | Path,
        folder: Path,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.database = folder / "hub.sqlite"
        self.lines: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        command = [sys.executable, "-m", "local.host", "--app", str(APPS / app), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--db", str(self.database), *arguments],
            cwd=ROOT,
            env={**os.environ, **(settings or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        ready = self.process.stdout.readline()
        if not ready:
            self.process.wait(STOP_LIMIT_S)
            self._close()
            raise HostFailedError("\n".join(str(line["message"]) for line in self.lines))
        self.ready = json.loads(ready)
        self.url = f"http://127.0.0.1:{self.ready['port']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.stop()
        self._close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tells the host to stop; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_LIMIT_S)

    def kill(self) -> None:
        """Ends the host without warning."""
        self.process.kill()
        self.process.wait(STOP_LIMIT_S)

    def logged(self, **members: str) -> list[dict[str, Any]]:
        """Log lines whose members contain the given texts."""
        with self._changed:
            return [line for line in self.lines if _fits(line, members)]

    def wait_logged(self, count: int = 1, limit_s: float = 15.0, **members: str) -> list[Any]:
        """As :meth:`logged`, once there are ``count`` of them."""
        return self._wait(
            lambda: [one for one in self.lines if _fits(one, members)], count, limit_s
        )

    def _close(self) -> None:
        self.process.stdout.close()
        self._reader.join(STOP_LIMIT_S)
        self.process.stderr.close()

    def _wait(self, found: Callable[[], list[Any]], count: int, limit_s: float) -> list[Any]:
        deadline = time.monotonic() + limit_s
        with self._changed:
            while len(lines := found()) < count:
                rest_s = deadline - time.monotonic()
                if rest_s <= 0:
                    raise TimeoutError(f"{len(lines)} of {count} lines in {limit_s} s: {lines}")
                self._changed.wait(rest_s)
            return lines

    def _read_log(self) -> None:
        for text in self.process.stderr:
            with self._changed:
                self.lines.append(_parse(text))
                self._changed.notify_all()


def _parse(text: str) -> dict[str, Any]:
    try:
        line: dict[str, Any] = json.loads(text)
    except ValueError:
        # Not one of the host's own lines: the interpreter speaking.
        return {"message": text, "level": "raw"}
    return line


def _fits(line: Mapping[str, Any], members: Mapping[str, str]) -> bool:
    return all(text in str(line.get(name, "")) for name, text in members.items())
