"""Campaigns: send their vaults, look at their runs, keep their trail."""

from collections.abc import Iterable
from dataclasses import replace

from activities.evidence import keep
from activities.retries import read_attempts
from adapters.ports import Ports, UpgradeRun, UpgradeRuns
from domain.campaign_steps import (
    PLAN_PAGE,
    CampaignRecord,
    InstructedAnswer,
    InstructedRequest,
    LookAnswer,
    LookRequest,
    NoteRecord,
    PlanPage,
    SendRequest,
    plan_key,
    trail_key,
)
from domain.campaigns import (
    InFlight,
    VaultProgress,
    campaign_instance_id,
    campaign_prefix,
)
from domain.codec import from_json, to_json
from domain.errors import EvidenceError
from domain.evidence import accepted_document, accepted_key
from domain.requests import Slot, UpgradeRequest
from domain.steps import Recorded
from domain.upgrade import RunState


async def run_send_vaults(ports: Ports, request: SendRequest) -> Recorded:
    """Puts vaults of a campaign into the queue; doing it again sends the same messages.

    Raises:
        EvidenceError: The plan is not there.
        ServiceError: The queue refused or is away; some messages may have been sent.
    """
    planned = await _read_plan(ports, request.campaign_id, request.positions)
    holder = campaign_instance_id(request.campaign_id)
    requests = [
        replace(one, request_id=request.request_id, slot=Slot(holder=holder, position=position))
        for position, one in planned.items()
    ]
    for one in requests:
        # As for a list handed in over HTTP: whoever asks for the vault finds it waiting.
        await ports.evidence.create(accepted_key(one), accepted_document(one))
    # Kept before it is sent: in between, the vault shows as waiting and never as unknown.
    await ports.queue.send(requests)
    return Recorded(key=campaign_prefix(request.campaign_id))


async def _read_plan(
    ports: Ports, campaign_id: str, positions: Iterable[int]
) -> dict[int, UpgradeRequest]:
    """The planned requests at some positions; every page is read once."""
    pages: dict[int, PlanPage] = {}
    for number in sorted({position // PLAN_PAGE for position in positions}):
        key = plan_key(campaign_id, number)
        document = await ports.evidence.read(key)
        if document is None:
            raise EvidenceError("the plan of the campaign is not there", subject=key)
        pages[number] = from_json(PlanPage, document["data"])
    return {
        position: pages[position // PLAN_PAGE].vaults[position % PLAN_PAGE]
        for position in positions
    }


async def run_look_at_runs(ports: Ports, runs: UpgradeRuns, request: LookRequest) -> LookAnswer:
    """Reads how the runs of some vaults stand.

    Raises:
        EvidenceError: The plan is not there.
    """
    asked = {one.position: one for one in request.in_flight}
    planned = await _read_plan(ports, request.campaign_id, [*asked, *request.proving])
    progress: list[VaultProgress] = []
    missing: list[int] = []
    for position, one in planned.items():
        run = await runs.read(one.vault)
        in_flight = asked.get(position)
        if in_flight is not None and not _is_ours(run, in_flight):
            missing.append(position)
            continue
        state = _news(run)
        if state is not None:
            # A vault that only proves its jobs holds no slot, so nobody compares this id.
            request_id = in_flight.request_id if in_flight else request.campaign_id
            progress.append(VaultProgress(position=position, request_id=request_id, state=state))
    return LookAnswer(progress=tuple(progress), missing=tuple(missing))


def _is_ours(run: UpgradeRun | None, asked: InFlight) -> bool:
    """Whether a run counts for the campaign: its own, or one it joined.

    One that ended before the vault was sent is of an earlier time; the message is still on its way.
    """
    if run is None:
        return False
    is_old = run.is_ended and run.updated_at < asked.sent_at
    return run.request_id == asked.request_id or not is_old


def _news(run: UpgradeRun | None) -> RunState | None:
    """What the holder of the slot should have been told; None while there is nothing to tell."""
    if run is None:
        # It was there once: somebody purged or replaced the task hub.
        return RunState.STOPPED
    if run.is_ended or run.state is RunState.PROVING:
        return run.state
    return None


async def run_find_instructed(ports: Ports, request: InstructedRequest) -> InstructedAnswer:
    """Reads for which failed vaults an instruction opened another attempt (DESIGN rule 2).

    Raises:
        EvidenceError: The plan or the attempts could not be read; then nothing may be started.
    """
    planned = await _read_plan(ports, request.campaign_id, request.positions)
    open_again: list[int] = []
    for position, one in planned.items():
        attempts = await read_attempts(ports.evidence, one.vault.key)
        # The instruction must be for the attempt that is open: one that has failed since used it
        # up.
        if attempts.authorization is not None and attempts.number not in attempts.failed:
            open_again.append(position)
    return InstructedAnswer(positions=tuple(open_again))


async def run_record_note(ports: Ports, request: NoteRecord) -> Recorded:
    """Keeps one line of a campaign's trail."""
    note = request.note
    key = trail_key(request.campaign_id, request.at, note.what, f"1-{request.number:04d}")
    await keep(
        ports,
        key=key,
        kind="campaign-note",
        vault=f"campaign {request.campaign_id}",
        run_id=request.campaign_id,
        data={**to_json(note), "at": request.at.isoformat()},
    )
    return Recorded(key=key)


async def run_record_campaign(ports: Ports, request: CampaignRecord) -> Recorded:
    """Keeps how a campaign ended, once per round."""
    state = request.state
    key = f"{campaign_prefix(state.campaign_id)}/outcome-{state.round_no:03d}.json"
    await keep(
        ports,
        key=key,
        kind="campaign-outcome",
        vault=f"campaign {state.campaign_id}",
        run_id=state.campaign_id,
        data={"state": to_json(state), "at": request.at.isoformat()},
    )
    return Recorded(key=key)
