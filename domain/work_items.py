"""One row of a work list; in reports and evidence long after the list was made."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """One thing to do at one machine."""

    owner: str
    """Who looks after the machine; empty where the estate map does not say."""
    machine: str
    vault: str
    check_id: str
    found: str
    what_to_do: str
