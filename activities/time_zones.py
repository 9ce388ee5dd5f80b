"""Plans the time zone of every policy, and afterwards reads what is there.

Who says which zone is expected: :mod:`domain.zone_sources`. Where nobody does, a policy without a
zone is a decision somebody has to take, never a guess (DESIGN rule 6).
"""

from dataclasses import replace
from datetime import datetime

from activities.attempts import attempt
from activities.edit_ledger import read_edits
from activities.evidence import keep, keep_findings
from activities.outlooks import PLAN_STEP
from activities.policy_evidence import body_of, last_intention, last_word, policy_folder
from adapters.ports import Ports
from domain.checks import time_zone
from domain.checks.catalog import POLICY_INTEGRITY
from domain.codec import JsonObject, to_json
from domain.documents import diff_documents
from domain.edit_budget import MAX_EDITS, first_possible_end
from domain.findings import Fact, Finding, Verdict
from domain.policies import Policy, parse_policy
from domain.policy_machines import machines_by_policy
from domain.previews import preview, preview_of
from domain.readings import FailedRead, tasks_of
from domain.retention import legacy_retention_problem
from domain.run_slots import run_slots
from domain.settle_plans import change_sentence
from domain.settling import SettleRequest, ZonePlan
from domain.summaries import StepSummary
from domain.time_zones import find_windows_zone
from domain.vaults import Provenance
from domain.zone_changes import Change, Refused, ZoneChange, plan_zone_change
from domain.zone_sources import ExpectedZone, expected_zone


async def run_plan_time_zones(ports: Ports, settle: SettleRequest) -> ZonePlan:
    """Decides for every policy what has to be done, and keeps the plan with its previews.

    Raises:
        ServiceError: The vault or its policies could not be read.
    """
    expected = await _expected(ports, settle)
    reading = await ports.recovery_services.list_policies(settle.vault)
    rows: list[JsonObject] = []
    to_change: list[str] = []
    changes: list[str] = []
    decisions: list[str] = []
    for document in reading.value:
        policy = parse_policy(document)
        # Every policy is planned even so: the previews help whoever has to decide.
        if expected.zone is None:
            decisions += _undecided(policy, expected)
            rows.append(_row(ports, document, None))
            continue
        # The same function that the write uses, on today's document; the write plans again on its
        # own.
        planned = plan_zone_change(
            document,
            zone=expected.zone,
            mode=settle.time_zone_mode,
            day=ports.clock.now().date(),
        )
        planned = _refused_for_retention(document, planned)
        rows.append(_row(ports, document, planned))
        if isinstance(planned, Change):
            to_change.append(policy.name)
            changes.append(change_sentence(policy.name, planned.differences))
    plan = ZonePlan(
        to_change=tuple(to_change),
        decisions=tuple(decisions),
        zone=expected.zone,
        source=expected.source,
        changes=tuple(changes),
        earliest_end=await _earliest_end(ports, settle, len(to_change)),
    )
    await keep(
        ports,
        key=f"{settle.prefix}/{PLAN_STEP}.json",
        kind="time-zone-plan",
        vault=str(settle.vault),
        run_id=settle.run_id,
        data={"expected": to_json(expected), "policies": rows, **to_json(plan)},
    )
    return plan


async def _expected(ports: Ports, settle: SettleRequest) -> ExpectedZone:
    # The request outweighs tag and map, so the vault need not be read for them.
    document: JsonObject = {}
    if settle.time_zone is None:
        document = (await ports.recovery_services.read_vault(settle.vault)).value
    return expected_zone(settle.time_zone, settle.vault, document, ports.estate_map.zones)


def _undecided(policy: Policy, expected: ExpectedZone) -> list[str]:
    """Why somebody has to decide about a policy; a policy with a valid zone is left as it is."""
    if not policy.may_have_zone or find_windows_zone(policy.raw_zone or "") is not None:
        return []
    has = f"the invalid time zone {policy.raw_zone!r}" if policy.has_zone else "no time zone"
    if expected.problem:
        return [f"Policy {policy.name} has {has}, and {expected.source} says {expected.problem}."]
    times = ", ".join(sorted({one.text[11:16] for one in policy.times if one.is_run}))
    runs = f" (it runs at {times})" if times else ""
    text = f"Policy {policy.name}{runs} has {has}, and neither the request nor a tag nor the estate"
    return [f"{text} map names one: hand the vault in again with timeZone."]


def _refused_for_retention(document: JsonObject, planned: ZoneChange) -> ZoneChange:
    problem = legacy_retention_problem(document) if isinstance(planned, Change) else None
    return Refused(reason=problem) if problem else planned


def _row(ports: Ports, document: JsonObject, planned: ZoneChange | None) -> JsonObject:
    """One policy of the plan: what it is, what it would be, and what its times mean either way."""
    now = ports.clock.now()
    shown = preview_of(document, now)
    row: JsonObject = {
        "policy": parse_policy(document).name,
        "plan": to_json(planned) if planned is not None else None,
        "runTimes": [str(slot) for slot in run_slots(document)],
        "previewNow": to_json(shown) if shown else None,
    }
    if isinstance(planned, Change):
        zone = parse_policy(planned.document).raw_zone or ""
        row["previewThen"] = to_json(preview(planned.document, zone, now))
    return row


async def _earliest_end(ports: Ports, settle: SettleRequest, count: int) -> datetime | None:
    edits = await read_edits(ports, settle.vault)
    # Only said where it takes days; a moment from now would read like a promise.
    if len(edits) + count <= MAX_EDITS:
        return None
    return first_possible_end(count, edits, ports.clock.now())


async def run_verify_time_zones(ports: Ports, settle: SettleRequest) -> StepSummary:
    """Reads every policy and judges its zone, and that nothing else was changed.

    Raises:
        ServiceError: The policies could not be read.
    """
    reading = await ports.recovery_services.list_policies(settle.vault)
    items = await attempt("the protected items", ports.recovery_services.list_items(settle.vault))
    named = None if isinstance(items, FailedRead) else machines_by_policy(items.value)
    judged = time_zone.check(
        reading,
        vault=settle.vault.name,
        expected=settle.time_zone,
        machines=named,
        now=ports.clock.now(),
    )
    # The policies are judged as they are now; evidence only adds why one is not as wanted.
    planned = await _planned_refusals(ports, settle)
    findings = [await _explained(ports, settle, finding, planned) for finding in judged]
    for document in reading.value:
        findings += await _integrity(ports, settle, document, reading.provenance)
    return await keep_findings(ports, settle, "09-time-zones", tuple(findings), tasks_of(findings))


async def _planned_refusals(ports: Ports, settle: SettleRequest) -> dict[str, str]:
    """Why the plan left policies alone, by their names."""
    document = await ports.evidence.read(f"{settle.prefix}/{PLAN_STEP}.json")
    rows = document["data"]["policies"] if document is not None else ()
    return {
        row["policy"]: row["plan"]["reason"]
        for row in rows
        if row["plan"] is not None and row["plan"]["kind"] == "refused"
    }


async def _explained(
    ports: Ports, settle: SettleRequest, finding: Finding, planned: dict[str, str]
) -> Finding:
    """A policy that lacks its zone, with what became of the write or why there was none."""
    if finding.verdict is not Verdict.FAIL:
        return finding
    word = await last_word(ports, policy_folder(settle.prefix, finding.subject)) or {}
    why_not = word.get("message") or planned.get(finding.subject, "")
    return replace(
        finding,
        message=f"{finding.message}. {why_not}" if why_not else finding.message,
        what_to_do=word.get("what_to_do") or finding.what_to_do,
    )


async def _integrity(
    ports: Ports, settle: SettleRequest, document: JsonObject, provenance: Provenance
) -> list[Finding]:
    """For a policy that was to be written: it is as it was, or as meant, or somebody meddled."""
    name = str(document.get("name"))
    folder = policy_folder(settle.prefix, name)
    kept = await last_intention(ports, folder)
    if kept is None:
        return []
    now = body_of(document)
    strays = diff_documents(body_of(kept["intended"]), now)
    # A write that was refused left the policy as it was: that is no stray change.
    untouched = not diff_documents(body_of(kept["before"]), now)
    problems = ((await last_word(ports, folder)) or {}).get("problems") or ()
    told = [f"{one.path}: {one.before} became {one.after}" for one in strays]
    wrong = [] if untouched else [*told, *problems]
    return [_integrity_finding(name, wrong, provenance)]


def _integrity_finding(name: str, wrong: list[str], provenance: Provenance) -> Finding:
    text = "; ".join(wrong)
    return Finding(
        check_id=POLICY_INTEGRITY.id,
        verdict=Verdict.FAIL if wrong else Verdict.PASS,
        subject=name,
        message=text or "nothing but what was meant to be changed",
        what_to_do=f"Compare {name} with its before-image in evidence." if wrong else "",
        facts=(Fact(field="properties", value=text or "as intended", provenance=provenance),),
    )
