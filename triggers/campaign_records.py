"""What the routes of campaigns keep in the evidence, and read back from it."""

import uuid
from collections.abc import Iterable

from adapters.ports import Ports
from domain.campaign_steps import PLAN_PAGE, PlanPage, plan_key, trail_key
from domain.campaigns import CampaignState, Note, campaign_prefix
from domain.codec import JsonObject, from_json, to_json
from domain.evidence import evidence_document
from domain.requests import UpgradeRequest
from triggers.shapes.campaigns import TrailLine

SHOWN_TRAIL = 200
"""Latest lines of the trail in one answer; all of them are in the evidence."""


async def keep_document(
    ports: Ports, state: CampaignState, key: str, data: JsonObject, *, kind: str
) -> JsonObject:
    """Keeps a document of a campaign; gives what is there now."""
    document = evidence_document(
        kind=kind,
        subject=f"campaign {state.campaign_id}",
        run_id=state.campaign_id,
        at=ports.clock.now(),
        data=data,
    )
    return (await ports.evidence.create(key, document)).document


async def keep_note(ports: Ports, state: CampaignState, note: Note) -> None:
    """Who asked what and when; two people may ask in the same moment."""
    at = ports.clock.now()
    # Before what the campaign makes of it, should both fall into one moment.
    # A part drawn at random: two people who ask the same in one moment are two lines of the trail.
    key = trail_key(state.campaign_id, at, note.what, f"0-{uuid.uuid4().hex[:6]}")
    data = {**to_json(note), "at": at.isoformat()}
    await keep_document(ports, state, key, data, kind="campaign-note")


async def read_trail(ports: Ports, campaign_id: str) -> list[TrailLine]:
    """The latest lines of a campaign's trail, the oldest first."""
    keys = await ports.evidence.list_keys(f"{campaign_prefix(campaign_id)}/trail/")
    # Keys begin with the moment, so the last of them are the latest without a look inside.
    documents = [await ports.evidence.read(key) for key in keys[-SHOWN_TRAIL:]]
    return [
        {
            "at": one["data"]["at"],
            "what": one["data"]["what"],
            "requestedBy": one["data"]["requested_by"] or None,
            "detail": one["data"]["detail"],
        }
        for one in documents
        if one is not None
    ]


async def read_vaults(
    ports: Ports, campaign_id: str, positions: Iterable[int]
) -> dict[int, UpgradeRequest]:
    """What is planned at some positions of a campaign; nothing where the plan is not there."""
    pages: dict[int, PlanPage] = {}
    # A page holds a hundred vaults, so each is read once, however many are asked for.
    for number in sorted({position // PLAN_PAGE for position in positions}):
        document = await ports.evidence.read(plan_key(campaign_id, number))
        # A page that is gone leaves its vaults unnamed; the view of the campaign is shown all the
        # same.
        pages[number] = from_json(PlanPage, document["data"]) if document else PlanPage(vaults=())
    return {
        position: pages[position // PLAN_PAGE].vaults[position % PLAN_PAGE]
        for position in positions
        if pages[position // PLAN_PAGE].vaults
    }
