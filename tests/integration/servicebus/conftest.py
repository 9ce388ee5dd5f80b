"""A broker process for all tests, or whatever VAULTLIFT_SERVICEBUS_TEST points at.

The variable holds a connection string of a real namespace or the official emulator, with the queues
of :mod:`tests.integration.servicebus.queues_under_test`.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import pytest_asyncio

from tests.integration.servicebus.broker_process import BrokerProcess
from tests.integration.servicebus.bus import Target
from tests.integration.servicebus.crowd import Crowd
from tests.integration.servicebus.queues_under_test import (
    AZURES_BRIEFEST,
    LOCAL_SCALE,
    LOCALLY_BRIEF,
    RENEWED,
    QueuePool,
    make_config,
    seconds,
)

REMOTE = os.environ.get("VAULTLIFT_SERVICEBUS_TEST")

THREADS = 64
"""Enough for the blocking client not to wait for itself."""


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A broker of our own unless the environment names another."""
    if REMOTE:
        yield Target(REMOTE, QueuePool(), seconds(AZURES_BRIEFEST), seconds(RENEWED))
        return
    config = tmp_path_factory.mktemp("broker") / "config.json"
    config.write_text(json.dumps(make_config(LOCALLY_BRIEF, LOCAL_SCALE)))
    with BrokerProcess("--config", str(config)) as broker:
        yield Target(
            broker.connection_string,
            QueuePool(LOCAL_SCALE),
            seconds(LOCALLY_BRIEF),
            seconds(RENEWED),
            broker.admin_url,
        )


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def crowd(
    target: Target, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Crowd:
    """All selected behaviours, run."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    everybody = Crowd(target, tmp_path_factory.mktemp("tests"), request.session.items)
    await everybody.run()
    return everybody


@pytest.fixture
def outcome(crowd: Crowd, request: pytest.FixtureRequest) -> asyncio.Task[None]:
    """How this test's behaviour turns out."""
    return crowd.outcomes[request.node.nodeid]
