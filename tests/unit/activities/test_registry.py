"""What every activity shares: plain JSON in and out, and an end within a known time."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from activities.registry import LONGEST_ACTIVITY_S, Activity, activity_shell
from adapters.ports import Ports
from domain.errors import OutcomeUnknownError
from local.host.time_spans import parse_time_span
from tests.fakes import fake_ports

ROOT = Path(__file__).parents[3]
TIME_TO_ANSWER_S = 30
"""Enough to give a failure back to the host and to record it."""


def _shell(body: Any, limit_s: float = LONGEST_ACTIVITY_S) -> Any:
    return activity_shell(Activity("read_thing", body, dict), fake_ports(), limit_s)


async def test_an_activity_that_hangs_fails_and_says_so() -> None:
    """In Azure the host would run it again without end, and the workflow never hear of it."""

    async def hang(_ports: Ports, _request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    # The outer bound is for the test alone, which would hang as well.
    async with asyncio.timeout(5):
        with pytest.raises(OutcomeUnknownError, match="read_thing: did not end within 0 minutes"):
            await _shell(hang, limit_s=0.0)({})


async def test_a_time_out_of_the_body_is_told_as_it_is() -> None:
    """What was slow is known there, and an activity that was given up is something else."""

    async def slow(_ports: Ports, _request: dict[str, Any]) -> dict[str, Any]:
        raise TimeoutError("the connection took too long")

    with pytest.raises(TimeoutError, match="the connection took too long"):
        await _shell(slow)({})


@pytest.mark.parametrize("file", ["host.json", "infra/host.scheduler.json"])
def test_an_activity_is_given_up_before_the_host_stops_its_worker(file: str) -> None:
    """A stopped worker takes down whatever else it does, and the activity begins anew."""
    settings = json.loads((ROOT / file).read_text(encoding="utf-8"))

    timeout = parse_time_span(settings["functionTimeout"])

    assert timeout.total_seconds() - LONGEST_ACTIVITY_S >= TIME_TO_ANSWER_S
