"""Admission: start the vaults that have waited longest, and look after those in flight."""

import asyncio
import logging
from dataclasses import replace

from pydantic import ValidationError

from adapters.ports import Ports, UpgradeRuns
from domain.admission import (
    BATCHES,
    PREFIX,
    AdmitAnswer,
    AdmitRequest,
    Admitted,
    AdmittedAnswer,
    AdmittedLook,
    block_of,
    block_prefix,
    position_of,
    taken_key,
    waiting_keys,
)
from domain.codec import JsonObject, from_json
from domain.errors import EvidenceError
from domain.requests import Slot, UpgradeRequest
from domain.upgrade import RunState
from orchestrators import names

_LOG = logging.getLogger("vaultlift.activities.admission")

MOST_PER_CALL = 100
"""Entries taken by one call, so that no call takes minutes."""

AT_A_TIME = 10
"""Runs begun at once: what takes long is waiting for the task hub and the disk."""


async def run_admit_waiting(ports: Ports, runs: UpgradeRuns, request: AdmitRequest) -> AdmitAnswer:
    """Starts the next vaults in the order of arrival; doing it again starts nothing twice.

    Raises:
        EvidenceError: The store cannot be read.
    """
    waiting = await _list_waiting(ports, request)
    unreadable: set[str] = set()
    keys = await _choose(ports, request, waiting, unreadable)
    turn = asyncio.Semaphore(AT_A_TIME)

    async def start_in_turn(key: str) -> Admitted | None:
        async with turn:
            return await _start(ports, runs, key)

    # One that raises fails the whole call, and the call made again finds the same batch: what was
    # begun already is joined then, and counted.
    started = await asyncio.gather(*(start_in_turn(key) for key in keys))
    # From the same listing: an entry that came in between brings its own arrival.
    left = [key for key in waiting if key not in keys]
    # Nothing can be started from what cannot be read: its folder is looked at again with the next
    # arrival, and not at once.
    blocks = dict.fromkeys(block_of(position_of(key)) for key in left if key not in unreadable)
    return AdmitAnswer(
        admitted=tuple(one for one in started if one is not None),
        blocks=tuple(blocks),
        waiting=len(left),
    )


async def _start(ports: Ports, runs: UpgradeRuns, key: str) -> Admitted | None:
    """Starts the run of one entry; None where it takes no slot of ours."""
    one = await _read_entry(ports, key)
    if one is None:
        raise EvidenceError("was chosen, and cannot be read any more", subject=key)
    is_ours = has_begun = await runs.start(one)
    if not has_begun:
        # Begun by an earlier try of this call, unless it holds another slot or none.
        run = await runs.read(one.vault)
        is_ours = run is not None and run.slot == one.slot and not run.is_ended
    # Begun first and noted after: a crash in between finds the run there and joins it.
    await ports.evidence.create(taken_key(key), _taken(has_begun=has_begun, is_ours=is_ours))
    if not is_ours:
        return None
    return Admitted(position=position_of(key), request_id=one.request_id, vault=one.vault)


async def _choose(
    ports: Ports, request: AdmitRequest, waiting: list[str], unreadable: set[str]
) -> list[str]:
    """The entries of this call: written down before anything is started.

    A call that was cut off half-way would otherwise leave runs that nobody counts. Entries that
    cannot be read are passed over, and put into ``unreadable``.
    """
    keys: list[str] = []
    for key in waiting:
        if len(keys) == min(request.limit, MOST_PER_CALL):
            break
        if await _read_entry(ports, key) is None:
            # Of another version of the app, or deleted by hand: it must not keep all behind it
            # waiting for ever. A store that is away fails the call.
            _LOG.error("%s holds no request that can be read; it is passed over", key)
            unreadable.add(key)
        else:
            keys.append(key)
    if not keys:
        # Nothing is started, unless an earlier try of this call had chosen something.
        kept = await ports.evidence.read(_batch_key(request))
    else:
        kept = (await ports.evidence.create(_batch_key(request), {"keys": keys})).document
    return list(kept["keys"]) if kept else []


def _batch_key(request: AdmitRequest) -> str:
    return f"{BATCHES}/{request.batch_id}.json"


async def _list_waiting(ports: Ports, request: AdmitRequest) -> list[str]:
    if request.must_search:
        return waiting_keys(await ports.evidence.list_keys(PREFIX))
    return [
        key
        for block in request.blocks
        for key in waiting_keys(await ports.evidence.list_keys(block_prefix(block)))
    ]


async def _read_entry(ports: Ports, key: str) -> UpgradeRequest | None:
    """The request of one entry; None where it is gone or holds none."""
    document = await ports.evidence.read(key)
    try:
        request = from_json(UpgradeRequest, document["data"]["request"]) if document else None
    except (KeyError, TypeError, ValidationError):
        request = None
    if request is None:
        return None
    # The slot is given here and not by the sender: a message may not put itself past the order.
    return replace(request, slot=Slot(holder=names.ADMISSION_ID, position=position_of(key)))


def _taken(*, has_begun: bool, is_ours: bool) -> JsonObject:
    if has_begun:
        return {"became": "a run of its own"}
    return {"became": "a run of its own, begun before" if is_ours else "joined another run"}


async def run_look_at_admitted(
    _ports: Ports, runs: UpgradeRuns, request: AdmittedLook
) -> AdmittedAnswer:
    """Reads how the runs of the vaults in flight stand; gives the slots that are free."""
    free: list[Admitted] = []
    for one in request.in_flight:
        run = await runs.read(one.vault)
        if run is None or run.is_ended or run.state is RunState.PROVING:
            # A vault that proves its jobs waits up to twelve hours for the service and burdens
            # nobody.
            free.append(one)
    return AdmittedAnswer(free=tuple(free))
