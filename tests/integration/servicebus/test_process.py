"""The broker as a process: start, stop, administration."""

import asyncio
import gc
import json
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusError

from tests.integration.servicebus.administration import Admin
from tests.integration.servicebus.broker_process import ROOT, STOP_WITHIN_S, BrokerProcess
from tests.integration.servicebus.queues_under_test import (
    AZURES_BRIEFEST,
    EMULATORS_MOST,
    make_config,
)

CONFIG = ROOT / "local" / "servicebus" / "config.json"


@pytest.fixture(scope="module")
def broker():
    """The broker with the app's own queues."""
    with BrokerProcess("--config", str(CONFIG)) as running:
        yield running


@pytest.fixture
def admin(broker: BrokerProcess) -> Admin:
    """Its administration."""
    return Admin(broker.admin_url)


def run_until_exit(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a broker that is expected to refuse to start."""
    return subprocess.run(
        [sys.executable, "-m", "local.servicebus", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=STOP_WITHIN_S,
        check=False,
    )


async def send(broker: BrokerProcess, queue: str, message: ServiceBusMessage) -> None:
    """Sends one message."""
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with client, client.get_queue_sender(queue) as sender:
        await sender.send_messages(message)


def test_queues_under_test_fit_the_official_emulator():
    """The tests can be pointed at it, so it must be able to hold their queues."""
    (namespace,) = make_config(AZURES_BRIEFEST)["UserConfig"]["Namespaces"]

    assert len(namespace["Queues"]) <= EMULATORS_MOST


async def test_health_answers(admin: Admin):
    """A serving broker says that it is healthy."""
    assert (200, {"status": "healthy", "connections": 0}) == await admin.call("GET", "/health")


async def test_entities_are_the_queues_of_the_app(admin: Admin):
    """The shipped configuration has the app's two queues."""
    _status, entities = await admin.call("GET", "/entities")

    assert {"vault-upgrades", "vault-upgrades-rejected"} == set(entities)


async def test_reset_forgets_messages_and_duplicates(broker: BrokerProcess, admin: Admin):
    """After a reset the same message can be sent as if for the first time."""
    message = {"session_id": "s", "message_id": "m"}
    await send(broker, "vault-upgrades", ServiceBusMessage("a", **message))
    assert 1 == (await admin.describe("vault-upgrades"))["active"]

    await admin.call("POST", "/reset")

    assert 0 == (await admin.describe("vault-upgrades"))["active"]
    await send(broker, "vault-upgrades", ServiceBusMessage("a", **message))
    assert {"sent": 1} == (await admin.describe("vault-upgrades"))["sinceStart"]


async def test_malformed_fault_is_refused(admin: Admin):
    """A fault with an unknown field is answered with 400 and plans nothing."""
    status, answer = await admin.call("POST", "/faults", [{"opration": "send"}])

    assert (400, "InvalidInput") == (status, answer["error"]["code"])
    assert (200, []) == await admin.call("GET", "/faults")


async def test_faults_can_be_cancelled(admin: Admin):
    """Planned faults are listed until they are cancelled."""
    await admin.plan(operation="send", entity="vault-upgrades")
    assert 1 == await admin.faults_left("vault-upgrades")

    await admin.call("DELETE", "/faults")

    assert 0 == await admin.faults_left("vault-upgrades")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_cleanly(tmp_path: Path, number: signal.Signals):
    """The process ends with 0, and its database is whole in one file."""
    database = tmp_path / "broker.sqlite"
    with BrokerProcess("--config", str(CONFIG), "--db", str(database)) as running:
        running.process.send_signal(number)

        assert 0 == running.process.wait(STOP_WITHIN_S)
    assert [database] == list(tmp_path.iterdir())


def test_bad_configuration_is_explained(tmp_path: Path):
    """Exit code 1, with the field and what it may be on standard error."""
    config = tmp_path / "config.json"
    queue = {"Name": "q", "Properties": {"MaxDeliveryCount": 0}}
    namespace = {"Name": "n", "Queues": [queue]}
    config.write_text(json.dumps({"UserConfig": {"Namespaces": [namespace]}}))

    ended = run_until_exit("--config", str(config))

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "MaxDeliveryCount: Input should be greater than or equal to 1" in ended.stderr


def test_taken_port_is_explained(broker: BrokerProcess):
    """Exit code 1 when the port belongs to somebody else."""
    ended = run_until_exit("--config", str(CONFIG), "--port", str(broker.ready["port"]))

    assert 1 == ended.returncode
    assert "address already in use" in ended.stderr


def test_second_broker_on_one_database_is_refused(tmp_path: Path):
    """Two brokers cannot share a database: each would think it had every message."""
    arguments = ("--config", str(CONFIG), "--db", str(tmp_path / "broker.sqlite"))
    with BrokerProcess(*arguments):
        ended = run_until_exit(*arguments, "--port", "0")

    assert 1 == ended.returncode
    assert "database is locked" in ended.stderr


def test_stranger_protocol_is_answered_with_ours(broker: BrokerProcess):
    """A client that does not speak AMQP is told what is spoken here and shown out."""
    with socket.create_connection(("127.0.0.1", broker.ready["port"]), timeout=5) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")

        assert b"AMQP\x00\x01\x00\x00" == stranger.recv(100)
        assert b"" == stranger.recv(100)


# The client leaves the socket of a connection that broke to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process, as on Linux")
def test_full_disk_ends_the_broker_with_a_reason(tmp_path):
    """It cannot keep what it would say: it goes, and its clients find nobody."""
    with BrokerProcess("--config", str(CONFIG), "--db", str(tmp_path / "broker.sqlite")) as broker:
        resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        message = ServiceBusMessage("a", session_id="s")
        with pytest.raises(ServiceBusError):
            asyncio.run(send(broker, "vault-upgrades", message))
        # The client leaves the socket of a broker that died to the collector: it goes here, where
        # that is expected, and not in the middle of another test.
        gc.collect()

        assert 1 == broker.process.wait(STOP_WITHIN_S)
