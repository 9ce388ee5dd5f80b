"""The parts of the runtime driver that need no app."""

import re

from local.host.runtime import Runtime, current_invocation_id, new_traceparent


def test_every_invocation_has_a_trace_of_its_own():
    """In W3C form, never twice the same."""
    traces = {new_traceparent() for _ in range(20)}

    assert len(traces) == 20
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", one) for one in traces)


def test_outside_an_invocation_there_is_no_id():
    """The host's own threads run none."""
    assert current_invocation_id() is None


async def test_a_runtime_without_invocations_is_idle():
    """Waiting for it ends at once."""
    runtime = Runtime()
    await runtime.wait_idle()

    assert runtime.in_flight == 0
