"""Reads back from evidence what became of every policy of a settlement, for its report."""

from activities.policy_evidence import last_intention_key, last_word, policy_folder
from adapters.ports import Ports
from domain.outlooks import PolicyOutlook, policy_outlook

PLAN_STEP = "09-time-zone-plan"
"""The plan: every policy as it was found, and as it would be."""


async def read_outlooks(ports: Ports, prefix: str) -> tuple[PolicyOutlook, ...]:
    """The policies of a settlement's plan; none where it came to no plan.

    Args:
        ports: The evidence store is asked.
        prefix: Where the evidence of the settlement, or of the run it is a part of, is kept.

    Raises:
        EvidenceError: The evidence could not be read.
    """
    plan = await ports.evidence.read(f"{prefix}/{PLAN_STEP}.json")
    rows = plan["data"]["policies"] if plan is not None else ()
    found = []
    for row in rows:
        folder = policy_folder(prefix, row["policy"])
        word = await last_word(ports, folder) or {}
        undo = await last_intention_key(ports, folder) or ""
        found.append(policy_outlook(row, word, undo))
    return tuple(found)
