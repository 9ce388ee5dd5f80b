"""Runs to make reports of: one of each kind a reader meets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.checklist import checklist
from domain.findings import Fact, Finding, Verdict, tally
from domain.outcomes import (
    ManualTask,
    Milestone,
    SettlementOutcome,
    SettlementReport,
    VaultOutcome,
    VaultReport,
)
from domain.outlooks import PolicyOutlook
from domain.upgrade import PrerequisiteReason, RunState, Severity
from domain.vaults import ClassicVaultRef, Provenance, VaultRef

NOON = datetime(2017, 9, 5, 12, 0, tzinfo=UTC)
SUBSCRIPTION = "7d7e3b8e-3c1b-4b65-9a43-1f2d6c0a9b11"
OPERATION_ID = "b2b9c8f0-5f4c-4d7e-8a39-6a0f4d1c2e57-2017-09-05 12:00:03Z-PS"


def provenance(path: str = "backupPolicies") -> Provenance:
    """A read of something in the vault, one minute past noon."""
    return Provenance(
        source=f"GET /subscriptions/{SUBSCRIPTION}/…/{path}",
        request_id="1f0c9a52-8a4e-4a1b-bd3e-0d6f3a9f1c20",
        read_at=NOON + timedelta(minutes=1),
    )


def finding(verdict: Verdict, *, check_id: str = "time-zone", subject: str = "Daily") -> Finding:
    """A finding about one policy, with a field that was there and one that was not."""
    return Finding(
        check_id=check_id,
        verdict=verdict,
        subject=subject,
        message=f"The policy's zone: {verdict.value}.",
        what_to_do="" if verdict is Verdict.PASS else "Set the zone in the portal.",
        facts=(
            Fact(field="properties.timeZone", value="UTC", provenance=provenance()),
            Fact(field="properties.settings", value=None),
        ),
    )


def outcome(name: str, state: RunState, *, hours: float = 12.0) -> VaultOutcome:
    """The end of a run that started at noon, without findings."""
    vault = ClassicVaultRef(subscription_id=SUBSCRIPTION, region="West US", name=name)
    return VaultOutcome(
        instance_id=f"upgrade-{vault.key}",
        run_id="request-1",
        vault=vault,
        target=VaultRef(subscription_id=SUBSCRIPTION, resource_group="rg-upgraded", name=name),
        state=state,
        reasons=(),
        operation_id=OPERATION_ID,
        started_at=NOON,
        ended_at=NOON + timedelta(hours=hours),
        tally=tally(()),
        task_count=0,
        evidence_prefix=f"vaults/{vault.key}/runs/request-1",
    )


def report(
    name: str = "vault-clean",
    state: RunState = RunState.CLOSED,
    *,
    findings: tuple[Finding, ...] = (),
    tasks: tuple[ManualTask, ...] = (),
    prerequisites: tuple[PrerequisiteReason, ...] = (),
    reasons: tuple[str, ...] = (),
) -> VaultReport:
    """A whole run: upgraded in 24 minutes and proven after 12 hours."""
    end = replace(
        outcome(name, state), tally=tally(findings), task_count=len(tasks), reasons=reasons
    )
    return VaultReport(
        outcome=end,
        requested_by="nora@contoso.example",
        trigger="UserTriggered",
        upgrade_started_at=NOON + timedelta(minutes=1),
        upgrade_ended_at=NOON + timedelta(minutes=25),
        prerequisites=prerequisites,
        milestones=(
            Milestone(state=RunState.INSPECTING, at=NOON),
            Milestone(state=RunState.UPGRADING, at=NOON + timedelta(minutes=1)),
            Milestone(state=RunState.PROVING, at=NOON + timedelta(minutes=26)),
            Milestone(state=state, at=end.ended_at),
        ),
        findings=findings,
        tasks=tasks,
        support_bundle=None,
    )


def blocked_report() -> VaultReport:
    """Two machines with old agents: the check failed and nothing was started."""
    old_agents = PrerequisiteReason(
        severity=Severity.ERROR,
        category="Agent",
        code="AgentVersionNotSupported",
        message="files01.contoso.example;2.0.8703.0|files02.contoso.example;2.0.9062.0",
        rows=(
            ("files01.contoso.example", "2.0.8703.0"),
            ("files02.contoso.example", "2.0.9062.0"),
        ),
        recommended_action="Install the latest agent on each machine.",
    )
    made = report(
        "vault-old-agent",
        RunState.BLOCKED,
        prerequisites=(old_agents,),
        reasons=("2 machines run an agent below 2.0.9083.0.",),
    )
    return replace(
        made,
        outcome=replace(
            made.outcome, operation_id=None, target=None, ended_at=NOON + timedelta(seconds=3)
        ),
        trigger=None,
        upgrade_started_at=None,
        upgrade_ended_at=None,
        milestones=(
            Milestone(state=RunState.INSPECTING, at=NOON),
            Milestone(state=RunState.CHECKING, at=NOON + timedelta(seconds=1)),
            Milestone(state=RunState.BLOCKED, at=NOON + timedelta(seconds=3)),
        ),
    )


def failed_report() -> VaultReport:
    """An upgrade that started and failed: a support bundle is ready."""
    made = report(
        "vault-failing",
        RunState.NEEDS_SUPPORT,
        reasons=("The upgrade ended as Failed after it had started; it is not retried.",),
    )
    return replace(made, support_bundle=f"{made.outcome.evidence_prefix}/support-bundle.json")


TIMES = (
    "Runs daily at 22:30 (W. Europe Standard Time) = 21:30 UTC. On 2026-03-29 the clocks change."
)


def outlook(**members: Any) -> PolicyOutlook:
    """A policy that got its zone."""
    values = {
        "policy": "Daily",
        "decision": "change",
        "reason": "",
        "differences": ("properties.timeZone: (absent) becomes W. Europe Standard Time",),
        "now": ("Runs daily at 22:30 on the clock of a zone it does not name.",),
        "then": (TIMES,),
        "written": "changed",
        "message": "Read back as it was meant.",
        "undo": "vaults/key/settlements/request-1/09-policies/Daily/1-01-before.json",
        **members,
    }
    return PolicyOutlook(**values)


def settlement(
    name: str = "vault-old",
    state: RunState = RunState.CLOSED,
    *,
    findings: tuple[Finding, ...] = (),
    tasks: tuple[ManualTask, ...] = (),
    **members: Any,
) -> SettlementReport:
    """A settlement of a vault upgraded years ago, done in five minutes."""
    vault = VaultRef(subscription_id=SUBSCRIPTION, resource_group="rg-old", name=name)
    end = SettlementOutcome(
        instance_id=f"settle-{vault.key}",
        run_id="request-1",
        vault=vault,
        state=state,
        reasons=(),
        pending_changes=members.pop("pending_changes", ()),
        started_at=NOON,
        ended_at=NOON + timedelta(minutes=5),
        tally=tally(findings),
        task_count=len(tasks),
        evidence_prefix=f"vaults/{vault.key}/settlements/request-1",
    )
    values = {
        "requested_by": "nora@contoso.example",
        "checklist": checklist(findings),
        "findings": findings,
        "tasks": tasks,
        "work_list": (),
        "policies": (outlook(),),
        **members,
    }
    return SettlementReport(outcome=end, **values)


def mixed_reports() -> tuple[VaultReport, ...]:
    """One run of every kind."""
    task = ManualTask(
        subject="files01.contoso.example",
        text="Open the agent on this machine and save its schedule once more.",
        check_id="time-zone",
    )
    findings = (
        finding(Verdict.PASS, subject="DailyVm"),
        finding(Verdict.PASS, subject="SqlLog"),
        finding(Verdict.FAIL, subject="FileServers"),
        finding(Verdict.UNKNOWN, check_id="job-sync", subject="vm-web-07"),
    )
    return (
        report("vault-clean", findings=(finding(Verdict.PASS),)),
        blocked_report(),
        failed_report(),
        report(
            "vault-policies",
            RunState.CLOSED_WITH_TASKS,
            findings=findings,
            tasks=(task, replace(task, subject="files02.contoso.example")),
        ),
    )
