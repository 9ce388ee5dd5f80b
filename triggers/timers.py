"""Timers: the nightly audit."""

import logging

import azure.functions as func
from azure import durable_functions as df
from durabletask.client import OrchestrationStatus

from adapters.ports import Ports
from domain.audits import AuditRequest
from domain.codec import to_json
from orchestrators import names
from triggers.starts import begin
from triggers.views import ENDED

_LOG = logging.getLogger("vaultlift.triggers.timers")

MAX_AUDITS_OF_DAY = 10
"""Begun on one day; what breaks ten of them breaks the next one, too."""

_ENDS = {
    OrchestrationStatus.FAILED: "failed",
    OrchestrationStatus.TERMINATED: "been terminated",
}
"""How an audit ends that is not done, for the log."""


async def start_audit(
    client: df.DurableFunctionsClient, ports: Ports, subscriptions: tuple[str, ...]
) -> str:
    """Starts today's audit unless one runs or is done already; gives its instance id.

    An audit that broke down or was terminated is begun again, as the day's next.
    """
    # The day of UTC, as the timer's schedule is: the id must not change with the season.
    day = f"{ports.clock.now():%Y-%m-%d}"
    instance_id = f"audit-{day}"
    for number in range(1, MAX_AUDITS_OF_DAY + 1):
        # An id of its own, as evidence is written once: what a broken audit kept stays what it was.
        audit_id = day if number == 1 else f"{day}-{number}"
        # One at a time: a timer that fires twice, or on two instances of the app, finds the first
        # one's audit.
        instance_id = f"audit-{audit_id}"
        state = await client.get_orchestration_state(instance_id, fetch_payloads=False)
        if state is None:
            request = AuditRequest(audit_id=audit_id, subscriptions=subscriptions)
            await begin(client, names.AUDIT_ESTATE, to_json(request), instance_id)
            return instance_id
        status = state.runtime_status
        if status is OrchestrationStatus.COMPLETED:
            _LOG.info("the audit of %s has been done already", day)
            return instance_id
        if status not in ENDED:
            _LOG.info("the audit of %s is not done yet: %s", day, status.name.lower())
            return instance_id
        _LOG.warning("audit %s is not done, it has %s", audit_id, _ENDS[status])
    _LOG.error("the audit of %s is not begun again: %d have ended early", day, MAX_AUDITS_OF_DAY)
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
