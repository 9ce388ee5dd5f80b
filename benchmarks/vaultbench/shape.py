"""The shape of the workload: what a vault calls, in which order."""

CALLS_BEFORE = 5
POLLS = 3
POLICIES = 4
CALLS_AFTER = 4

CALLS_PER_VAULT = CALLS_BEFORE + 1 + POLLS + POLICIES + CALLS_AFTER

WARM_UP = 10
"""Vaults run before the clock starts: imports, connections and caches are not what is measured."""


def op(vault: str, step: str) -> str:
    """Address of a plain call."""
    return f"/op/{vault}/{step}"


def upgrade(vault: str) -> str:
    """Address of the call that starts the upgrade."""
    return f"/upgrade/{vault}"


def poll(vault: str) -> str:
    """Address of the call that asks whether the upgrade is done."""
    return f"/poll/{vault}"
