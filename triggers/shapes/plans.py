"""What the route of plans answers."""

from typing import TypedDict

from domain.plans import UpgradePlan
from triggers.shapes.common import Moment


class WholePlan(TypedDict):
    """The plan of an upgrade, as somebody who approves it has to read it."""

    id: str
    hash: str
    """SHA-256 of the plan; an approval names it."""
    evidenceKey: str
    recordedAt: Moment
    isWaiting: bool
    """Whether it waits for an answer now."""
    plan: UpgradePlan
    """As kept in the evidence."""
