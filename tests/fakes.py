"""Fakes of every port, for every test.

Each fake records its calls in ``calls`` and can be told to fail: ``fail("start_upgrade", error)``
raises before anything happens, ``lose_answer("start_upgrade", error)`` lets the effect happen and
then raises, as a lost answer does. Several errors are used up one per call, in order.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.evidence_keys import check_key, check_prefix
from adapters.ports import EvidenceEntry, Ports
from domain.codec import JsonObject
from domain.errors import NotFoundError, RefusedError
from domain.exchanges import Exchange
from domain.messages import KeptMessage, MessageBox, QueueMessage, Replayed
from domain.requests import UpgradeRequest
from domain.upgrade import (
    CheckOutcome,
    ClassicVault,
    OperationInfo,
    PrerequisiteCheck,
    UpgradeRecord,
    UpgradeStatus,
)
from domain.vaults import ClassicVaultRef, Reading, VaultRef
from tests.fake_base import Call, Fake, FakeClock
from tests.fake_classic_contents import FakeClassicContents, machine_row
from tests.fake_recovery_services import FakeRecoveryServices, FakeVault
from tests.fake_subscriptions import FakeSubscriptions
from tests.published import build_problems
from tests.samples import (
    NOON,
    SUBSCRIPTION,
    classic_ref,
    classic_vault,
    upgrade_record,
    upgrade_request,
    vault_ref,
)

__all__ = [
    "NOON",
    "SUBSCRIPTION",
    "Call",
    "FakeClassicContents",
    "FakeClassicVaults",
    "FakeClock",
    "FakeExchangeLog",
    "FakeJobLog",
    "FakeQueue",
    "FakeRecoveryServices",
    "FakeSubscriptions",
    "FakeVault",
    "MemoryEvidence",
    "classic_ref",
    "classic_vault",
    "fake_ports",
    "machine_row",
    "upgrade_record",
    "upgrade_request",
    "vault_ref",
]


class FakeClassicVaults(Fake):
    """The classic API with state: a start leaves a record, ``finish`` ends it."""

    def __init__(self, *vaults: ClassicVault, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.vaults = {vault.ref.key: vault for vault in vaults}
        self.checks: dict[str, PrerequisiteCheck] = {}
        self.operations: dict[str, OperationInfo] = {}
        self.started: list[str] = []

    def finish(
        self, vault: ClassicVaultRef, status: UpgradeStatus = UpgradeStatus.UPGRADED, **changes: Any
    ) -> None:
        """Ends the vault's running upgrade now."""
        known = self.vaults[vault.key]
        if known.record is None:
            raise AssertionError(f"no upgrade of {vault} was started")
        now = self.clock.now()
        record = replace(known.record, status=status, last_updated_at=now, ended_at=now, **changes)
        self.vaults[vault.key] = replace(known, record=record)

    def _find(self, vault: ClassicVaultRef) -> ClassicVault:
        if vault.key not in self.vaults:
            raise NotFoundError("not in the list of classic vaults", subject=str(vault))
        return replace(
            self.vaults[vault.key],
            provenance=self.provenance("GET cloudservices"),
            answered_at=self.clock.now(),
        )

    async def list_vaults(self, subscription_id: str) -> tuple[ClassicVault, ...]:
        """The vaults of the subscription."""
        self._enter("list_vaults", subscription_id)
        found = [v.ref for v in self.vaults.values() if v.ref.subscription_id == subscription_id]
        return self._leave("list_vaults", tuple(self._find(ref) for ref in found))

    async def read_vault(self, vault: ClassicVaultRef) -> ClassicVault:
        """The vault with its record as it stands."""
        self._enter("read_vault", vault)
        return self._leave("read_vault", self._find(vault))

    async def check_prerequisites(
        self, vault: ClassicVault, target: VaultRef, client_request_id: str
    ) -> PrerequisiteCheck:
        """The check set in ``checks`` by vault key; all good where none is set."""
        self._enter("check_prerequisites", vault, target, client_request_id)
        check = self.checks.get(vault.ref.key) or PrerequisiteCheck(
            outcome=CheckOutcome.SUCCEEDED,
            reasons=(),
            client_request_id=client_request_id,
            provenance=self.provenance("POST checkPrereqsForUpgrade"),
        )
        return self._leave(
            "check_prerequisites", replace(check, client_request_id=client_request_id)
        )

    async def start_upgrade(
        self, vault: ClassicVault, target: VaultRef, operation_id: str
    ) -> UpgradeRecord:
        """Starts, unless an upgrade runs or has ended well: then it refuses."""
        self._enter("start_upgrade", vault, target, operation_id)
        known = self._find(vault.ref)
        if known.record is not None and known.record.status is not UpgradeStatus.FAILED:
            raise RefusedError("an upgrade was started already", subject=str(vault.ref), status=409)
        now = self.clock.now()
        record = upgrade_record(
            operation_id,
            started_at=now,
            last_updated_at=now,
            upgraded_resource_id=target.arm_id,
        )
        self.vaults[vault.ref.key] = replace(known, record=record)
        self.started.append(operation_id)
        return self._leave("start_upgrade", record)

    async def read_operation(self, vault: ClassicVault) -> OperationInfo:
        """What ``operations`` holds by vault key, else what the record implies."""
        self._enter("read_operation", vault)
        record = self._find(vault.ref).record
        if record is None:
            raise NotFoundError("no upgrade was ever started", subject=str(vault.ref))
        result = {
            UpgradeStatus.IN_PROGRESS: ("InProgress", "Invalid"),
            UpgradeStatus.UPGRADED: ("Completed", "Succeeded"),
        }.get(record.status, ("Completed", "Failed"))
        info = self.operations.get(vault.ref.key) or OperationInfo(
            status=result[0],
            result=result[1],
            error_code="",
            message=record.message,
            provenance=self.provenance("GET upgradeOperationResult"),
        )
        return self._leave("read_operation", info)


class FakeJobLog(Fake):
    """Log Analytics: rows per workspace and vault; a workspace without an entry has no table."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.rows: dict[tuple[str, str], list[JsonObject]] = {}
        self.arrivals: dict[tuple[str, str], list[JsonObject]] = {}

    async def list_last_jobs(
        self, workspace_id: str, vault: VaultRef, since: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """The rows set for the workspace and vault; none for a vault the workspace lacks."""
        self._enter("list_last_jobs", workspace_id, vault, since)
        if workspace_id not in {workspace for workspace, _ in self.rows}:
            raise NotFoundError("the workspace has no backup table", subject=workspace_id)
        rows = tuple(self.rows.get((workspace_id, vault.key), ()))
        return self._leave("list_last_jobs", self.reading("POST query", rows))

    async def list_arrivals(
        self, workspace_id: str, vault: VaultRef, since: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """The arrivals set for the workspace and vault; no entry at all means no table."""
        self._enter("list_arrivals", workspace_id, vault, since)
        if workspace_id not in {workspace for workspace, _ in self.arrivals}:
            raise NotFoundError("the workspace has no backup table", subject=workspace_id)
        rows = tuple(self.arrivals.get((workspace_id, vault.key), ()))
        return self._leave("list_arrivals", self.reading("POST query", rows))


def _as_kept[T: JsonObject | None](document: T) -> T:
    """A copy as the real stores make it, by way of JSON; ten thousands are made of them."""
    kept: T = json.loads(json.dumps(document))
    return kept


class MemoryEvidence(Fake):
    """An evidence store that forgets when the test ends; same keys as the real ones."""

    is_published = True
    """Documents have to be as published; False for tests that make some up."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.documents: dict[str, JsonObject] = {}

    async def create(self, key: str, document: JsonObject) -> EvidenceEntry:
        """Keeps the document unless the key is taken; it has to be as published."""
        # Bookkeeping has no frame, and neither have documents that a test made up by itself.
        if self.is_published and "schema" in document:
            problems = build_problems(document)
            if problems:
                raise AssertionError(f"{key} is not as docs/reference publishes it: {problems}")
        self._enter("create", key, _as_kept(document))
        is_new = check_key(key) not in self.documents
        if is_new:
            self.documents[key] = _as_kept(document)
        kept = _as_kept(self.documents[key])
        return self._leave("create", EvidenceEntry(document=kept, is_new=is_new))

    async def read(self, key: str) -> JsonObject | None:
        """The document, or None."""
        self._enter("read", key)
        return self._leave("read", _as_kept(self.documents.get(check_key(key))))

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """The keys that start with the prefix, sorted."""
        self._enter("list_keys", prefix)
        check_prefix(prefix)
        keys = sorted(key for key in self.documents if key.startswith(prefix))
        return self._leave("list_keys", tuple(keys))


class FakeExchangeLog:
    """Nothing goes over a wire here, so nothing is recorded but what a test puts in."""

    def __init__(self, *exchanges: Exchange) -> None:
        self.exchanges = exchanges

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """The test's exchanges."""
        yield list(self.exchanges)


class FakeQueue(Fake):
    """A queue that keeps what was sent in ``sent``, and what was refused in ``rejected``."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__(clock)
        self.sent: list[UpgradeRequest] = []
        self.rejected: list[tuple[QueueMessage, str]] = []
        self.kept: list[KeptMessage] = []
        self.replayed: list[Replayed] = []

    async def send(self, requests: Sequence[UpgradeRequest]) -> None:
        """Keeps the requests in order."""
        self._enter("send", tuple(requests))
        self.sent.extend(requests)
        self._leave("send", None)

    async def reject(self, message: QueueMessage, reason: str) -> None:
        """Keeps the message with its reason."""
        self._enter("reject", message, reason)
        self.rejected.append((message, reason))
        self._leave("reject", None)

    async def list_kept(
        self, box: MessageBox, limit: int, from_sequence: int = 0
    ) -> tuple[KeptMessage, ...]:
        """The messages of the box in ``kept``."""
        self._enter("list_kept", box, limit, from_sequence)
        found = [
            one for one in self.kept if one.box is box and one.sequence_number >= from_sequence
        ]
        return self._leave("list_kept", tuple(found[:limit]))

    async def replay(
        self, box: MessageBox, limit: int, only: int | None = None
    ) -> tuple[Replayed, ...]:
        """Moves messages from ``kept`` to ``replayed``."""
        self._enter("replay", box, limit, only)
        found = [
            one for one in self.kept if one.box is box and only in {None, one.sequence_number}
        ][:limit]
        self.kept = [one for one in self.kept if one not in found]
        done = [
            Replayed(
                sequence_number=one.sequence_number,
                original_id=one.original_id,
                message_id=f"again-{one.original_id}",
            )
            for one in found
        ]
        self.replayed += done
        return self._leave("replay", tuple(done))


def fake_ports(**ports: Any) -> Ports:
    """Ports made of fakes that share one clock; pass those the test looks at by name."""
    clock = ports.pop("clock", None) or FakeClock()
    defaults: dict[str, Any] = {
        "classic": FakeClassicVaults(clock=clock),
        "classic_contents": FakeClassicContents(clock),
        "subscriptions": FakeSubscriptions(clock),
        "recovery_services": FakeRecoveryServices(clock=clock),
        "job_log": FakeJobLog(clock),
        "exchanges": FakeExchangeLog(),
        "evidence": MemoryEvidence(clock),
        "queue": FakeQueue(clock),
    }
    return Ports(clock=clock, **(defaults | ports))
