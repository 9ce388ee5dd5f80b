"""Drives the official worker runtime in this process; nothing else here touches it.

``azure_functions_runtime`` is what Azure itself runs Python >= 3.13 apps on, so an app is indexed,
bound and refused here exactly as there (durable-2x 3). It keeps its registry in module globals:
one app per process.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure_functions_runtime as worker  # type: ignore[import-untyped]
from azure_functions_runtime import handle_event

from .failures import split_worker_exception
from .functions import AppLoadError, Failure, Function, InvocationResult
from .logs import STACK, InvocationScope, invocation_scope
from .messages import StatusResult, TypedData, init_request, invocation_request
from .support import refuse_streams
from .time_spans import format_time_span

_log = logging.getLogger("Host.Function")

PACKAGES = Path(".python_packages/lib/site-packages")
"""Where deployed apps carry their dependencies."""


def current_invocation_id() -> str | None:
    """The invocation whose synchronous function the calling thread runs, if any."""
    invocation_id: str | None = worker.invocation_id_cv.get()
    return invocation_id


class Runtime:
    """A loaded app, ready to be invoked.

    Args:
        timeout: How long an invocation may take (``functionTimeout``); None: no limit. A coroutine
            is cancelled then; a thread cannot be, so a synchronous function only loses its result.
    """

    def __init__(self, timeout: timedelta | None = None) -> None:
        self._timeout = timeout
        self._timeout_s = None if timeout is None else timeout.total_seconds()
        self._in_flight: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def in_flight(self) -> int:
        """How many invocations run now."""
        return len(self._in_flight)

    async def wait_idle(self) -> None:
        """Returns once no invocation runs."""
        await self._idle.wait()

    async def invoke(
        self,
        function: Function,
        inputs: Mapping[str, TypedData],
        *,
        trigger_metadata: Mapping[str, TypedData] | None = None,
        instance_id: str | None = None,
        reason: str = "",
    ) -> InvocationResult:
        """Runs a function once. A failure of user code is a result, not an exception.

        Args:
            function: The function.
            inputs: A value per input parameter.
            trigger_metadata: What the trigger tells beside its value.
            instance_id: The orchestration it runs for; goes into the log lines.
            reason: Why it runs, for the log.
        """
        with self._invocation(function, instance_id) as scope:
            return await self._run(function, scope, inputs, trigger_metadata or {}, reason)

    async def run_code[T](
        self, function: Function, code: Callable[[], T], *, instance_id: str | None
    ) -> T:
        """Runs code of the app that is not called through its function, as an invocation of it.

        It gets one of the threads for synchronous functions; log lines are those of any
        invocation.

        Raises:
            TimeoutError: It takes longer than functions may; it goes on in its thread.
            RuntimeError: The code raises what is no Exception, such as SystemExit.
            Exception: What else the code raises.
        """
        with self._invocation(function, instance_id) as scope:
            started = time.perf_counter()
            result = InvocationResult(invocation_id=scope.invocation_id)
            loop = asyncio.get_running_loop()
            pool = worker.get_threadpool_executor()
            try:
                async with asyncio.timeout(self._timeout_s):
                    # With the context, which run_in_executor leaves behind: log lines find their
                    # invocation by it.
                    return await loop.run_in_executor(pool, copy_context().run, code)
            except BaseException as error:
                result = _to_failed(scope, error)
                if isinstance(error, Exception) or _is_ours(error):
                    raise
                # Not as it is: let through, SystemExit would end the whole host.
                raise RuntimeError(str(result.failure)) from error
            finally:
                _log_end(function, result, time.perf_counter() - started)

    @contextlib.contextmanager
    def _invocation(self, function: Function, instance_id: str | None) -> Iterator[InvocationScope]:
        # The id is made here, since log lines of worker threads are matched by it.
        scope = InvocationScope(
            function=function.name, invocation_id=str(uuid.uuid4()), instance_id=instance_id
        )
        self._in_flight.add(scope.invocation_id)
        # Before the first await, or a stop in between would not see this invocation.
        self._idle.clear()
        try:
            with invocation_scope(scope):
                yield scope
        finally:
            self._in_flight.discard(scope.invocation_id)
            if not self._in_flight:
                self._idle.set()

    async def _run(
        self,
        function: Function,
        scope: InvocationScope,
        inputs: Mapping[str, TypedData],
        trigger_metadata: Mapping[str, TypedData],
        reason: str,
    ) -> InvocationResult:
        request = invocation_request(
            scope.invocation_id, function.function_id, inputs, trigger_metadata, new_traceparent()
        )
        _log.debug("Executing %s%s", function.name, f" ({reason})" if reason else "")
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await worker.invocation_request(request)
        except TimeoutError:
            # Ours only: a TimeoutError of user code, as all it raises, comes back as an answer.
            result = self._timed_out(function, scope)
        # The worker answers for an Exception only. What else code raises ends Azure's worker
        # process; here it would end the host, or a trigger that nobody starts again.
        except BaseException as error:
            if _is_ours(error):
                raise
            result = _to_failed(scope, error)
        else:
            result = _to_result(scope.invocation_id, response)
        _log_end(function, result, time.perf_counter() - started)
        return result

    def _timed_out(self, function: Function, scope: InvocationScope) -> InvocationResult:
        limit = format_time_span(self._timeout or timedelta())
        failure = Failure(
            error_type="FunctionTimeoutException",
            message=f"Timeout value of {limit} was exceeded by function: {function.name}",
            stack_trace="",
        )
        return InvocationResult(
            invocation_id=scope.invocation_id, failure=failure, has_timed_out=True
        )


async def load_app(app_directory: Path) -> list[Function]:
    """Loads and indexes the app of a folder.

    Raises:
        AppLoadError: The app cannot be imported or indexed; the message is the runtime's own.
    """
    _put_on_path(app_directory)
    # Its size is PYTHON_THREADPOOL_THREAD_COUNT, read by the worker itself (durable-2x 2).
    worker.start_threadpool_executor()
    request = init_request(str(app_directory))
    try:
        response = await worker.worker_init_request(request)
    # Let through, sys.exit() would end the host without a word, and with the app's exit code.
    except (SystemExit, KeyboardInterrupt) as left:
        raise AppLoadError(f"the app ends the process while it is imported: {left!r}") from left
    # The runtime's own words: they are what would be read in Azure's log.
    if response.result.status != StatusResult.Success:
        error = response.result.exception
        message = error.message + _import_hint(error.message, app_directory)
        raise AppLoadError(message, stack_trace=error.stack_trace or "")
    refuse_streams(response.capabilities)
    indexed = (await worker.functions_metadata_request(request)).function_metadata_results
    if not indexed:
        raise AppLoadError(f"no functions found: {_why_none(app_directory)}")
    return [_to_function(metadata) for metadata in indexed]


def _import_hint(message: str, app_directory: Path) -> str:
    # Azure installs requirements.txt when an app is deployed; here nobody has done so.
    if not message.startswith(("ModuleNotFoundError", "ImportError")):
        return ""
    # Ours is imported before the app, and runs it: it cannot make way as our other packages do.
    if re.search(r"'local[.']", message):
        return ". A module of an app cannot be named 'local' here: that is the host's own name"
    target = app_directory / PACKAGES
    return f". To install what the app needs: pip install --target {target} -r requirements.txt"


def _why_none(app_directory: Path) -> str:
    script = os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if (app_directory / script).exists():
        return f"{app_directory / script} registers none"
    described = sorted(app_directory.glob("*/function.json"))
    if not described:
        return f"{app_directory} has no {script}"
    return (
        f"{app_directory} has no {script}, and functions described by a function.json, as "
        f"{described[0].relative_to(app_directory)}, do not run here: register them in {script}"
    )


def code_of(function: Function) -> Callable[..., Any]:
    """The Python function that the runtime calls for a function of the app."""
    info = handle_event._functions.get_function(function.function_id)  # noqa: SLF001, no public way
    code: Callable[..., Any] = info.func
    return code


def unload() -> None:
    """Lets the threads that run synchronous functions end, once each is done with its own."""
    # The runtime's own way waits for them, and a function that hangs would never let it return.
    pool = worker.get_threadpool_executor()
    if pool is not None:
        pool.shutdown(wait=False)


def new_traceparent() -> str:
    """A fresh W3C trace context: every invocation is a trace of its own here."""
    ids = secrets.token_hex(24)
    # Flag 00, not sampled: nobody collects traces here.
    return f"00-{ids[:32]}-{ids[32:]}-00"


def _put_on_path(app_directory: Path) -> None:
    # The app's folder is put in last, so it stands first: its modules win over its packages.
    for folder in (app_directory / PACKAGES, app_directory):
        if folder.is_dir():
            sys.path.insert(0, str(folder))
    _forget_shadowed_modules(app_directory)


def _forget_shadowed_modules(app_directory: Path) -> None:
    """Lets an app have packages named like ours: what the host imported must not answer for it."""
    for name in [one for one in sys.modules if _is_shadowed(one.partition(".")[0], app_directory)]:
        del sys.modules[name]


def _is_shadowed(top_name: str, app_directory: Path) -> bool:
    origin = getattr(sys.modules.get(top_name), "__file__", None)
    own_root = Path(__file__).resolve().parents[2]
    # Never "local" itself, which is running this line.
    if top_name == __name__.partition(".")[0] or origin is None:
        return False
    if Path(origin).resolve().parent.parent != own_root:
        return False
    theirs = (app_directory / f"{top_name}.py", app_directory / top_name / "__init__.py")
    return any(path.exists() and path.resolve() != Path(origin).resolve() for path in theirs)


def _to_function(metadata: Any) -> Function:
    bindings = [json.loads(raw) for raw in metadata.raw_bindings]
    # By the end of the type: extensions bring triggers this host does not know.
    triggers = [one for one in bindings if str(one["type"]).lower().endswith("trigger")]
    if len(triggers) != 1:
        raise AppLoadError(f"function {metadata.name} has {len(triggers)} triggers, not one")
    return Function(
        name=metadata.name,
        function_id=metadata.function_id,
        script_file=metadata.script_file,
        trigger=triggers[0],
        bindings=bindings,
        has_retry_policy=metadata.retry_options is not None,
    )


def _to_result(invocation_id: str, response: Any) -> InvocationResult:
    if response.result.status == StatusResult.Success:
        outputs = {one.name: one.data for one in response.output_data or ()}
        return InvocationResult(
            invocation_id=invocation_id, return_value=response.return_value, outputs=outputs
        )
    error = response.result.exception
    failure = split_worker_exception(error.message, error.stack_trace or "")
    return InvocationResult(invocation_id=invocation_id, failure=failure)


def _is_ours(error: BaseException) -> bool:
    """Whether it is the host that ends the invocation, rather than the app's code."""
    # Code can raise CancelledError too; only the host has asked this very task to end.
    task = asyncio.current_task()
    is_asked = task is not None and task.cancelling() > 0
    return isinstance(error, GeneratorExit) or (
        isinstance(error, asyncio.CancelledError) and is_asked
    )


def _to_failed(scope: InvocationScope, error: BaseException) -> InvocationResult:
    failure = Failure(
        error_type=type(error).__name__,
        message=str(error),
        stack_trace="".join(traceback.format_exception(error)),
    )
    return InvocationResult(invocation_id=scope.invocation_id, failure=failure)


def _log_end(function: Function, result: InvocationResult, duration_s: float) -> None:
    if result.failure is None:
        _log.info("Executed %s (Succeeded, %.0f ms)", function.name, duration_s * 1000)
    else:
        _log.error(
            "Executed %s (Failed, %.0f ms): %s",
            function.name,
            duration_s * 1000,
            result.failure,
            extra={STACK: result.failure.stack_trace},
        )
