"""One start per vault (DESIGN rule 1) where evidence is in blobs and answers get lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from activities.starting import run_start_upgrade
from adapters.evidence_blob import EvidenceBlobs
from adapters.ports import EvidenceStore, Ports
from domain.steps import Run, StartKind, StartRequest
from tests.blob_service import (
    BlobService,
    Fault,
    answering,
    blob_service,
    blob_store,
    lose_the_answer,
)
from tests.fakes import FakeClassicVaults, FakeClock, classic_vault, fake_ports, upgrade_request

CALLS = 5
"""Requests to the blob service that a start makes where nothing is lost."""
BUSY = answering(503, "ServerBusy")


@pytest.fixture
async def service() -> AsyncIterator[BlobService]:
    """The blob service that all processes share."""
    async with blob_service() as running:
        yield running


@pytest.fixture
async def stores(service: BlobService) -> AsyncIterator[list[EvidenceBlobs]]:
    """The stores of two processes."""
    both = [blob_store(service.connection_string) for _ in range(2)]
    yield both
    for store in both:
        await store.aclose()


def _request(look_no: int = 1) -> StartRequest:
    run = Run(instance_id="upgrade-1", request=upgrade_request())
    return StartRequest(run=run, operation_id="ours-P", attempt=1, look_no=look_no, superseded=None)


def _processes(
    stores: Sequence[EvidenceStore],
) -> tuple[list[Ports], FakeClassicVaults, FakeClock]:
    clock = FakeClock()
    classic = FakeClassicVaults(classic_vault(), clock=clock)
    return (
        [fake_ports(classic=classic, clock=clock, evidence=one) for one in stores],
        classic,
        clock,
    )


async def test_the_calls_are_all_a_start_makes(
    service: BlobService, stores: list[EvidenceBlobs]
) -> None:
    """The number of calls that the test below loses one by one is the number there is."""
    (ports, _), _, _ = _processes(stores)

    await run_start_upgrade(ports, _request())

    assert CALLS == len(service.asked)


@pytest.mark.parametrize("fault", [lose_the_answer, BUSY], ids=["lost", "busy"])
@pytest.mark.parametrize("call", range(CALLS))
async def test_a_start_survives_any_lost_answer(
    service: BlobService, stores: list[EvidenceBlobs], fault: Fault, call: int
) -> None:
    """Whichever request to the store fails, the upgrade is started, at once, and once."""
    (ports, _), classic, _ = _processes(stores)
    service.faults = [*[None] * call, fault]

    answer = await run_start_upgrade(ports, _request())

    assert (StartKind.STARTED, ["ours-P"]) == (answer.kind, classic.started)
    assert [] == service.faults


class Meeting:
    """A store that lets nobody on before both processes have seen which markers there are."""

    def __init__(self, store: EvidenceStore, barrier: asyncio.Barrier) -> None:
        self.create = store.create
        self.read = store.read
        self._store = store
        self._barrier = barrier

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        keys = await self._store.list_keys(prefix)
        await self._barrier.wait()
        return keys


@pytest.mark.parametrize("fault", [None, lose_the_answer], ids=["well", "lost"])
async def test_two_processes_that_want_to_send_at_once_send_once(
    service: BlobService, stores: list[EvidenceBlobs], fault: Fault | None
) -> None:
    """Both find no marker, both put the same words, answers get lost: one start is sent."""
    barrier = asyncio.Barrier(2)
    both, classic, _ = _processes([Meeting(store, barrier) for store in stores])
    # Two intents are put and one of them is read, two lists are made; then come the markers.
    service.faults = [None] * 5 + [fault, fault]

    answers = await asyncio.gather(*(run_start_upgrade(ports, _request()) for ports in both))

    # Counted by what was sent: the service would refuse a second start, but must not be asked to.
    assert 1 == classic.count("start_upgrade")
    assert {StartKind.STARTED, StartKind.WAIT} == {answer.kind for answer in answers}
