"""Admission: the order in which vaults that nobody paces are started, and how many at a time.

Other systems may put ten thousand messages into the queue at once. Each becomes a small document in
the evidence store, named by the queue's sequence number, and waits there: durable, in the order of
arrival, and at no cost for the task hub. One orchestration starts the next as slots become free.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from domain.campaigns import VaultProgress
from domain.codec import JsonObject
from domain.requests import UpgradeRequest
from domain.vaults import ClassicVaultRef

PREFIX = "admission/"
"""Where waiting vaults are kept."""

BATCHES = "admission-batches"
"""Where it is written down which vaults one call is about to start."""

BLOCK_SIZE = 500
"""Sequence numbers per folder: one listing of a folder is one look at the order."""

TAKEN = ".taken.json"
"""Ending of the document that says that an entry waits no longer."""

LOOK_INTERVAL = timedelta(minutes=15)
"""Between two looks for vaults whose report was lost."""

RETRY_AFTER = timedelta(minutes=1)
"""Before starting is tried again after the evidence store or the task hub was away."""


def block_of(sequence_number: int) -> int:
    """The folder of a sequence number."""
    return sequence_number // BLOCK_SIZE


def block_prefix(block: int) -> str:
    """Where the entries of a folder are."""
    return f"{PREFIX}{block:018d}/"


def entry_key(sequence_number: int, request: UpgradeRequest) -> str:
    """The entry of one message: its place in the order, and what makes it unique.

    A broker that starts afresh counts from the beginning again, so the number alone is not enough.
    """
    # Twenty digits hold any 64-bit sequence number, so that keys sort as the numbers do and a
    # listing is in the order of arrival.
    name = f"{sequence_number:020d}-{request.message_id[:32]}.json"
    return block_prefix(block_of(sequence_number)) + name


def taken_key(key: str) -> str:
    """The document that says that an entry waits no longer."""
    return key.removesuffix(".json") + TAKEN


def waiting_keys(keys: tuple[str, ...]) -> list[str]:
    """The entries of a listing that still wait, in the order of arrival."""
    # The evidence store deletes nothing (DESIGN rule 8), so an entry is taken by a second document
    # that is made only once, and not by its disappearance.
    taken = {key.removesuffix(TAKEN) for key in keys if key.endswith(TAKEN)}
    return [
        key
        for key in sorted(keys)
        if not key.endswith(TAKEN) and key.removesuffix(".json") not in taken
    ]


def position_of(key: str) -> int:
    """The sequence number of an entry."""
    return int(key.rpartition("/")[2].partition("-")[0])


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Tells admission that a vault waits."""

    block: int
    window: int
    """As the settings of whoever took the message say."""
    kind: Literal["arrival"] = "arrival"


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """One vault in flight."""

    position: int
    request_id: str
    vault: ClassicVaultRef


@dataclass(frozen=True, kw_only=True)
class AdmissionState:
    """What admission carries from one history to the next."""

    window: int
    blocks: tuple[int, ...] = ()
    """Folders in which something may wait."""
    in_flight: tuple[Admitted, ...] = ()
    must_search: bool = True
    """Nothing is known yet of what waits: look through all folders."""
    waiting: int = 0
    """How many waited at the last look."""
    look_at: datetime | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AdmitRequest:
    """Start the next vaults."""

    batch_id: str
    """Of this call; when it is made again after a crash, it starts the same vaults."""
    blocks: tuple[int, ...]
    must_search: bool
    limit: int


@dataclass(frozen=True, kw_only=True)
class AdmitAnswer:
    """What was started, and where something still waits."""

    admitted: tuple[Admitted, ...]
    blocks: tuple[int, ...]
    waiting: int


@dataclass(frozen=True, kw_only=True)
class AdmittedLook:
    """Read how the runs of the vaults in flight stand."""

    in_flight: tuple[Admitted, ...]


@dataclass(frozen=True, kw_only=True)
class AdmittedAnswer:
    """The vaults whose slot is free, though no report came."""

    free: tuple[Admitted, ...]


def _slot(one: Admitted | VaultProgress) -> tuple[int, str]:
    """What tells slots apart; numbers alone repeat when a broker starts afresh."""
    return one.position, one.request_id


class Admission:
    """Admission as it stands: who is in flight, where something waits. No I/O, no clock.

    Args:
        state: As it was carried over.
    """

    def __init__(self, state: AdmissionState) -> None:
        self._window = state.window
        # A dict keeps the order in which folders came; a set promises none, and every replay has to
        # ask for the same things in the same order.
        self._blocks = dict.fromkeys(state.blocks)
        self._in_flight = {_slot(one): one for one in state.in_flight}
        self._must_search = state.must_search
        self._waiting = state.waiting
        self._look_at = state.look_at
        self._retry_at = state.retry_at

    @property
    def state(self) -> AdmissionState:
        """Everything the next history needs."""
        return AdmissionState(
            window=self._window,
            blocks=tuple(self._blocks),
            in_flight=tuple(self._in_flight.values()),
            must_search=self._must_search,
            waiting=self._waiting,
            look_at=self._look_at,
            retry_at=self._retry_at,
        )

    def take_arrival(self, arrival: Arrival) -> None:
        """Something waits; the settings of today hold from here on."""
        self._blocks[arrival.block] = None
        # A window of nothing would leave every vault waiting until somebody sends another message.
        self._window = max(1, arrival.window)

    def take_progress(self, progress: VaultProgress) -> None:
        """A vault proves its jobs or has ended: its slot is free."""
        # A report may come twice, or after a look has found the run at its end and freed the slot.
        self._in_flight.pop(_slot(progress), None)

    def next_request(self, at: datetime, batch_id: str) -> AdmitRequest | None:
        """What to start now, if anything may wait and a slot is free."""
        free = self._window - len(self._in_flight)
        is_held = self._retry_at is not None and at < self._retry_at
        if free <= 0 or is_held or not (self._blocks or self._must_search):
            return None
        return AdmitRequest(
            batch_id=batch_id,
            blocks=tuple(sorted(self._blocks)),
            must_search=self._must_search,
            limit=free,
        )

    def take_answer(self, answer: AdmitAnswer) -> None:
        """What was started is in flight; folders in which nothing waits are forgotten."""
        self._retry_at = None
        # One search through all folders is enough: from here on each arrival names its own.
        self._must_search = False
        self._blocks = dict.fromkeys(answer.blocks)
        self._waiting = answer.waiting
        for one in answer.admitted:
            # A call made again after a crash gives the same vaults, which then take the same slots.
            self._in_flight[_slot(one)] = one

    def hold(self, at: datetime) -> None:
        """Starting failed: try again after a while."""
        self._retry_at = at + RETRY_AFTER

    def wake_at(self, at: datetime) -> datetime | None:
        """When to act although nothing comes in; None: only an arrival can change anything."""
        moments: list[datetime] = []
        if self._in_flight:
            self._look_at = self._look_at or at + LOOK_INTERVAL
            moments.append(self._look_at)
        else:
            self._look_at = None
        if self._retry_at is not None:
            moments.append(self._retry_at)
        return min(moments, default=None)

    def look(self, at: datetime) -> AdmittedLook | None:
        """What to look at, if it is time to."""
        if self._look_at is None or at < self._look_at:
            return None
        self._look_at = at + LOOK_INTERVAL
        return AdmittedLook(in_flight=tuple(self._in_flight.values()))

    def take_look(self, answer: AdmittedAnswer) -> None:
        """Frees the slots of runs whose report was lost."""
        for one in answer.free:
            self._in_flight.pop(_slot(one), None)

    def status(self) -> JsonObject:
        """The custom status."""
        return {
            "window": self._window,
            "inFlight": len(self._in_flight),
            "waiting": self._waiting,
        }
