"""Child processes: started one after the other, watched, and never left behind.

A child says that it is ready by one line of JSON on standard output. Everything else it prints
goes to its log file.
"""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from domain.codec import JsonObject
from local.demo.errors import ChildDiedError, NotReadyError

READY_WITHIN_S = 60.0
"""From start to ready line; the slowest child needs two seconds on a laptop."""

STOP_WITHIN_S = 10.0
"""From the polite signal to the one that cannot be ignored."""

CLIENT_GRACE_S = 1.0
"""For the client to end by itself, and again after it was interrupted."""

TAIL_LINES = 15
"""Lines of a dead child's log that are shown."""

TAIL_WIDTH = 400
"""Characters of a log line that are shown."""

LONGEST_LINE = 1024 * 1024
"""Bytes; asyncio's own limit of 64 KiB is shorter than a line with a stack trace in JSON."""


@dataclass(frozen=True, kw_only=True)
class ChildSpec:
    """A process to start."""

    name: str
    """How it is called in messages; its log is ``<name>.log``."""
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables added to our own."""


def _guarded(command: tuple[str, ...]) -> tuple[str, ...]:
    # Where the system can, children die even if we are killed so hard that we cannot stop them;
    # only one that is killed together with us before its first instruction is missed.
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--", *command) if setpriv else command


def _readable(line: str) -> str:
    """A log line for a person: of JSON lines the message, and never more than fits on a screen."""
    with suppress(ValueError):
        entry = json.loads(line)
        if isinstance(entry, dict) and "message" in entry:
            line = f"{entry.get('level', '')} {entry['message']}".strip()
    return line if len(line) <= TAIL_WIDTH else f"{line[: TAIL_WIDTH - 1]}…"


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log; says so when there are none."""
    text = log.read_text("utf-8", errors="replace") if log.is_file() else ""
    last = [_readable(line) for line in text.splitlines()[-lines:]]
    return "\n".join(f"  | {line}" for line in last or ["(the log is empty)"])


class Child:
    """A running child; made by :meth:`Children.start`."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = spec.name
        self.log = log
        self.ready: JsonObject = {}
        self._process = process
        # Unbuffered: when a child dies, the end of its log is read at once.
        self._sink = log.open("ab", buffering=0)
        self._pump: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its process group."""
        return self._process.pid

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def read_ready_line(self) -> None:
        """Reads up to the ready line, and lets the rest run into the log.

        Raises:
            ChildDiedError: It ended first.
        """
        while line := await self._stdout.readline():
            # Also before the ready line: what a child says while it fails to start is needed.
            self._sink.write(line)
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    self.ready = found
                    self._pump = asyncio.create_task(self._copy_output())
                    return
        await self._process.wait()
        raise self.death()

    @property
    def _stdout(self) -> asyncio.StreamReader:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it was started with a pipe
        return stdout

    async def _copy_output(self) -> None:
        while block := await self._stdout.read(LONGEST_LINE):
            self._sink.write(block)

    def death(self) -> ChildDiedError:
        """The error that says how it ended, with the end of its log."""
        return ChildDiedError(
            f"ended with exit code {self._process.returncode}; its log ends with\n{tail(self.log)}",
            subject=self.name,
            what_to_do=f"The whole log is {self.log}.",
        )

    async def stop(self, within_s: float) -> None:
        """Asks it to end, and ends it and everything it started if it does not."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            pass
        finally:
            # The group may outlive its leader: whatever is left of it ends now.
            self._signal(signal.SIGKILL)
            await self._process.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._pump or self._copy_output(), within_s)
        self._sink.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Children:
    """The children of one demo; leaving the context stops them, last started first.

    Args:
        logs: Folder of their logs.
        ready_within_s: Seconds each has for its ready line.
        stop_within_s: Seconds each has to end when asked to.
    """

    def __init__(
        self,
        logs: Path,
        *,
        ready_within_s: float = READY_WITHIN_S,
        stop_within_s: float = STOP_WITHIN_S,
    ) -> None:
        self._logs = logs
        self._ready_within_s = ready_within_s
        self._stop_within_s = stop_within_s
        self._children: list[Child] = []

    async def __aenter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Shielded: a second Ctrl-C must not leave half of them behind.
        await asyncio.shield(self._stop_all())

    async def _stop_all(self) -> None:
        # The host first: it finishes its calls to the others, which are still there.
        for child in reversed(self._children):
            await child.stop(self._stop_within_s)

    async def start(self, spec: ChildSpec) -> Child:
        """Starts a child and waits for its ready line.

        Raises:
            ChildDiedError: It, or a child started before, ended.
            NotReadyError: It did not get ready in time.
        """
        log = self._logs / f"{spec.name}.log"
        log.unlink(missing_ok=True)
        # Both ends append: standard error goes to the file directly, standard output through us.
        with log.open("ab") as complaints:
            process = await asyncio.create_subprocess_exec(
                *_guarded(spec.command),
                env={**os.environ, **spec.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaints,
                # Ctrl-C then goes to us alone, and one signal reaches all that a child started.
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        child = Child(spec, process, log)
        self._children.append(child)
        try:
            await asyncio.wait_for(
                self.unless_one_dies(child.read_ready_line()), self._ready_within_s
            )
        except TimeoutError as error:
            raise NotReadyError(
                f"not ready after {self._ready_within_s:g} s; its log ends with\n{tail(log)}",
                subject=spec.name,
                what_to_do=f"The whole log is {log}.",
            ) from error
        return child

    async def unless_one_dies[Result](self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of ``work``; it is cancelled as soon as a child ends.

        Raises:
            ChildDiedError: A child ended first.
        """
        task = asyncio.create_task(work)
        # Any child's death ends the wait: the demo would otherwise hang on one that cannot answer.
        deaths = {asyncio.create_task(child.wait()): child for child in self._children}
        try:
            await asyncio.wait({task, *deaths}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise next(child.death() for death, child in deaths.items() if death.done())
        finally:
            for one in (task, *deaths):
                one.cancel()
            await asyncio.gather(task, *deaths, return_exceptions=True)


async def run_in_foreground(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Runs a command on our own terminal; gives its exit code. Ends it when we are cancelled."""
    process = await asyncio.create_subprocess_exec(
        *_guarded(command), env={**os.environ, **environment}, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        return await process.wait()
    finally:
        await asyncio.shield(_leave_terminal(process))


async def _leave_terminal(process: asyncio.subprocess.Process) -> None:
    """Lets a client put the terminal right before it ends.

    Ctrl-C has reached it already, as it reaches everything on the terminal; a second interrupt
    would break into its cleaning up. Only one that was not interrupted is interrupted here.
    """
    for end_it in (process.send_signal, lambda _: process.kill()):
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), CLIENT_GRACE_S)
            return
        with suppress(ProcessLookupError):
            end_it(signal.SIGINT)
    await process.wait()
