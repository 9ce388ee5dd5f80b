"""What the routes of campaigns answer."""

from typing import Annotated, NotRequired, TypedDict

from domain.campaigns import CampaignPhase, Cause, Verb
from triggers.shapes.common import ClassicVaultView, Moment, one_of

BROKEN = "broken"
"""Phase of a campaign whose workflow itself failed or was terminated; its vaults run on."""


class ThresholdView(TypedDict):
    """How many failures are tolerated; exactly one member."""

    count: NotRequired[int]
    percent: NotRequired[float]


class HoursView(TypedDict):
    """Hours on the clock of the zone."""

    days: list[str]
    start: str
    end: str


class MaintenanceView(TypedDict):
    """When vaults may be started."""

    timeZone: str
    hours: list[HoursView]


class OptionsView(TypedDict):
    """What the operator decided, spelt as it was asked for."""

    window: int
    """Vaults in flight at once."""
    perSubscription: int | None
    perRegion: int | None
    errorThreshold: ThresholdView | None
    """Null: failures never pause the campaign."""
    maintenance: MaintenanceView | None
    """Null: at any time."""


class CampaignView(OptionsView):
    """One campaign."""

    id: str
    phase: Annotated[str, one_of((*CampaignPhase, BROKEN))]
    # The domain says an empty word for no cause; a reader of JSON looks for null.
    cause: Annotated[str, one_of(one for one in Cause if one)] | None
    """What paused it."""
    reason: str
    total: int
    counts: dict[str, int]
    """How many vaults stand where; ends are spelt as the states of upgrades."""
    round: int
    """Counts the redrives, from 1."""
    startedAt: Moment
    updatedAt: Moment
    endedAt: Moment | None


class CampaignPage(TypedDict):
    """Campaigns, the latest of a page first."""

    campaigns: list[CampaignView]
    continuationToken: str | None
    """For the query parameter `continuation`; null on the last page."""


class PlacedVault(TypedDict):
    """A vault of a campaign."""

    position: int
    """In the plan, from 0."""
    id: str
    """Of its upgrade."""
    vault: ClassicVaultView


class TrailLine(TypedDict):
    """Who asked what, or what happened."""

    at: Moment
    what: str
    requestedBy: str | None
    """Null: the campaign itself."""
    detail: str


class CampaignDetail(CampaignView):
    """One campaign, with what needs somebody's eyes."""

    failed: list[PlacedVault]
    """The first of the vaults that count against the threshold."""
    missing: list[PlacedVault]
    """Vaults that were sent and of which no run shows yet."""
    trail: list[TrailLine]
    """The latest lines; all of them are in the evidence."""
    evidencePrefix: str


class AcceptedCampaign(TypedDict):
    """The campaign was started."""

    id: str
    total: int
    statusUrl: str


class PlannedVault(PlacedVault):
    """A vault of a dry run's plan."""

    protectedItems: int | None
    expectedMinutes: int
    expectedStart: Moment


class SkippedVault(TypedDict):
    """A vault that was found and is left out."""

    vault: str
    why: str


class CampaignPlan(OptionsView):
    """Who would start when, if nothing fails; nothing was kept or sent."""

    id: str
    total: int
    unknownSizes: int
    """Vaults whose number of items nobody gave."""
    expectedStart: Moment
    expectedEnd: Moment
    expectedHours: float
    lowerBoundHours: float
    """What no order could beat."""
    vaults: list[PlannedVault]
    skipped: list[SkippedVault]


class CommandAccepted(TypedDict):
    """The campaign was told."""

    id: str
    verb: Annotated[str, one_of(Verb)]
