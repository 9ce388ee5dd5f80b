"""Timers: the nightly audit."""

import logging

import azure.functions as func
from azure import durable_functions as df

from adapters.ports import Ports
from domain.audits import AuditRequest
from domain.codec import to_json
from orchestrators import names
from triggers.starts import begin
from triggers.views import ENDED

_LOG = logging.getLogger("vaultlift.triggers.timers")


async def start_audit(
    client: df.DurableFunctionsClient, ports: Ports, subscriptions: tuple[str, ...]
) -> str:
    """Starts today's audit unless it was started already; gives its instance id."""
    # The day of UTC, as the timer's schedule is: the id must not change with the season.
    audit_id = f"{ports.clock.now():%Y-%m-%d}"
    # One a day: a timer that fires twice, or on two instances of the app, finds the first one's
    # audit.
    instance_id = f"audit-{audit_id}"
    state = await client.get_orchestration_state(instance_id, fetch_payloads=False)
    if state is None:
        request = AuditRequest(audit_id=audit_id, subscriptions=subscriptions)
        await begin(client, names.AUDIT_ESTATE, to_json(request), instance_id)
    elif state.runtime_status in ENDED:
        _LOG.info("the audit of %s has been done already", audit_id)
    return instance_id


def timer_blueprint(ports: Ports, subscriptions: tuple[str, ...], schedule: str) -> df.Blueprint:
    """The blueprint of the nightly timer.

    Args:
        ports: What the audit's start may use.
        subscriptions: The subscriptions to audit.
        schedule: NCRONTAB expression of six fields, UTC.
    """
    blueprint = df.Blueprint()

    @blueprint.function_name("nightly_audit")
    @blueprint.timer_trigger(arg_name="timer", schedule=schedule)
    @blueprint.durable_client_input(client_name="client")
    async def _nightly_audit(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
        if timer.past_due:
            _LOG.warning("the nightly audit starts late")
        await start_audit(client, ports, subscriptions)

    return blueprint
