"""The upgrade itself: its prerequisites, its start, and how it stands.

Rules: vault-upgrade 1.2, 1.3, 3.2 and 4. Codes and categories of reasons were never published
(section 5.2 there); the ones here name the documented checks.
"""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from local.azure.contents import Job, Machine
from local.azure.model import Reason, RecordStatus, UpgradeRecord, Vault
from local.azure.moments import TICKS_PER_SECOND, ticks_of

if TYPE_CHECKING:
    # Only asked about groups; every answer that knows an upgrade would load the whole estate.
    from local.azure.state import State

AGENT_FLOOR = (2, 0, 9083, 0)
"""Lowest MARS agent the check lets through (vault-upgrade 1.2)."""
# The rules of the published script, which checks the group before it calls; whether the service
# checks the same is not known (vault-upgrade 1.3).
MAX_GROUP_LENGTH = 90
# The documented rule: no configuration job running, nobody registering (vault-upgrade 1.2).
CONFIGURATION_OPERATIONS = frozenset({"ConfigureBackup", "Register", "UnRegister"})

# Recordings have a suffix on the provider and spell the segment Vaults (vault-upgrade 2.2).
_TARGET = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.RecoveryServices[^/]*/Vaults/(?P<name>[^/]+)$",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"""[\s~!@#$%^&*+=<>,?/\\:;'"\[\]{}|]""")


def prerequisite_reasons(
    state: "State", vault: Vault, target_path: str, now: datetime
) -> list[Reason]:
    """Every reason against the upgrade, all together; warnings among them."""
    return [
        *_record_reasons(vault, now),
        *_agent_reasons(vault.contents.machines),
        *_job_reasons(vault.contents.jobs, now),
        *_billing_reasons(vault),
        *_target_reasons(state, vault, target_path),
        *(reason for reason in vault.reasons if reason.until is None or reason.until > now),
    ]


def _record_reasons(vault: Vault, now: datetime) -> list[Reason]:
    # Whether the real check looks at the record is unknown (vault-upgrade 5.4). One that lets pass
    # what the start refuses would be of no use.
    refusal = start_refusal(vault, now)
    if refusal is None:
        return []
    code, message = refusal
    return [Reason(category="Vault", code=code, message=message)]


def start_refusal(vault: Vault, now: datetime) -> tuple[str, str] | None:
    """Code and message if the vault's record forbids a start (vault-upgrade 4), else None."""
    if vault.record is None:
        return None
    status = vault.record.status(ticks_of(now))
    # The published script lets a failed vault through, so that support may ask for another start
    # (vault-upgrade 3.4). Whether one was asked for is the caller's to know.
    if status is RecordStatus.FAILED and vault.plan.may_restart:
        return None
    return {
        RecordStatus.IN_PROGRESS: (
            "VaultUpgradeInProgress",
            "An upgrade of this vault is already in progress.",
        ),
        RecordStatus.UPGRADED: (
            "VaultAlreadyUpgraded",
            "This vault has already been upgraded to a Recovery Services vault.",
        ),
        RecordStatus.FAILED: (
            "VaultUpgradeFailedEarlier",
            "An earlier upgrade of this vault failed. Contact Microsoft support before retrying.",
        ),
    }[status]


def is_old_agent(version: str | None) -> bool:
    """Whether an agent is below the floor; a version that is not shown is not old."""
    if version is None:
        return False
    # Number by number: as text, 2.0.10000.0 would be below the floor.
    return tuple(int(part) for part in version.split(".")) < AGENT_FLOOR


def _agent_reasons(machines: list[Machine]) -> list[Reason]:
    old = [machine for machine in machines if is_old_agent(machine.agent_version)]
    if not old:
        return []
    # One row per machine; cells end at ';' and rows at '|' (vault-upgrade 3.3).
    rows = "|".join(f"{machine.name};{machine.agent_version}" for machine in old)
    return [
        Reason(
            category="Agent",
            code="AgentVersionNotSupported",
            message=rows,
            recommended_action=(
                "Update the Microsoft Azure Recovery Services agent on these machines to "
                "2.0.9083.0 or later, or unregister machines that are no longer in use."
            ),
        )
    ]


def _job_reasons(jobs: list[Job], now: datetime) -> list[Reason]:
    # Only while it runs: a finished job is no obstacle, and one of the future is not known.
    running = [
        job
        for job in jobs
        if job.operation in CONFIGURATION_OPERATIONS and job.started_at <= now < job.ends_at
    ]
    if not running:
        return []
    rows = "|".join(f"{_cell(job.entity)};{job.operation};{job.id}" for job in running)
    return [
        Reason(
            category="Job",
            code="ConfigurationJobRunning",
            message=rows,
            recommended_action="Wait until these jobs have ended and check again.",
        )
    ]


def _billing_reasons(vault: Vault) -> list[Reason]:
    reasons = []
    if vault.is_storage_billed:
        reasons.append(
            Reason(
                category="Billing",
                code="StorageBasedBilling",
                # The customer is prompted, not refused, which fits this type alone; nobody has
                # published a real one (vault-upgrade 1.2, 5.3).
                severity="Warning",
                message="The vault is billed by storage and changes to billing by instance.",
                recommended_action="Go on only if the change of the billing model is agreed to.",
            )
        )
    if vault.is_csp:
        reasons.append(
            Reason(
                category="Subscription",
                code="CspSubscriptionNotSupported",
                message="Vaults of a CSP subscription cannot be upgraded.",
            )
        )
    return reasons


def _target_reasons(state: "State", vault: Vault, target_path: str) -> list[Reason]:
    found = _TARGET.match(target_path)
    if (
        found is None
        or found["subscription"].lower() != vault.subscription_id.lower()
        or found["name"].lower() != vault.name.lower()
        or not is_valid_group(found["group"])
    ):
        message = f"The resource path {_cell(target_path)} cannot hold the upgraded vault."
        return [Reason(category="Target", code="InvalidTargetResource", message=message)]
    other = state.find_vault(vault.subscription_id, found["group"], vault.name)
    # The published script lets any vault in Provisioning pass, since it cannot tell whose upgrade
    # that is (vault-upgrade 1.3); the service can, and two vaults cannot have one id.
    if other is None or other is vault:
        return []
    message = f"A vault named {vault.name} already exists in {found['group']}."
    return [
        Reason(
            category="Target",
            code="TargetVaultExists",
            message=message,
            recommended_action="Choose a different resource group.",
        )
    ]


def _cell(text: str) -> str:
    # The table of a message has no way to escape its two separators (vault-upgrade 3.3).
    return text.replace(";", " ").replace("|", " ")


def is_valid_group(name: str) -> bool:
    """The documented rule for the target group's name (vault-upgrade 1.3)."""
    is_short = len(name) <= MAX_GROUP_LENGTH
    return is_short and not name.endswith(".") and _FORBIDDEN.search(name) is None


def start(vault: Vault, target_path: str, operation_id: str, now: datetime) -> UpgradeRecord:
    """Starts the upgrade; what becomes of it is settled here and shows as time goes by."""
    started = ticks_of(now)
    plan = vault.plan
    # Only so many: a restart that support allowed is there to succeed in the end.
    fails = bool(plan.failure_code) and len(vault.records) < plan.failures
    length = plan.duration
    record = UpgradeRecord(
        operation_id=operation_id,
        target_path=target_path,
        started=started,
        ended=None if length is None else started + _ticks(length),
        outcome=RecordStatus.FAILED if fails else RecordStatus.UPGRADED,
        error_code=plan.failure_code if fails else "",
        message=plan.failure_message if fails else "",
    )
    vault.records.append(record)
    vault.starts_received += 1
    return record


def _ticks(span: timedelta) -> int:
    return round(span.total_seconds() * TICKS_PER_SECOND)


def provisioning_state(vault: Vault, now: datetime) -> str:
    """``provisioningState`` of the new vault (vault-upgrade 4)."""
    record = vault.record
    if record is None or record.status(ticks_of(now)) is RecordStatus.UPGRADED:
        return "Succeeded"
    # Running and failed look alike from here; only the record tells them apart.
    return "Provisioning"
