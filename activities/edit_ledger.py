"""The ledger of policy edits: one document per send, numbered, taken with create-if-absent.

Two processes that want the same number cannot both have it, so edits of several runs are counted
once each, and the ledger outlives every history.
"""

from datetime import datetime

from activities.evidence import keep
from adapters.ports import Ports
from domain.edit_budget import MAX_EDITS, next_edit_at
from domain.evidence_marks import EditData
from domain.settling import PolicyChange
from domain.vaults import VaultRef

SLOT_TRIES = 20
"""Numbers are taken one by one; this many neighbours may be faster before we look again later."""


async def take_edit(ports: Ports, change: PolicyChange) -> datetime | None:
    """Counts one edit before it is sent.

    Returns:
        None when the edit may be sent now, else the moment (UTC) to ask again.

    Raises:
        EvidenceError: The ledger could not be read or written; nothing may be sent.
    """
    settle = change.settle
    for _ in range(SLOT_TRIES):
        slots = await _slots(ports, settle.vault)
        # Fewer edits than the budget cannot stand in the way: their moments need no reading.
        edits = await _moments(ports, slots) if len(slots) >= MAX_EDITS else []
        free_at = next_edit_at(edits, ports.clock.now())
        if free_at is not None:
            return free_at
        entry = await keep(
            ports,
            # The next number and not a random name: two that read the same ledger must meet in one
            # key.
            key=f"{_folder(settle.vault)}/{len(slots) + 1:06}.json",
            kind="policy-edit",
            vault=str(settle.vault),
            run_id=settle.run_id,
            data=EditData(policy=change.policy_name, attempt=change.label),
        )
        # Somebody else may have taken this number; then the budget is looked at again.
        if entry.is_new:
            return None
    # Too many neighbours at once: not used up, only busy, so the caller asks again soon.
    return ports.clock.now()


async def read_edits(ports: Ports, vault: VaultRef) -> tuple[datetime, ...]:
    """The moments of the vault's last edits, oldest first; at most as many as the budget."""
    return tuple(await _moments(ports, await _slots(ports, vault)))


def _folder(vault: VaultRef) -> str:
    return f"vaults/{vault.key}/policy-edits"


async def _slots(ports: Ports, vault: VaultRef) -> tuple[str, ...]:
    return await ports.evidence.list_keys(f"{_folder(vault)}/")


async def _moments(ports: Ports, slots: tuple[str, ...]) -> list[datetime]:
    # The last fifty alone can stand in the way; older ones have left the window before them.
    documents = [await ports.evidence.read(key) for key in slots[-MAX_EDITS:]]
    return [datetime.fromisoformat(one["recordedAt"]) for one in documents if one is not None]
