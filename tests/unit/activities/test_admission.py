"""Waiting vaults are started in order, once, whatever is killed."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from activities.admission import MOST_PER_CALL, run_admit_waiting, run_look_at_admitted
from adapters.ports import Ports, UpgradeRun
from domain.admission import AdmitAnswer, AdmitRequest, Admitted, AdmittedLook, entry_key
from domain.codec import to_json
from domain.errors import EvidenceError
from domain.requests import Slot, UpgradeRequest
from domain.upgrade import RunState
from domain.vaults import ClassicVaultRef
from orchestrators import names
from tests.fakes import NOON, MemoryEvidence, classic_ref, fake_ports, upgrade_request
from tests.kill_points import Killed, KillSwitch, Mortal, mortal


class FakeRuns:
    """Runs in a dictionary: begins those that are missing."""

    def __init__(self) -> None:
        self.runs: dict[str, UpgradeRun] = {}
        self.begun: list[UpgradeRequest] = []

    async def read(self, vault: ClassicVaultRef) -> UpgradeRun | None:
        """The vault's run."""
        return self.runs.get(vault.key)

    async def start(self, request: UpgradeRequest) -> bool:
        """Begins a run unless there is one."""
        if request.vault.key in self.runs:
            return False
        self.put(request.vault, request.request_id, slot=request.slot)
        self.begun.append(request)
        return True

    def put(
        self,
        vault: ClassicVaultRef,
        request_id: str,
        state: RunState = RunState.UPGRADING,
        *,
        is_ended: bool = False,
        slot: Slot | None = None,
    ) -> None:
        """Makes a run as it stands."""
        self.runs[vault.key] = UpgradeRun(
            request_id=request_id, slot=slot, state=state, is_ended=is_ended, updated_at=NOON
        )


class Line:
    """So many vaults wait."""

    def __init__(self, count: int) -> None:
        self.evidence, self.runs = MemoryEvidence(), FakeRuns()
        self.ports = fake_ports(evidence=self.evidence)
        self.requests = [upgrade_request(classic_ref(f"vault-{one:03d}")) for one in range(count)]
        for number, request in enumerate(self.requests, start=1):
            document = {"data": {"request": to_json(request)}}
            self.evidence.documents[entry_key(number, request)] = document

    async def admit(
        self, limit: int, batch_id: str = "b", ports: Ports | None = None, runs: object = None
    ) -> AdmitAnswer:
        """Starts the next vaults."""
        request = AdmitRequest(batch_id=batch_id, blocks=(0,), must_search=False, limit=limit)
        return await run_admit_waiting(ports or self.ports, runs or self.runs, request)

    @property
    def begun(self) -> list[str]:
        """The vaults whose runs were begun."""
        return [request.vault.name for request in self.runs.begun]


async def test_the_longest_waiting_are_started_first() -> None:
    """As many as slots are free, and the answer says what is left."""
    line = Line(3)
    answer = await line.admit(2)

    assert ["vault-000", "vault-001"] == line.begun
    assert ([1, 2], (0,), 1) == (
        [one.position for one in answer.admitted],
        answer.blocks,
        answer.waiting,
    )


async def test_a_started_vault_reports_to_admission() -> None:
    """Its request carries the slot it takes."""
    line = Line(1)
    await line.admit(1)

    slot = line.runs.begun[0].slot
    assert slot is not None
    assert (names.ADMISSION_ID, 1) == (slot.holder, slot.position)


async def test_nothing_is_started_twice() -> None:
    """The next call finds only what still waits."""
    line = Line(2)
    await line.admit(1, "first")
    answer = await line.admit(5, "second")

    assert ["vault-000", "vault-001"] == line.begun
    assert ([2], ()) == ([one.position for one in answer.admitted], answer.blocks)


async def test_a_vault_that_runs_already_is_joined_and_takes_no_slot() -> None:
    """It is paced by whoever began it."""
    line = Line(1)
    line.runs.put(line.requests[0].vault, "somebody-else")
    answer = await line.admit(1)

    assert ((), 0) == (answer.admitted, answer.waiting)


async def test_a_message_sent_twice_takes_one_slot() -> None:
    """The second finds the run of the first, which reports to the first one's slot."""
    line = Line(1)
    line.evidence.documents[entry_key(2, line.requests[0])] = {
        "data": {"request": to_json(line.requests[0])}
    }
    answer = await line.admit(5)

    assert [1] == [one.position for one in answer.admitted]


async def test_no_call_takes_more_than_its_share() -> None:
    """A thousand free slots are filled in several calls."""
    line = Line(MOST_PER_CALL + 5)
    answer = await line.admit(1_000)

    assert (MOST_PER_CALL, 5) == (len(answer.admitted), answer.waiting)


async def test_a_search_finds_every_folder() -> None:
    """For an admission that knows nothing yet."""
    line = Line(1)
    far = replace(upgrade_request(classic_ref("far")), request_id="r9")
    line.evidence.documents[entry_key(99_999, far)] = {"data": {"request": to_json(far)}}
    request = AdmitRequest(batch_id="b", blocks=(), must_search=True, limit=9)
    answer = await run_admit_waiting(line.ports, line.runs, request)

    assert [1, 99_999] == [one.position for one in answer.admitted]


@pytest.mark.parametrize(
    "document",
    [{"data": {"request": {"vault": "of another version"}}}, {"data": {}}, {"data": None}, None],
    ids=["another version", "no request", "no data", "deleted"],
)
async def test_an_entry_that_cannot_be_read_holds_up_nobody(document: Any) -> None:
    """It is passed over and goes on waiting; its folder is not looked at again at once."""
    line = Line(2)
    line.evidence.documents[entry_key(1, line.requests[0])] = document
    answer = await line.admit(1)

    assert ([2], (), 1) == (
        [one.position for one in answer.admitted],
        answer.blocks,
        answer.waiting,
    )


async def test_a_store_that_is_away_passes_over_nobody() -> None:
    """Then nothing is known of any entry, and the call is made again."""
    line = Line(2)
    line.evidence.fail("read", EvidenceError("away"))

    with pytest.raises(EvidenceError, match="away"):
        await line.admit(1)


async def test_killed_anywhere_it_counts_every_run_it_began() -> None:
    """Made again with the same batch, a call gives every vault in flight, and starts none twice."""
    for kill_at in itertools.count(1):
        line = Line(3)
        switch = KillSwitch(kill_at=kill_at)
        try:
            await line.admit(2, ports=mortal(line.ports, switch), runs=Mortal(line.runs, switch))
        except Killed:
            answer = await line.admit(2)
        else:
            break
        assert [1, 2] == [one.position for one in answer.admitted]
        assert ["vault-000", "vault-001"] == sorted(line.begun)
    assert 10 < kill_at


@pytest.mark.parametrize(
    ("state", "is_ended", "is_free"),
    [
        (RunState.UPGRADING, False, False),
        (RunState.PROVING, False, True),
        (RunState.CLOSED, True, True),
        (None, True, True),
    ],
)
async def test_a_look_finds_the_slots_that_are_free(
    state: RunState | None, *, is_ended: bool, is_free: bool
) -> None:
    """A run that proves, has ended or is gone takes none."""
    line = Line(1)
    vault = line.requests[0].vault
    if state is not None:
        line.runs.put(vault, "request-1", state, is_ended=is_ended)
    in_flight = (Admitted(position=1, request_id="request-1", vault=vault),)
    answer = await run_look_at_admitted(line.ports, line.runs, AdmittedLook(in_flight=in_flight))

    assert (in_flight if is_free else ()) == answer.free
