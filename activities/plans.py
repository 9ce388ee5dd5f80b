"""Keeps the plan of an upgrade, and every answer to it."""

import logging

from activities.before_images import BEFORE_IMAGE
from activities.evidence import keep_step
from adapters.ports import Ports
from domain.plans import build_plan, plan_hash
from domain.steps import ApprovalRecord, PlanRecord, PlanRequest, Recorded, ReminderRecord

_LOG = logging.getLogger("vaultlift.activities.plans")

HASH_DIGITS = 12
"""Digits of the plan's hash in a document's name: enough to tell plans of one run apart."""


async def run_record_plan(ports: Ports, request: PlanRequest) -> PlanRecord:
    """Builds the plan and keeps it; the same plan is kept once however often it is made.

    Raises:
        EvidenceError: The plan could not be kept.
    """
    run = request.run
    plan = build_plan(
        run.request,
        request.classic,
        request.check,
        operation_id=request.operation_id,
        result=request.result,
        retry=request.attempt.reason,
        before_images=tuple(
            f"{run.prefix}/{step}.json" for step in ("02-inspection", BEFORE_IMAGE)
        ),
    )
    digest = plan_hash(plan)
    # Named by its hash: a plan that changed is another document, and the one approved stays.
    step = f"04-plan-{digest[:HASH_DIGITS]}"
    await keep_step(ports, run, step, plan)
    return PlanRecord(plan_hash=digest, key=f"{run.prefix}/{step}.json")


async def run_record_reminder(ports: Ports, request: ReminderRecord) -> Recorded:
    """Keeps that nobody has answered yet, and says so where operators look.

    Raises:
        EvidenceError: It could not be kept.
    """
    run = request.run
    _LOG.warning(
        "%s waits for an approval of plan %s until %s (%s)",
        run.request.vault,
        request.plan_hash[:HASH_DIGITS],
        request.expires_at.isoformat(timespec="minutes"),
        run.instance_id,
    )
    # By the orchestration's clock, which a second execution tells alike: it finds its own document.
    step = f"05-reminder-{request.at:%Y%m%dT%H%M%S%f}"
    await keep_step(ports, run, step, request)
    return Recorded(key=f"{run.prefix}/{step}.json")


async def run_record_approval(ports: Ports, request: ApprovalRecord) -> Recorded:
    """Keeps one answer, whether it counted or not: who, what and when.

    Raises:
        EvidenceError: The answer could not be kept.
    """
    step = f"05-approval-{request.at:%Y%m%dT%H%M%S%f}"
    await keep_step(ports, request.run, step, request)
    return Recorded(key=f"{request.run.prefix}/{step}.json")
