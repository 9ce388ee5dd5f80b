"""Keeps the parts of a policy write's evidence, each before the step that it is about."""

from activities.evidence import keep
from activities.policy_evidence import attempt_key
from adapters.ports import EvidenceEntry, Ports
from domain.codec import JsonObject
from domain.settling import PolicyChange


async def keep_part(
    ports: Ports, change: PolicyChange, part: str, data: JsonObject
) -> EvidenceEntry:
    """Keeps one part of an attempt's evidence, or finds the one that is there.

    Raises:
        EvidenceError: The store cannot keep it.
    """
    return await keep(
        ports,
        key=attempt_key(change, part),
        kind=f"policy-{part}",
        vault=str(change.settle.vault),
        run_id=change.settle.run_id,
        data=data,
    )
