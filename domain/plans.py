"""The plan of one upgrade: what will be called, what cannot be undone, what follows from it.

An approval names the hash of a plan (DESIGN rule 3). The plan therefore holds everything a person
agrees to and nothing that changes from one reading to the next: no times, no request ids of reads.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.codec import to_json
from domain.lost_machine import LostMachine
from domain.prechecks import CheckReason, CheckResult
from domain.requests import TimeZoneMode, UpgradeRequest
from domain.upgrade import ClassicVault, PrerequisiteCheck, PrerequisiteReason

IRREVERSIBLE: tuple[str, ...] = (
    "There is no rollback once the vault has been upgraded.",
    "The classic vault can no longer be viewed or managed; only the new one can.",
    "Scripts and tools for classic Backup vaults do not work on the new vault.",
)
"""What cannot be undone (vault-upgrade 1.7)."""

BLOCKED_DURING: tuple[str, ...] = (
    "New items cannot be protected and machines cannot be registered.",
    "Backups on demand are not taken; scheduled backups go on.",
    "Virtual machines cannot be restored; restores already running go on.",
)
"""What is not possible while the upgrade runs (vault-upgrade 1.5)."""

CONSEQUENCES: tuple[str, ...] = (
    "Enhanced security is turned on: deleting backups and changing a passphrase need a PIN.",
    "Deleted backups of MARS, DPM and Azure Backup Server are kept 14 days more, and billed.",
    "Every policy needs a time zone afterwards; until then its times are of no stated zone.",
    "Machines with an old MARS agent do not show in the new vault until the agent is updated.",
    "Job information takes up to 12 hours to arrive.",
)
"""What is different afterwards (vault-upgrade 1.7)."""


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """One call that changes something."""

    method: str
    path: str
    """Path below the service's endpoint, without a query string."""
    api: str
    """``classic`` or ``arm``."""
    body: str
    """What is sent, in words or as the document itself."""
    is_final: bool
    """It cannot be undone, and it is never sent a second time."""


SMALL_VAULT_ITEMS = 50
"""Up to "a few tens of instances" an upgrade takes less than 20 minutes (vault-upgrade 1.6)."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How long an upgrade takes as documented (vault-upgrade 1.6); minutes."""

    usual_from_min: int = 15
    usual_to_min: int = 20
    largest_min: int = 90
    basis: str = "the vault's size is not known"


def estimate(protected_items: int | None) -> Estimate:
    """What is documented for a vault of this many items; never measured (performance 1b)."""
    if protected_items is None:
        return Estimate()
    if protected_items <= SMALL_VAULT_ITEMS:
        return Estimate(largest_min=20, basis=f"a small vault of {protected_items} items")
    return Estimate(usual_to_min=60, basis=f"a large vault of {protected_items} items")


@dataclass(frozen=True, kw_only=True)
class UpgradePlan:
    """Everything a person agrees to when they approve an upgrade."""

    vault: str
    """The classic vault, as named to people."""
    target_id: str
    """ARM id of the vault to be."""
    operation_id: str
    """Sent with the start and kept by the service as the upgrade's OperationId."""
    calls: tuple[PlannedCall, ...]
    """Every call that changes something, in order."""
    irreversible: tuple[str, ...]
    blocked_during: tuple[str, ...]
    consequences: tuple[str, ...]
    warnings: tuple[PrerequisiteReason, ...]
    """What the service warns of; approving the plan is the consent to it."""
    questions: tuple[CheckReason, ...]
    """Everything that needs consent, whoever found it, and what is worth knowing."""
    retry: str
    """Whose instruction allows this start after a failure; empty for a first start."""
    before_images: tuple[str, ...]
    """Evidence keys of what the vault looked like before."""
    estimate: Estimate


def _start_call(vault: ClassicVault, target_id: str) -> PlannedCall:
    path = (
        f"/{vault.ref.subscription_id}/cloudservices/{vault.cloud_service}/resources"
        f"/{vault.resource_namespace}/~/{vault.ref.vault_type}/{vault.ref.name}/upgrade"
    )
    body = f"ResourceUpgradeInput with NewResourcePath {target_id}"
    return PlannedCall(method="POST", path=path, api="classic", body=body, is_final=True)


def _zone_call(request: UpgradeRequest, target_id: str) -> PlannedCall | None:
    # Without a zone nothing is written; somebody decides after the upgrade (DESIGN rule 6).
    if request.time_zone is None:
        return None
    what = "time zone set to" if request.time_zone_mode is TimeZoneMode.SET_ZONE else "moved to"
    body = f"the policy as read then, {what} {request.time_zone} ({request.time_zone_mode})"
    path = f"{target_id}/backupPolicies/{{each policy that keeps a zone}}"
    return PlannedCall(method="PUT", path=path, api="arm", body=body, is_final=False)


def _register_call(subscription_id: str, namespace: str) -> PlannedCall:
    path = f"/subscriptions/{subscription_id}/providers/{namespace}/register"
    return PlannedCall(method="POST", path=path, api="arm", body="nothing", is_final=False)


def _unregister_call(machine: LostMachine) -> PlannedCall:
    body = f"nothing; gives up the backups of {machine.name}"
    return PlannedCall(method="DELETE", path=machine.path, api="arm", body=body, is_final=True)


def build_plan(
    request: UpgradeRequest,
    classic: ClassicVault,
    check: PrerequisiteCheck,
    *,
    operation_id: str,
    result: CheckResult | None = None,
    retry: str = "",
    before_images: tuple[str, ...] = (),
) -> UpgradePlan:
    """The plan for one vault; the same inputs always give the same plan.

    Args:
        request: What was asked for.
        classic: The vault as the classic list gives it.
        check: The service's prerequisite check; only its warnings become part of the plan.
        operation_id: The id the start will be sent with.
        result: Everything that was checked, the service's own words included.
        retry: Whose instruction allows a start after a failure.
        before_images: Evidence keys of what was read before.
    """
    target_id = request.target.arm_id
    checked = result or CheckResult(reasons=())
    calls = (
        *map(_unregister_call, checked.to_unregister),
        *(_register_call(request.vault.subscription_id, one) for one in checked.to_register),
        _start_call(classic, target_id),
        _zone_call(request, target_id),
    )
    return UpgradePlan(
        vault=str(classic.ref),
        target_id=target_id,
        operation_id=operation_id,
        calls=tuple(call for call in calls if call is not None),
        irreversible=(
            *IRREVERSIBLE,
            *(f"The backups of {one.name} are gone." for one in checked.to_unregister),
        ),
        blocked_during=BLOCKED_DURING,
        consequences=CONSEQUENCES,
        # The service may name its reasons in another order the next time.
        warnings=tuple(sorted(check.warnings, key=lambda one: (one.code, one.message))),
        questions=tuple(sorted(checked.reasons, key=lambda one: (one.code, one.message))),
        retry=retry,
        before_images=before_images,
        estimate=estimate(request.protected_items),
    )


def plan_hash(plan: UpgradePlan) -> str:
    """SHA-256 of the plan's canonical JSON, 64 hex digits."""
    # Canonical: one plan, one text, whoever made it and wherever it was kept in between.
    text = json.dumps(to_json(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Somebody's answer to a plan."""

    plan_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Hash of the plan the answer is about."""
    approver: Annotated[str, Field(pattern=r"\S", max_length=200)]
    decision: Literal["approve", "deny"]
    at: datetime
    """UTC."""
    comment: Annotated[str, Field(max_length=2000)] = ""


def _person(name: str) -> str:
    # Sign-in names come in several spellings of one person.
    return name.strip().casefold()


def judge_approval(plan_hash: str, requested_by: str, approval: Approval) -> str | None:
    """Why an answer does not count, or None when it does (DESIGN rule 3).

    Args:
        plan_hash: Hash of the plan that waits for an answer.
        requested_by: Who asked for the upgrade.
        approval: The answer.
    """
    if approval.plan_hash != plan_hash:
        return (
            f"the answer is about plan {approval.plan_hash[:12]}, and the plan is now"
            f" {plan_hash[:12]}; read it and answer again"
        )
    if _person(approval.approver) == _person(requested_by):
        return f"{approval.approver} asked for the upgrade; somebody else has to answer"
    return None
