"""Every name that crosses the boundary between workflow, host and tests, once each."""

from typing import Final

# Orchestrators.
UPGRADE_VAULT: Final = "upgrade_vault"
AWAIT_UPGRADE: Final = "await_upgrade"
SETTLE_VAULT: Final = "settle_vault"
SET_POLICY_ZONE: Final = "set_policy_zone"
PROVE_JOB_SYNC: Final = "prove_job_sync"
AUDIT_ESTATE: Final = "audit_estate"
AUDIT_VAULT: Final = "audit_vault"
RUN_CAMPAIGN: Final = "run_campaign"
ADMIT_UPGRADES: Final = "admit_upgrades"

# Activities.
INSPECT_VAULT: Final = "inspect_vault"
CHECK_PREREQUISITES: Final = "check_prerequisites"
RECORD_PLAN: Final = "record_plan"
RECORD_APPROVAL: Final = "record_approval"
START_UPGRADE: Final = "start_upgrade"
READ_OPERATION: Final = "read_operation"
RECORD_ESCALATION: Final = "record_escalation"
RECORD_FAILURE: Final = "record_failure"
CONFIRM_UPGRADE: Final = "confirm_upgrade"
PLAN_TIME_ZONES: Final = "plan_time_zones"
WRITE_POLICY_ZONE: Final = "write_policy_zone"
READ_POLICY_WRITE: Final = "read_policy_write"
VERIFY_TIME_ZONES: Final = "verify_time_zones"
READ_SECURITY: Final = "read_security"
LIST_AGENTS: Final = "list_agents"
READ_JOB_SYNC: Final = "read_job_sync"
RECORD_VERDICT: Final = "record_verdict"
LIST_ESTATE: Final = "list_estate"
CHECK_VAULT: Final = "check_vault"
RECORD_AUDIT: Final = "record_audit"
SEND_VAULTS: Final = "send_vaults"
LOOK_AT_RUNS: Final = "look_at_runs"
RECORD_NOTE: Final = "record_note"
RECORD_CAMPAIGN: Final = "record_campaign"
ADMIT_WAITING: Final = "admit_waiting"

# Events.
APPROVAL_EVENT: Final = "approval"
"""Answers a request for approval."""
SLOT_EVENT: Final = "slot"
"""Tells whoever paces the starts: a vault's progress, an operator's command, a vault that waits."""

# Instances there is one of.
ADMISSION_ID: Final = "admission"
"""Paces the vaults that came by a message of somebody else's."""
