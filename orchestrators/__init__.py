"""The workflows: deterministic generators that import the domain and nothing else of ours."""

from azure import durable_functions as df

from orchestrators import names
from orchestrators.admit_upgrades import admit_upgrades
from orchestrators.audit_estate import audit_estate
from orchestrators.audit_lane import audit_lane
from orchestrators.audit_vault import audit_vault
from orchestrators.await_providers import await_providers
from orchestrators.await_upgrade import await_upgrade
from orchestrators.prove_job_sync import prove_job_sync
from orchestrators.run_campaign import run_campaign
from orchestrators.set_policy_zone import set_policy_zone
from orchestrators.set_time_zones import set_time_zones
from orchestrators.settle_vault import settle_vault
from orchestrators.upgrade_vault import upgrade_vault

ORCHESTRATORS = {
    names.UPGRADE_VAULT: upgrade_vault,
    names.AWAIT_UPGRADE: await_upgrade,
    names.AWAIT_PROVIDERS: await_providers,
    names.SETTLE_VAULT: settle_vault,
    names.SET_TIME_ZONES: set_time_zones,
    names.SET_POLICY_ZONE: set_policy_zone,
    names.PROVE_JOB_SYNC: prove_job_sync,
    names.AUDIT_ESTATE: audit_estate,
    names.AUDIT_LANE: audit_lane,
    names.AUDIT_VAULT: audit_vault,
    names.RUN_CAMPAIGN: run_campaign,
    names.ADMIT_UPGRADES: admit_upgrades,
}
"""Every orchestrator by its registered name."""


def orchestrator_blueprint() -> df.Blueprint:
    """The blueprint that registers every orchestrator."""
    blueprint = df.Blueprint()
    for name, orchestrator in ORCHESTRATORS.items():
        # By a name of our own and not the function's: histories hold it, and a function may be
        # renamed.
        blueprint.orchestration_trigger(context_name="context", orchestration=name)(orchestrator)
    return blueprint
