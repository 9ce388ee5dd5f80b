"""Random workflows give the same with SIGKILLs as without."""

import json
import os
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from durabletask.client import TaskHubGrpcClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.taskhub import specs
from tests.integration.taskhub.running import QUIET

REPOSITORY = Path(__file__).parents[3]

_DEADLINE_S = 60.0

requests = st.lists(
    st.builds(dict, value=st.integers(0, 1000), trees=specs.workflows), min_size=4, max_size=8
)


MODES = st.sampled_from(["hot", "replay"])


class Victim:
    """A host process on one file and port that is killed and started again."""

    def __init__(self, path: Path, mode: str, dice: random.Random) -> None:
        self.path = path
        self.mode = mode
        self.dice = dice
        self.port = "0"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.integration.taskhub.crash_host"]
        self.process = subprocess.Popen(
            [*command, str(self.path), self.port, self.mode],
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )
        self.address = self.process.stdout.readline().strip()
        self.port = self.address.rpartition(":")[2]

    def kill_and_restart(self) -> None:
        time.sleep(self.dice.uniform(0.0, 0.25))
        self.close()
        self.start()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def insist(call):
    """Repeats a call while the host is down; a start that took effect before counts."""
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.ALREADY_EXISTS:
                return None
            if error.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}:
                raise
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def start(client, name, request):
    """Starts a workflow and raises all its events, early."""
    # A workflow may have ended before its start was acknowledged: it must not run anew.
    if insist(lambda: client.get_orchestration_state(name)) is None:
        insist(
            lambda: client.schedule_new_orchestration(
                "run_workflow", instance_id=name, input=request
            )
        )
    for event in specs.events_of(request):
        insist(lambda event=event: client.raise_orchestration_event(name, event, data=1000))


def outputs_after(folder, wanted, mode, kills, seed):
    """Runs workflows in a host that is killed so many times, and gives their outputs."""
    dice = random.Random(seed)  # noqa: S311 (a seed must give the same kills again)
    victim = Victim(folder / f"hub-{time.monotonic_ns()}.sqlite", mode, dice)
    with closing(victim), TaskHubGrpcClient(host_address=victim.address, logger=QUIET) as client:
        moments = victim.dice.choices(range(len(wanted)), k=kills)
        for number, request in enumerate(wanted):
            start(client, f"w{number}", request)
            for _ in range(moments.count(number)):
                victim.kill_and_restart()
        states = [
            insist(lambda name=f"w{number}": client.wait_for_orchestration_completion(name))
            for number in range(len(wanted))
        ]
    return [None if state is None else json.loads(state.serialized_output) for state in states]


def check(folder, wanted, mode, kills, seed):
    """Runs workflows under fire and compares with what they give on paper."""
    outputs = outputs_after(folder, wanted, mode, kills, seed)

    assert [specs.expected(request) for request in wanted] == outputs


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=requests, mode=MODES, seed=st.integers(0, 2**32))
def test_killing_the_host_changes_no_result(tmp_path, mode, wanted, seed):
    """Two SIGKILLs at random moments: every workflow ends as it would have without."""
    check(tmp_path, wanted, mode, 2, seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=requests, mode=MODES, kills=st.integers(0, 8), seed=st.integers(0, 2**32))
def test_killing_the_host_often_changes_no_result(tmp_path, mode, wanted, kills, seed):
    """The same for a long time, with up to eight kills."""
    check(tmp_path, wanted, mode, kills, seed)
