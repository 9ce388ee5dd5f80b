"""What the routes of upgrades answer."""

import re
from typing import Annotated, NotRequired, TypedDict

from domain.upgrade import RunState
from triggers.shapes.common import (
    ClassicVaultView,
    FindingCounts,
    Moment,
    one_of,
)

UPGRADE_ID = re.compile(r"^upgrade-(?P<key>[0-9a-f]{32})$")
"""Ids of upgrades; the ids of their children carry a suffix and are not upgrades themselves."""

QUEUED = "queued"
"""State of an upgrade that was accepted and whose message has not been picked up yet."""


class PlanShown(TypedDict):
    """The plan that waits for an answer."""

    hash: str
    """What an approval has to name."""
    key: str
    """Where the plan is in the evidence."""
    expiresAt: Moment
    """Unanswered by then, the run ends in `not_approved`."""
    remindedAt: NotRequired[Moment]
    """When half of the time was over."""


class UpgradeView(TypedDict):
    """One upgrade."""

    id: str
    """The same for every request about this vault."""
    vault: ClassicVaultView
    state: Annotated[str, one_of((QUEUED, *RunState))]
    reasons: list[str]
    """Why it ended in this state; empty while it runs and for a plain success."""
    operationId: str | None
    """The service's id of the upgrade, once it is known."""
    startedAt: Moment
    updatedAt: Moment
    endedAt: Moment | None
    """Null while it runs."""
    durationSeconds: float | None
    findings: FindingCounts
    taskCount: int
    """Tasks for people."""
    evidencePrefix: str | None
    """Where everything about the run is in the evidence store; null until it has ended."""
    plan: PlanShown | None
    """Null unless the state is `awaiting_approval`."""


class UpgradePage(TypedDict):
    """Upgrades, each on one page."""

    upgrades: list[UpgradeView]
    continuationToken: str | None
    """For the query parameter `continuation`; null on the last page."""


class AcceptedUpgrade(TypedDict):
    """A vault that was taken."""

    id: str
    vault: ClassicVaultView
    statusUrl: str
    joined: bool
    """An upgrade of this vault is on its way already; its group, zone and approval hold."""


class AcceptedUpgrades(TypedDict):
    """Everything handed in was taken."""

    requestId: str
    upgrades: list[AcceptedUpgrade]
