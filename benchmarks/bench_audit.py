"""What the nightly audit costs as the estate grows.

The app's own workflows in virtual time on fakes that answer at once, with every turn replaying its
whole history, as the Functions host does it for Python. Figures: seconds of CPU, the longest
history, and the largest payload in one.
"""

import argparse
import asyncio
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from domain.codec import to_json
from orchestrators import names
from tests.audited import audit_request, estate_of_settled

VAULTS = (100, 400, 1_600)
TURNS_PER_VAULT = 20
"""Far more than there are; the bound of the test engine only has to be out of the way."""
GOAL_EVENTS, GOAL_PAYLOAD = 100, 45 * 1024
"""What a history and a payload may come to (durable-2x 2)."""
GOAL_GROWTH = 2.0
"""CPU per vault of the largest estate over that of the smallest."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One audit."""

    vaults: int
    cpu_s: float
    longest_history: int
    largest_event: int
    """Bytes."""


async def audit(count: int) -> Figures:
    """Audits an estate of so many vaults."""
    estate = estate_of_settled(count)
    # Fakes that hold each document against the published schema would be most of what is measured.
    estate.evidence.is_published = False
    workflow = estate.workflow()
    workflow.max_turns += TURNS_PER_VAULT * count
    began = time.process_time()
    await workflow.run(names.AUDIT_ESTATE, to_json(audit_request()), "audit")
    cpu_s = time.process_time() - began
    ran = workflow.instances.values()
    return Figures(
        vaults=count,
        cpu_s=round(cpu_s, 2),
        longest_history=max(max(len(one.history), one.longest_history) for one in ran),
        largest_event=max(event.ByteSize() for one in ran for event in one.history),
    )


def main() -> None:
    """Measures and writes the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vaults", type=int, nargs="+", default=VAULTS)
    options = parser.parse_args()
    found = [asyncio.run(audit(count)) for count in options.vaults]
    for one in found:
        print(
            f"{one.vaults:6} vaults: {one.cpu_s} s CPU, longest history {one.longest_history} "
            f"events, largest event {one.largest_event} bytes"
        )
    first, last = found[0], found[-1]
    assert last.longest_history <= GOAL_EVENTS
    assert last.largest_event <= GOAL_PAYLOAD
    assert last.cpu_s / last.vaults <= GOAL_GROWTH * first.cpu_s / first.vaults
    options.out.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n")


if __name__ == "__main__":
    main()
