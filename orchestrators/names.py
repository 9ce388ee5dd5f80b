"""Every name that crosses the boundary between workflow, host and tests, once each."""

UPGRADE_VAULT = "upgrade_vault"
AWAIT_UPGRADE = "await_upgrade"
SETTLE_VAULT = "settle_vault"
SET_POLICY_ZONE = "set_policy_zone"
PROVE_JOB_SYNC = "prove_job_sync"
AUDIT_ESTATE = "audit_estate"
AUDIT_VAULT = "audit_vault"
"""Orchestrators."""

APPROVAL_EVENT = "approval"
"""Event that answers a request for approval."""
