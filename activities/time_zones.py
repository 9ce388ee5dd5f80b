"""Plans the time zone of every policy, and afterwards reads what is there.

The expected zone comes from the request; where nobody named one, a policy without a zone is a
decision somebody has to take, never a guess (DESIGN rule 6).
"""

from dataclasses import replace

from activities.evidence import keep, keep_findings
from activities.policies import policy_key
from adapters.ports import Ports
from domain.checks import time_zone
from domain.codec import JsonObject, to_json
from domain.documents import diff_documents
from domain.findings import Fact, Finding, Verdict
from domain.policies import Policy, parse_policy, put_body
from domain.readings import tasks_of
from domain.settling import SettleRequest, ZonePlan
from domain.summaries import StepSummary
from domain.vaults import Provenance
from domain.zone_changes import Change, plan_zone_change

INTEGRITY_CHECK = "policy-integrity"
"""Check id of the findings that nothing but the zone was changed."""


async def run_plan_time_zones(ports: Ports, settle: SettleRequest) -> ZonePlan:
    """Decides for every policy what has to be done, and keeps the plan.

    Raises:
        ServiceError: The policies could not be read.
    """
    reading = await ports.recovery_services.list_policies(settle.vault)
    plans: list[JsonObject] = []
    to_change: list[str] = []
    decisions: list[str] = []
    for document in reading.value:
        policy = parse_policy(document)
        if settle.time_zone is None:
            decisions += _undecided(policy)
            continue
        day = ports.clock.now().date()
        change = plan_zone_change(
            document, zone=settle.time_zone, mode=settle.time_zone_mode, day=day
        )
        plans.append({"policy": policy.name, "plan": to_json(change)})
        if isinstance(change, Change):
            to_change.append(policy.name)
    plan = ZonePlan(to_change=tuple(to_change), decisions=tuple(decisions))
    await keep(
        ports,
        key=f"{settle.prefix}/09-time-zone-plan.json",
        kind="time-zone-plan",
        vault=str(settle.vault),
        run_id=settle.run_id,
        data={"expectedZone": settle.time_zone, "policies": plans, **to_json(plan)},
    )
    return plan


def _undecided(policy: Policy) -> list[str]:
    if not policy.may_have_zone or policy.has_zone:
        return []
    text = f"Policy {policy.name} has no time zone and the request names none"
    return [f"{text}: hand the vault in again with timeZone."]


async def run_verify_time_zones(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Reads every policy and judges its zone, and that nothing else was changed.

    Raises:
        ServiceError: The policies could not be read.
    """
    reading = await ports.recovery_services.list_policies(settle.vault)
    judged = time_zone.check(reading, vault=settle.vault.name, expected=settle.time_zone)
    findings = [await _explained(ports, settle, finding) for finding in judged]
    for document in reading.value:
        findings += await _integrity(ports, settle, document, reading.provenance)
    return await keep_findings(ports, settle, "09-time-zones", tuple(findings), tasks_of(findings))


async def _explained(ports: Ports, settle: SettleRequest, finding: Finding) -> Finding:
    """A policy that lacks its zone, with what became of the write."""
    if finding.verdict is not Verdict.FAIL:
        return finding
    why_not = await _why_not(ports, settle, finding.subject)
    message = f"{finding.message}. {why_not}" if why_not else finding.message
    return replace(finding, message=message)


async def _why_not(ports: Ports, settle: SettleRequest, policy_name: str) -> str:
    """What the last word about the policy's write was; empty when it was never written."""
    for part in ("result", "write"):
        write = await ports.evidence.read(policy_key(settle, policy_name, part))
        if write is not None:
            return str(write["data"]["message"])
    return ""


async def _integrity(
    ports: Ports, settle: SettleRequest, document: JsonObject, provenance: Provenance
) -> list[Finding]:
    """For a policy that was to be written: it is as it was, or as meant, or somebody meddled."""
    name = str(document.get("name"))
    kept = await ports.evidence.read(policy_key(settle, name, "before"))
    if kept is None:
        return []
    now = put_body(document)
    strays = diff_documents(kept["data"]["intended"], now)
    # A write that was refused left the policy as it was: that is no stray change.
    untouched = not diff_documents(put_body(kept["data"]["before"]), now)
    is_sound = untouched or not strays
    text = "; ".join(f"{one.path}: {one.before} became {one.after}" for one in strays)
    return [
        Finding(
            check_id=INTEGRITY_CHECK,
            verdict=Verdict.PASS if is_sound else Verdict.FAIL,
            subject=name,
            message="nothing but what was meant to be changed" if is_sound else text,
            what_to_do="" if is_sound else f"Compare {name} with its before-image in evidence.",
            facts=(Fact(field="properties", value=text or "as intended", provenance=provenance),),
        )
    ]
