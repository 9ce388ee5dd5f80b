"""Whether every policy names the time zone it should.

Master list of audit-checks: POL-01, POL-02, POL-03, POL-11.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.checks.catalog import TIME_ZONE
from domain.codec import JsonObject
from domain.findings import Fact, Finding, Verdict
from domain.policies import Policy, ZoneState, parse_policy, zone_path
from domain.policy_machines import MACHINE_FIELD
from domain.previews import preview_of
from domain.readings import Attempt, FailedRead, fact, unread
from domain.time_zones import find_windows_zone
from domain.vaults import Provenance

_ON_THE_MACHINES = (
    "ARM keeps no time zone for this policy: look on each machine that uses it whether its clock"
    " and the backup times shown in the agent are the ones wanted"
)
_ON_THE_SERVERS = (
    "ARM keeps neither schedule nor time zone for Azure SQL: look on each server that uses this"
    " policy when its databases are copied and whether the retention is still the one wanted"
)
_AZURE_SQL = "azuresql"
_SHOWN = 10
"""Machines named in a task's text; all of them are in its facts."""
_SET_ZONE = "Set the policy's time zone to {zone}."
_CHOOSE_ZONE = "Decide which time zone the policy's times are meant in, and set it."


def _judge(policy: Policy, expected: str | None) -> tuple[Verdict, str, str]:
    """Verdict, message and next step for a policy that keeps a zone."""
    to_do = _SET_ZONE.format(zone=expected) if expected else _CHOOSE_ZONE
    if policy.zone_state is not ZoneState.GIVEN:
        text = f"names no time zone ({policy.zone_state}); absent is not UTC"
        return Verdict.FAIL, text, to_do
    # Before the expected zone: an id the service itself cannot know is wrong whatever was expected,
    # and an IANA name in a policy is one (recovery-services 12).
    zone = find_windows_zone(policy.raw_zone or "")
    if zone is None:
        return Verdict.FAIL, f"names {policy.raw_zone!r}, which is no Windows zone id", to_do
    if expected is not None and zone != expected:
        return Verdict.FAIL, f"names {zone}, expected {expected}", to_do
    # Tools write UTC where nothing is given, and some reset to it on every edit (1.3).
    if zone == "UTC" and expected is None:
        return Verdict.PASS, "names UTC, which tools write by themselves: is it meant?", ""
    return Verdict.PASS, f"names {zone}", ""


def _where_to_look(policy: Policy) -> str:
    # Databases have no agent and no machine of their own.
    is_sql = policy.management_type.casefold() == _AZURE_SQL
    return _ON_THE_SERVERS if is_sql else _ON_THE_MACHINES


def _finding(document: JsonObject, expected: str | None, provenance: Provenance | None) -> Finding:
    policy = parse_policy(document)
    path = zone_path(document)
    subject = policy.name or "(policy without a name)"
    # A kind without a zone in ARM is a task for a person, never a pass (POL-11).
    if path is None:
        is_known = policy.zone_state is ZoneState.NOT_APPLICABLE
        kind = policy.management_type or "none given"
        return Finding(
            check_id=TIME_ZONE.id,
            verdict=Verdict.NOT_APPLICABLE if is_known else Verdict.UNKNOWN,
            subject=subject,
            message=f"policies of {kind} keep no zone" if is_known else f"unknown kind: {kind}",
            what_to_do=f"{_where_to_look(policy)}." if is_known else "",
            facts=(fact(document, ("properties", "backupManagementType"), provenance),),
        )
    verdict, message, to_do = _judge(policy, expected)
    return Finding(
        check_id=TIME_ZONE.id,
        verdict=verdict,
        subject=subject,
        message=message,
        what_to_do=to_do,
        facts=(fact(document, path, provenance),),
    )


def _with_machines(
    finding: Finding,
    document: JsonObject,
    names: tuple[str, ...] | None,
    provenance: Provenance,
) -> Finding:
    """The task for a policy without a zone in ARM, naming the machines it is about."""
    if finding.verdict is not Verdict.NOT_APPLICABLE or names is None:
        return finding
    if not names:
        # Told to be unused, and no item names it: there is no clock to look at. Not told is another
        # matter.
        if parse_policy(document).item_count != 0:
            return finding
        count = fact(document, ("properties", "protectedItemsCount"), provenance)
        message = f"{finding.message}, and nothing uses this one"
        return replace(finding, message=message, what_to_do="", facts=(*finding.facts, count))
    rest = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    machines = tuple(Fact(field=MACHINE_FIELD, value=name) for name in names)
    return replace(
        finding,
        what_to_do=f"{finding.what_to_do.removesuffix('.')}: {shown}.",
        facts=finding.facts + machines,
    )


def _with_preview(finding: Finding, document: JsonObject, now: datetime | None) -> Finding:
    """The finding with what the policy's times mean in the zone it names."""
    # A zone that is merely valid may still be the wrong one; a person sees that from the hours.
    shown = preview_of(document, now) if now is not None else None
    if shown is None or not shown.runs:
        return finding
    facts = tuple(Fact(field=f"preview: {run.slot}", value=run.text) for run in shown.runs)
    return replace(finding, facts=finding.facts + facts)


def check(
    policies: Attempt[tuple[JsonObject, ...]],
    *,
    vault: str,
    expected: str | None = None,
    machines: Mapping[str, tuple[str, ...]] | None = None,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """One finding per policy.

    Args:
        policies: The vault's policies, raw.
        vault: The vault's name, for what is not about one policy.
        expected: Canonical Windows id every policy should name; None: any valid one will do.
        machines: By policy name, case-folded, the machines of policies that keep no zone; None
            where the items could not be read.
        now: UTC; with it, each finding shows what the policy's times mean.
    """
    if isinstance(policies, FailedRead):
        return (unread(TIME_ZONE.id, vault, policies),)
    findings = []
    for document in policies.value:
        finding = _finding(document, expected, policies.provenance)
        key = finding.subject.casefold()
        names = machines.get(key, ()) if machines is not None else None
        finding = _with_machines(finding, document, names, policies.provenance)
        findings.append(_with_preview(finding, document, now))
    return tuple(findings)
