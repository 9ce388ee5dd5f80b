"""Plans the time zone of every policy, and afterwards reads what is there.

The expected zone comes from the request; where nobody named one, a policy without a zone is a
decision somebody has to take, never a guess (DESIGN rule 6).
"""

from activities.evidence import keep, keep_findings
from activities.policies import policy_key
from adapters.ports import Ports
from domain.codec import JsonObject, to_json
from domain.documents import diff_documents
from domain.findings import Fact, Finding, Verdict
from domain.outcomes import ManualTask
from domain.policies import Policy, ZoneState, parse_policy, put_body
from domain.steps import SettleRequest, StepSummary, ZonePlan
from domain.time_zones import find_windows_zone
from domain.vaults import Provenance
from domain.zone_changes import Change, plan_zone_change

ZONE_CHECK = "time-zone"
"""Check id of the findings about a policy's zone."""

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
    return [
        f"Policy {policy.name} has no time zone and the request names none: hand the vault in "
        "again with timeZone."
    ]


async def run_verify_time_zones(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Reads every policy and judges its zone, and that nothing else was changed.

    Raises:
        ServiceError: The policies could not be read.
    """
    reading = await ports.recovery_services.list_policies(settle.vault)
    findings: list[Finding] = []
    tasks: list[ManualTask] = []
    for document in reading.value:
        policy = parse_policy(document)
        why_not = await _why_not(ports, settle, policy.name)
        finding = judge_zone(policy, settle.time_zone, reading.provenance, why_not)
        findings.append(finding)
        tasks += _tasks(policy, finding)
        findings += await _integrity(ports, settle, policy, document, reading.provenance)
    return await keep_findings(
        ports, settle, "09-time-zones", tuple(findings), tuple(tasks)
    )


async def _why_not(ports: Ports, settle: SettleRequest, policy_name: str) -> str:
    """What the last word about the policy's write was; empty when it was never written."""
    for part in ("result", "write"):
        write = await ports.evidence.read(policy_key(settle, policy_name, part))
        if write is not None:
            return str(write["data"]["message"])
    return ""


def judge_zone(
    policy: Policy, expected: str | None, provenance: Provenance, why_not: str = ""
) -> Finding:
    """Whether the policy has the zone it should have.

    Args:
        policy: The policy as it is now.
        expected: Canonical Windows id, or None where nobody named one.
        provenance: Where the policy was read.
        why_not: What became of the write, for a policy that still lacks its zone.
    """
    verdict, message = _zone_verdict(policy, expected, why_not)
    return Finding(
        check_id=ZONE_CHECK,
        verdict=verdict,
        subject=policy.name,
        message=message,
        what_to_do="" if verdict in {Verdict.PASS, Verdict.UNKNOWN} else _advice(policy),
        facts=(
            Fact(
                field=policy.zone_path or "properties",
                value=policy.raw_zone,
                provenance=provenance,
            ),
        ),
    )


def _zone_verdict(policy: Policy, expected: str | None, why_not: str) -> tuple[Verdict, str]:
    if policy.zone_state is ZoneState.NOT_APPLICABLE:
        kind = policy.management_type
        return Verdict.NOT_APPLICABLE, f"{kind} policies keep no time zone in Azure."
    if policy.zone_state is ZoneState.UNKNOWN_KIND:
        return Verdict.UNKNOWN, f"Unknown kind of policy {policy.management_type!r}."
    if not policy.has_zone:
        reason = f" {why_not}" if why_not else ""
        return Verdict.FAIL, f"The policy's time zone is {policy.zone_state.value}.{reason}"
    if expected is None or find_windows_zone(policy.raw_zone or "") == expected:
        return Verdict.PASS, f"The time zone is {policy.raw_zone}."
    reason = f" {why_not}" if why_not else ""
    return Verdict.FAIL, f"The time zone is {policy.raw_zone}, not {expected}.{reason}"


def _advice(policy: Policy) -> str:
    if policy.zone_state is ZoneState.NOT_APPLICABLE:
        return (
            f"Check the clock and time zone of every machine that backs up by {policy.name}: "
            "its schedule runs by the machine's own clock."
        )
    return f"Set the time zone of {policy.name} by hand, or hand the vault in again."


def _tasks(policy: Policy, finding: Finding) -> list[ManualTask]:
    if not finding.what_to_do:
        return []
    return [
        ManualTask(subject=policy.name, text=finding.what_to_do, check_id=finding.check_id)
    ]


async def _integrity(
    ports: Ports,
    settle: SettleRequest,
    policy: Policy,
    document: JsonObject,
    provenance: Provenance,
) -> list[Finding]:
    """For a policy that was written: whether it differs from what was meant to be written."""
    before = await ports.evidence.read(policy_key(settle, policy.name, "before"))
    if before is None:
        return []
    strays = diff_documents(before["data"]["intended"], put_body(document))
    text = "; ".join(f"{one.path}: {one.before} became {one.after}" for one in strays)
    return [
        Finding(
            check_id=INTEGRITY_CHECK,
            verdict=Verdict.FAIL if strays else Verdict.PASS,
            subject=policy.name,
            message=text or "Nothing but the intended members was changed.",
            what_to_do="Compare the policy with its before-image in the evidence." if strays else "",
            facts=(Fact(field="properties", value=text or "as intended", provenance=provenance),),
        )
    ]
