"""Every activity by its registered name, and the shells that put the bodies into the app."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from azure import durable_functions as df

from activities.admission import run_admit_waiting, run_look_at_admitted
from activities.agents import run_list_agents
from activities.audits import (
    run_check_vault,
    run_list_estate,
    run_read_audit_page,
    run_record_audit,
    run_record_audit_page,
    run_sum_up_audit,
)
from activities.campaigns import (
    run_find_instructed,
    run_look_at_runs,
    run_record_campaign,
    run_record_note,
    run_send_vaults,
)
from activities.confirmation import run_confirm_upgrade
from activities.inspection import run_inspect_vault
from activities.items import run_read_items
from activities.job_sync import run_read_job_sync
from activities.lost_machines import run_unregister_machines
from activities.operations import (
    run_read_operation,
    run_record_escalation,
    run_record_failure,
)
from activities.plans import run_record_approval, run_record_plan, run_record_reminder
from activities.policies import run_write_policy_zone
from activities.policy_results import run_check_policy_write, run_read_policy_write
from activities.prechecks import run_read_prechecks
from activities.prerequisites import run_check_prerequisites
from activities.providers import run_read_providers, run_register_providers
from activities.reports import run_make_reports, run_plan_reports, run_read_reports
from activities.retries import run_read_attempt
from activities.rosters import run_register_machines
from activities.security import run_read_security
from activities.settlements import (
    run_read_lineage,
    run_record_answer,
    run_record_settlement,
)
from activities.starting import run_start_upgrade
from activities.time_zones import run_plan_time_zones, run_verify_time_zones
from activities.verdicts import run_record_verdict
from adapters.ports import Ports, UpgradeRuns
from domain import admission, audits, campaign_steps, rosters, settling, steps
from domain.codec import from_json, to_object
from domain.errors import OutcomeUnknownError
from orchestrators import names

LONGEST_ACTIVITY_S = 9 * 60.0
"""Seconds after which an activity is given up, a minute before host.json's functionTimeout. There
the host stops the worker with everything else it does, and runs the same activity again, without
end: the workflow would never hear of it."""


@dataclass(frozen=True)
class Activity:
    """One activity: its registered name, its body, and what it takes."""

    name: str
    body: Callable[[Ports, Any], Awaitable[Any]]
    request: type


ACTIVITIES = (
    Activity(names.INSPECT_VAULT, run_inspect_vault, steps.InspectRequest),
    Activity(names.CHECK_PREREQUISITES, run_check_prerequisites, steps.CheckRequest),
    Activity(names.READ_PRECHECKS, run_read_prechecks, steps.PrecheckRequest),
    Activity(names.REGISTER_PROVIDERS, run_register_providers, steps.RegistrationRequest),
    Activity(names.UNREGISTER_MACHINES, run_unregister_machines, steps.UnregisterRequest),
    Activity(names.READ_PROVIDERS, run_read_providers, steps.RegistrationRequest),
    Activity(names.READ_ATTEMPT, run_read_attempt, steps.AttemptRequest),
    Activity(names.RECORD_PLAN, run_record_plan, steps.PlanRequest),
    Activity(names.RECORD_APPROVAL, run_record_approval, steps.ApprovalRecord),
    Activity(names.RECORD_REMINDER, run_record_reminder, steps.ReminderRecord),
    Activity(names.START_UPGRADE, run_start_upgrade, steps.StartRequest),
    Activity(names.READ_OPERATION, run_read_operation, steps.AwaitRequest),
    Activity(names.RECORD_ESCALATION, run_record_escalation, steps.AwaitRequest),
    Activity(names.RECORD_FAILURE, run_record_failure, steps.FailureRecord),
    Activity(names.CONFIRM_UPGRADE, run_confirm_upgrade, steps.ConfirmRequest),
    Activity(names.READ_LINEAGE, run_read_lineage, settling.SettleRequest),
    Activity(names.PLAN_TIME_ZONES, run_plan_time_zones, settling.SettleRequest),
    Activity(names.PLAN_REPORTS, run_plan_reports, settling.SettleRequest),
    Activity(names.RECORD_ANSWER, run_record_answer, settling.SettlingAnswer),
    Activity(names.WRITE_POLICY_ZONE, run_write_policy_zone, settling.PolicyChange),
    Activity(names.READ_POLICY_WRITE, run_read_policy_write, settling.PolicyFollowUp),
    Activity(names.CHECK_POLICY_WRITE, run_check_policy_write, settling.PolicyCheck),
    Activity(names.VERIFY_TIME_ZONES, run_verify_time_zones, settling.SettleRequest),
    Activity(names.READ_SECURITY, run_read_security, settling.SettleRequest),
    Activity(names.REGISTER_MACHINES, run_register_machines, rosters.RosterRequest),
    Activity(names.LIST_AGENTS, run_list_agents, settling.SettleRequest),
    Activity(names.READ_ITEMS, run_read_items, settling.SettleRequest),
    Activity(names.MAKE_REPORTS, run_make_reports, settling.SettleRequest),
    Activity(names.READ_REPORTS, run_read_reports, settling.SettleRequest),
    Activity(names.READ_JOB_SYNC, run_read_job_sync, settling.JobSyncRequest),
    Activity(names.RECORD_VERDICT, run_record_verdict, steps.VerdictRequest),
    Activity(names.RECORD_SETTLEMENT, run_record_settlement, settling.SettlementVerdictRequest),
    Activity(names.LIST_ESTATE, run_list_estate, audits.AuditRequest),
    Activity(names.READ_AUDIT_PAGE, run_read_audit_page, audits.PageRequest),
    Activity(names.CHECK_VAULT, run_check_vault, audits.VaultAuditRequest),
    Activity(names.RECORD_AUDIT_PAGE, run_record_audit_page, audits.PageRecord),
    Activity(names.SUM_UP_AUDIT, run_sum_up_audit, audits.SummaryRequest),
    Activity(names.RECORD_AUDIT, run_record_audit, audits.AuditSummary),
    Activity(names.SEND_VAULTS, run_send_vaults, campaign_steps.SendRequest),
    Activity(names.FIND_INSTRUCTED, run_find_instructed, campaign_steps.InstructedRequest),
    Activity(names.RECORD_NOTE, run_record_note, campaign_steps.NoteRecord),
    Activity(names.RECORD_CAMPAIGN, run_record_campaign, campaign_steps.CampaignRecord),
)


@dataclass(frozen=True)
class RunsActivity:
    """One activity that reads or begins runs: it is given a durable client."""

    name: str
    body: Callable[[Ports, UpgradeRuns, Any], Awaitable[Any]]
    request: type


# Apart from the others: a client binding costs each call something, and most need none.
RUNS_ACTIVITIES = (
    RunsActivity(names.LOOK_AT_RUNS, run_look_at_runs, campaign_steps.LookRequest),
    RunsActivity(names.ADMIT_WAITING, run_admit_waiting, admission.AdmitRequest),
    RunsActivity(names.LOOK_AT_ADMITTED, run_look_at_admitted, admission.AdmittedLook),
)

type RunsOf = Callable[[Any], UpgradeRuns]
"""Makes the port from the durable client of one invocation."""


def activity_blueprint(ports: Ports, runs_of: RunsOf) -> df.Blueprint:
    """The blueprint that registers every activity."""
    blueprint = df.Blueprint()
    for one in RUNS_ACTIVITIES:
        # The client binding goes around the trigger: one function with both.
        bound = blueprint.activity_trigger(input_name="request", activity=one.name)(
            runs_shell(one, ports, runs_of)
        )
        blueprint.durable_client_input(client_name="client")(bound)
    for activity in ACTIVITIES:
        shell = activity_shell(activity, ports)
        blueprint.activity_trigger(input_name="request", activity=activity.name)(shell)
    return blueprint


def activity_shell(
    activity: Activity, ports: Ports, limit_s: float = LONGEST_ACTIVITY_S
) -> Callable[[dict[str, Any]], Any]:
    """The function the host calls: plain JSON in, plain JSON out; it ends within ``limit_s``."""

    # The worker runtime refuses `dict[str, Any]` as the annotation of a trigger's parameter
    # (facts: durable-2x 2), so the plain class it is.
    async def shell(request: dict) -> dict:  # type: ignore[type-arg]
        body = activity.body(ports, from_json(activity.request, request))
        return to_object(await _in_time(activity.name, body, limit_s))

    shell.__name__ = activity.name
    shell.__doc__ = activity.body.__doc__
    return shell


def runs_shell(activity: RunsActivity, ports: Ports, runs_of: RunsOf) -> Callable[..., Any]:
    """As :func:`activity_shell`, with the durable client of the invocation."""

    async def shell(request: dict, client: df.DurableFunctionsClient) -> dict:  # type: ignore[type-arg]
        body = activity.body(ports, runs_of(client), from_json(activity.request, request))
        return to_object(await _in_time(activity.name, body, LONGEST_ACTIVITY_S))

    shell.__name__ = activity.name
    shell.__doc__ = activity.body.__doc__
    return shell


async def _in_time[T](name: str, body: Awaitable[T], limit_s: float) -> T:
    """What an activity gives; one that takes too long fails where it stands, as in a crash.

    Raises:
        OutcomeUnknownError: The activity was given up after ``limit_s`` seconds.
    """
    bound = asyncio.timeout(limit_s)
    try:
        async with bound:
            return await body
    except TimeoutError as late:
        # A time-out of the body's own says more about what was slow.
        if not bound.expired():
            raise
        raise OutcomeUnknownError(
            f"did not end within {limit_s / 60:g} minutes and was given up", subject=name
        ) from late
