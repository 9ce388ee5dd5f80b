"""The broker as a process of its own, as a user starts it."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[3]
STOP_WITHIN_S = 60
"""Only a broker that hangs needs so long; one on a busy machine may need a good part of it."""


class BrokerProcess:
    """``python -m local.servicebus`` with some arguments, ready when the context begins."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        self._command = [
            sys.executable,
            "-m",
            "local.servicebus",
            "--port",
            str(port),
            "--admin-port",
            "0",
            *arguments,
        ]
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            message = f"The broker ended with {self.process.wait()} before it was ready."
            raise RuntimeError(message)
        self.ready = json.loads(line)
        return self

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.to_thread(self.__exit__, *exception)

    @property
    def connection_string(self) -> str:
        return self.ready["connectionString"]

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.ready['adminPort']}"

    def kill(self) -> None:
        """SIGKILL: no chance to write anything."""
        self.process.kill()
        self.process.wait(STOP_WITHIN_S)

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_WITHIN_S)

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()
