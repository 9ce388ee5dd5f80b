"""Reads which machine is registered where, once a day and subscription.

The first to ask claims the reading; the others look again until it is there. A claimer that died is
followed by the next after a while, so that nobody waits for ever.
"""

import asyncio
from datetime import datetime, timedelta

from activities.attempts import attempt
from activities.evidence import keep
from adapters.ports import Ports
from domain.codec import from_json, to_json
from domain.evidence_marks import ClaimData
from domain.readings import FailedRead
from domain.rosters import (
    Registration,
    Roster,
    RosterAnswer,
    RosterRequest,
    registrations_of,
)
from domain.vaults import VaultRef

VAULTS_AT_A_TIME = 5
"""Lists in flight: the provider's own request bucket is small (recovery-services 8)."""

CLAIM_LASTS = timedelta(minutes=15)
"""500 vaults, the most of a subscription and region, are read well within that."""

ROSTERS_KNOWN = 7
"""Rosters that are asked for machines which no longer show; older ones tell of other times."""


async def run_register_machines(ports: Ports, request: RosterRequest) -> RosterAnswer:
    """Makes today's roster of a subscription, unless it is there or somebody else is at it.

    Raises:
        ServiceError: The vaults could not be listed.
        EvidenceError: The roster could not be kept.
    """
    folder = _folder(request.subscription_id, ports.clock.now())
    # By day: a roster of yesterday would hide a machine that was moved last night.
    if await ports.evidence.read(f"{folder}/roster.json") is not None:
        return RosterAnswer(is_ready=True)
    # Settling hundreds of vaults begins hundreds of these at once; all but one only wait.
    if not await _claim(ports, folder, request.subscription_id):
        return RosterAnswer(is_ready=False)
    roster = await _read(ports, request.subscription_id)
    await keep(
        ports,
        key=f"{folder}/roster.json",
        kind="roster",
        vault="all vaults of the subscription",
        run_id=f"{roster.read_at:%Y-%m-%d}",
        data=to_json(roster),
    )
    return RosterAnswer(is_ready=True)


def _folder(subscription_id: str, day: datetime) -> str:
    return f"rosters/{subscription_id}/{day:%Y-%m-%d}"


async def _claim(ports: Ports, folder: str, subscription_id: str) -> bool:
    """Whether this call, and no other, is to read now."""
    # Claims form a chain, as sends of a start do: of two that want the next one, one gets it.
    claims = await ports.evidence.list_keys(f"{folder}/claim-")
    if claims:
        last = await ports.evidence.read(claims[-1])
        claimed_at = datetime.fromisoformat(last["recordedAt"]) if last else ports.clock.now()
        if ports.clock.now() - claimed_at < CLAIM_LASTS:
            return False
    entry = await keep(
        ports,
        key=f"{folder}/claim-{len(claims) + 1:02}.json",
        kind="roster-claim",
        vault="all vaults of the subscription",
        run_id=folder.rpartition("/")[2],
        data=ClaimData(subscription=subscription_id),
    )
    return entry.is_new


async def _read(ports: Ports, subscription_id: str) -> Roster:
    arm = ports.recovery_services
    listed = await arm.list_vaults(subscription_id)
    vaults = [VaultRef.parse(str(document["id"])) for document in listed.value]
    gate = asyncio.Semaphore(VAULTS_AT_A_TIME)

    async def read_one(vault: VaultRef) -> tuple[Registration, ...] | str:
        async with gate:
            agents = await attempt(f"the machines of {vault}", arm.list_agents(vault))
        # One vault without rights must not hide the machines of all the others.
        if isinstance(agents, FailedRead):
            return f"{agents.what}: {agents.reason}"
        return registrations_of(vault, agents)

    found = await asyncio.gather(*map(read_one, vaults))
    return Roster(
        subscription_id=subscription_id,
        read_at=ports.clock.now(),
        registrations=tuple(one for part in found if not isinstance(part, str) for one in part),
        unread=tuple(part for part in found if isinstance(part, str)),
    )


async def read_rosters(ports: Ports, subscriptions: tuple[str, ...]) -> tuple[Roster, ...]:
    """The latest roster of each subscription; those without any are told as unread."""
    return tuple([await _latest(ports, one) for one in subscriptions])


async def _latest(ports: Ports, subscription_id: str) -> Roster:
    keys = await ports.evidence.list_keys(f"rosters/{subscription_id}/")
    made = [key for key in keys if key.endswith("/roster.json")]
    document = await ports.evidence.read(made[-1]) if made else None
    if document is not None:
        return from_json(Roster, document["data"])
    return Roster(
        subscription_id=subscription_id,
        read_at=ports.clock.now(),
        registrations=(),
        unread=(f"no roster of subscription {subscription_id} was made",),
    )


async def machines_known_before(ports: Ports, vault: VaultRef) -> frozenset[str]:
    """The machines that the latest rosters show in a vault."""
    known: set[str] = set()
    keys = await ports.evidence.list_keys(f"rosters/{vault.subscription_id}/")
    # Several days: a machine may be missing from the last one for the very reason it is sought.
    for key in [one for one in keys if one.endswith("/roster.json")][-ROSTERS_KNOWN:]:
        document = await ports.evidence.read(key)
        if document is None:
            continue
        roster = from_json(Roster, document["data"])
        known |= {one.machine for one in roster.registrations if one.vault.key == vault.key}
    return frozenset(known)
