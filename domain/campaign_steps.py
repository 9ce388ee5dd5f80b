"""What each step of a campaign takes and gives; see :mod:`domain.steps`."""

from dataclasses import dataclass
from datetime import datetime

from domain.campaigns import CampaignState, InFlight, Note, VaultProgress, campaign_prefix
from domain.requests import UpgradeRequest

PLAN_PAGE = 100
"""Vaults of one page of the plan: about 60 KB, read whole whenever some of them are sent."""


@dataclass(frozen=True, kw_only=True)
class PlanPage:
    """One page of a campaign's plan, as kept in evidence."""

    vaults: tuple[UpgradeRequest, ...]
    """In the order of the plan, as they were asked for; without request id of a round or slot."""


@dataclass(frozen=True, kw_only=True)
class SendRequest:
    """Put some vaults of a campaign into the queue."""

    campaign_id: str
    request_id: str
    positions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LookRequest:
    """Read how the runs of some vaults stand, because a report may have been lost."""

    campaign_id: str
    in_flight: tuple[InFlight, ...]
    proving: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class LookAnswer:
    """What a look found."""

    progress: tuple[VaultProgress, ...]
    missing: tuple[int, ...]
    """Positions in flight for which no run has begun."""


@dataclass(frozen=True, kw_only=True)
class InstructedRequest:
    """Find out which failed vaults may be started once more."""

    campaign_id: str
    positions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class InstructedAnswer:
    """The vaults for which Microsoft's instruction was recorded and is not used up."""

    positions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class NoteRecord:
    """Keep one line of a campaign's trail."""

    campaign_id: str
    at: datetime
    number: int
    """Of the notes made at one moment."""
    note: Note


@dataclass(frozen=True, kw_only=True)
class CampaignRecord:
    """Keep how a campaign ended."""

    state: CampaignState
    at: datetime


def plan_key(campaign_id: str, page: int) -> str:
    """Where one page of a campaign's plan is kept."""
    return f"{campaign_prefix(campaign_id)}/plan/{page:04d}.json"


def trail_key(campaign_id: str, at: datetime, what: str, number: str) -> str:
    """Where one line of a campaign's trail is kept; the keys sort by time.

    Args:
        campaign_id: The campaign.
        at: When it happened, UTC.
        what: In words that fit a file name.
        number: Tells lines of one moment apart, and puts them in order.
    """
    # To the microsecond and of one width, so that keys sort as moments do.
    return f"{campaign_prefix(campaign_id)}/trail/{at:%Y%m%dT%H%M%S.%fZ}-{number}-{what}.json"
