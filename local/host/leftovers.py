"""Threads of an app that go on when everything else has ended.

Nobody can stop a thread from outside, and Python does not end before its threads do: one
synchronous function that waits for an answer for ever would keep a stopped host alive for ever.
"""

import asyncio
import threading
import time
import warnings
from typing import cast

_WAITS_FOR_OTHERS = "_do_shutdown"
"""In the name of asyncio's own thread that waits for the threads of its executor."""


async def threads_left(grace_s: float) -> list[str]:
    """The names of threads that would keep the process from ending, after a last wait.

    Args:
        grace_s: Real seconds that they are given to end.
    """
    deadline = time.monotonic() + grace_s
    loop = cast("asyncio.BaseEventLoop", asyncio.get_running_loop())
    with warnings.catch_warnings():
        # That some did not end in time is what the answer says.
        warnings.simplefilter("ignore", RuntimeWarning)
        await loop.shutdown_default_executor(grace_s)
    threads = _holding_up()
    # Not as a task: nothing is left that the loop could do meanwhile.
    for one in threads:
        one.join(max(0.0, deadline - time.monotonic()))
    return [one.name for one in threads if one.is_alive()]


def _holding_up() -> list[threading.Thread]:
    # Daemons are ended by Python; they hold nothing up.
    return [
        one
        for one in threading.enumerate()
        if not (one.daemon or one is threading.main_thread() or _WAITS_FOR_OTHERS in one.name)
    ]
