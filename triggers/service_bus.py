"""The queue: one message, one vault. Validates, puts in order, starts (service-bus 6).

1. A message that can never be used goes to the rejected queue with the reason, and is done.
2. One that a campaign paces starts its vault's run at once, or joins the one that is there.
3. Any other becomes an entry of the admission order, and admission is told.

A message may come twice: entries, runs and copies have ids of their own, so the second time finds
the first. Whatever else goes wrong is raised: the queue delivers again, and dead-letters in the
end.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports, UpgradeRuns
from domain.admission import AdmissionState, Arrival, block_of, entry_key
from domain.codec import to_json
from domain.errors import InvalidInputError
from domain.evidence import accepted_document, accepted_key, evidence_document
from domain.intake_message import request_from_message
from domain.messages import QueueMessage
from domain.requests import UpgradeRequest
from orchestrators import names
from triggers.starts import begin
from triggers.views import ENDED

_LOG = logging.getLogger("vaultlift.triggers.service_bus")

REJECTED, STARTED, JOINED, WAITING = "rejected", "started", "joined", "waiting"
"""What may become of a message."""


@dataclass(frozen=True, kw_only=True)
class QueueOptions:
    """What the settings say about messages."""

    queue: str
    log_workspace_id: str | None
    """The workspace of vaults whose request names none."""
    approval_hours: int | None = None
    """How long a plan waits for an answer where the request does not say."""
    window: int
    """How many vaults that nobody paces may be in flight."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What taking a message needs."""

    ports: Ports
    client: df.DurableFunctionsClient
    runs: UpgradeRuns
    options: QueueOptions


async def take_message(intake: Intake, message: QueueMessage) -> str:
    """Takes one message; gives what became of it.

    Raises:
        Exception: Anything but an invalid message; the queue has to deliver it again.
    """
    try:
        request = request_from_message(message.body)
    except InvalidInputError as invalid:
        await intake.ports.queue.reject(message, _reason(invalid))
        # Not raised: the queue would deliver it ten times in a second, and dead-letter it without
        # our reason (service-bus 5, 6.7).
        _LOG.warning("rejected message %s: %s", message.message_id, _reason(invalid))
        return REJECTED
    if request.log_workspace_id is None:
        request = replace(request, log_workspace_id=intake.options.log_workspace_id)
    if request.approval_hours is None:
        request = replace(request, approval_hours=intake.options.approval_hours)
    # Also of a request that joins another's run: it is the only trace of who asked.
    accepted = accepted_document(replace(request, slot=None))
    await intake.ports.evidence.create(accepted_key(request), accepted)
    if await _is_paced(intake.client, request):
        return STARTED if await intake.runs.start(request) else JOINED
    return await _line_up(intake, message, replace(request, slot=None))


def _reason(invalid: InvalidInputError) -> str:
    return "; ".join(f"{one.field}: {one.message}" for one in invalid.problems)


async def _is_paced(client: df.DurableFunctionsClient, request: UpgradeRequest) -> bool:
    """Whether somebody who is there holds a slot for this vault.

    A slot of nobody, such as that of a replayed message of a campaign that has ended, would let
    its vault past every limit.
    """
    if request.slot is None:
        return False
    holder = await client.get_orchestration_state(request.slot.holder, fetch_payloads=False)
    return holder is not None and holder.runtime_status not in ENDED


async def _line_up(intake: Intake, message: QueueMessage, request: UpgradeRequest) -> str:
    run = await intake.runs.read(request.vault)
    # Nothing to wait for: the vault is on its way, or this very request has been answered.
    if run is not None and (not run.is_ended or run.request_id == request.request_id):
        return JOINED
    # By the queue's own number, which a redelivery keeps: the same message is the same entry.
    key = entry_key(message.sequence_number, request)
    await intake.ports.evidence.create(key, _entry(intake.ports, message, request))
    # After the entry: admission looks into the store when it hears of an arrival.
    await _tell_admission(intake, message)
    return WAITING


def _entry(ports: Ports, message: QueueMessage, request: UpgradeRequest) -> dict[str, Any]:
    return evidence_document(
        kind="admission",
        subject=str(request.vault),
        run_id=request.request_id,
        at=ports.clock.now(),
        data={"messageId": message.message_id, "request": to_json(request)},
    )


async def _tell_admission(intake: Intake, message: QueueMessage) -> None:
    """Begins admission if it is not there, and says where something waits."""
    client, window = intake.client, intake.options.window
    state = await client.get_orchestration_state(names.ADMISSION_ID, fetch_payloads=False)
    if state is None or state.runtime_status in ENDED:
        # Two messages may find it missing at once.
        fresh = to_json(AdmissionState(window=window))
        await begin(client, names.ADMIT_UPGRADES, fresh, names.ADMISSION_ID)
    arrival = Arrival(block=block_of(message.sequence_number), window=window)
    await client.raise_orchestration_event(
        names.ADMISSION_ID, names.SLOT_EVENT, data=to_json(arrival)
    )


def to_queue_message(message: func.ServiceBusMessage) -> QueueMessage:
    """The message in the domain's terms."""
    return QueueMessage(
        body=message.get_body(),
        message_id=message.message_id or "",
        session_id=message.session_id or "",
        # The binding's members are optional, although the broker sets them in every message it
        # delivers (service-bus 5).
        sequence_number=message.sequence_number or 0,
        delivery_count=message.delivery_count or 1,
    )


def queue_blueprint(
    ports: Ports, runs_of: Callable[[Any], UpgradeRuns], options: QueueOptions
) -> df.Blueprint:
    """The blueprint of the queue trigger; one session is one vault."""
    blueprint = df.Blueprint()

    @blueprint.function_name("on_upgrade_message")
    @blueprint.service_bus_queue_trigger(
        arg_name="message",
        queue_name=options.queue,
        connection="ServiceBusConnection",
        # A session per vault: two messages about one vault are never handled side by side.
        is_sessions_enabled=True,
    )
    @blueprint.durable_client_input(client_name="client")
    async def _on_upgrade_message(
        message: func.ServiceBusMessage, client: df.DurableFunctionsClient
    ) -> None:
        intake = Intake(ports=ports, client=client, runs=runs_of(client), options=options)
        await take_message(intake, to_queue_message(message))

    return blueprint
