"""Which machines a policy is about: for what only they can tell or change."""

from collections.abc import Iterable

from domain.codec import JsonObject
from domain.documents import text_at

MACHINE_FIELD = "machine"
"""Field of the facts that name the machines a task is about, one fact each."""

_HOLDERS = ("computerName", "serverName", "backupEngineName", "containerName", "friendlyName")


def holder_name(item: JsonObject) -> str:
    """The machine or server that holds a protected item; empty where the item names none."""
    for member in _HOLDERS:
        name = text_at(item, ("properties", member))
        if name:
            # A container is named after its machine: Windows;fqdn.
            return name.rpartition(";")[2]
    return ""


def machines_by_policy(items: Iterable[JsonObject]) -> dict[str, tuple[str, ...]]:
    """The machines of each policy, by its case-folded name, sorted.

    Args:
        items: Protected items, raw; those that name no policy are left out.
    """
    found: dict[str, dict[str, str]] = {}
    for item in items:
        policy, machine = text_at(item, ("properties", "policyName")), holder_name(item)
        if policy and machine:
            # By folded name: the same machine stands in capitals in one item and in small letters
            # in the next (recovery-services 3).
            found.setdefault(policy.casefold(), {})[machine.casefold()] = machine
    return {policy: tuple(sorted(names.values())) for policy, names in found.items()}
