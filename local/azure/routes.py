"""Every operation simulated Azure knows besides tokens and ``/admin``, and who answers it."""

from collections.abc import Iterable

from local.azure import (
    arm_classic,
    arm_containers,
    arm_diagnostics,
    arm_guards,
    arm_items,
    arm_jobs,
    arm_policies,
    arm_protectable,
    arm_subscriptions,
    arm_vaults,
    classic_api,
    logs_api,
)
from local.azure.exchange import Handler
from local.azure.router import Api, Route, Router

_VAULT = (
    "/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.RecoveryServices/vaults/{vault}"
)
_VAULTS_OF_GROUP = _VAULT.removesuffix("/{vault}")
_DIAGNOSTICS = f"{_VAULT}/providers/Microsoft.Insights/diagnosticSettings"
# The ``~`` is literal (vault-upgrade 2.0).
_CLASSIC = "/{subscription}/cloudservices/{cloud_service}/resources/{namespace}/~/{type}/{vault}"
_FABRIC = f"{_VAULT}/backupFabrics/{{fabric}}/protectionContainers/{{container}}"

# One row per operation: what is not here is refused, which is how a new call is noticed.
_CLASSIC_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "/{subscription}/cloudservices", "classic-list", classic_api.list_cloud_services),
    (
        "POST",
        f"{_CLASSIC}/checkPrereqsForUpgrade",
        "classic-check",
        classic_api.check_prerequisites,
    ),
    ("POST", f"{_CLASSIC}/upgrade", "classic-upgrade", classic_api.start_upgrade),
    ("GET", f"{_CLASSIC}/upgradeOperationResult", "classic-track", classic_api.read_operation),
)
_ARM_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    (
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/vaults",
        "vaults",
        arm_vaults.list_by_subscription,
    ),
    (
        "GET",
        _VAULTS_OF_GROUP,
        "vaults-of-group",
        arm_vaults.list_by_group,
    ),
    ("GET", _VAULT, "vault", arm_vaults.read),
    ("GET", f"{_VAULT}/backupPolicies", "policies", arm_policies.list_policies),
    ("GET", f"{_VAULT}/backupPolicies/{{policy}}", "policy", arm_policies.read_policy),
    ("PUT", f"{_VAULT}/backupPolicies/{{policy}}", "policy", arm_policies.write_policy),
    (
        "GET",
        f"{_VAULT}/backupPolicies/{{policy}}/operations/{{operation}}",
        "policy-operation",
        arm_policies.read_operation_status,
    ),
    (
        "GET",
        f"{_VAULT}/backupPolicies/{{policy}}/operationResults/{{operation}}",
        "policy-result",
        arm_policies.read_operation_result,
    ),
    (
        "GET",
        f"{_VAULT}/backupProtectionContainers",
        "containers",
        arm_containers.list_containers,
    ),
    ("GET", _FABRIC, "container", arm_containers.read_container),
    ("GET", f"{_FABRIC}/protectedItems/{{item}}", "item", arm_items.read_item),
    ("GET", f"{_VAULT}/backupEngines", "engines", arm_containers.list_engines),
    ("GET", f"{_VAULT}/backupProtectedItems", "items", arm_items.list_items),
    ("GET", f"{_VAULT}/backupJobs", "jobs", arm_jobs.list_jobs),
    ("GET", f"{_VAULT}/backupJobs/{{job}}", "job", arm_jobs.read_job),
    ("GET", f"{_VAULT}/backupconfig/vaultconfig", "config", arm_vaults.read_config),
    ("PATCH", f"{_VAULT}/backupconfig/vaultconfig", "config", arm_vaults.write_config),
    # The SDK has a call for either verb (recovery-services 2.1).
    ("PUT", f"{_VAULT}/backupconfig/vaultconfig", "config", arm_vaults.write_config),
    (
        "GET",
        f"{_VAULT}/backupstorageconfig/vaultstorageconfig",
        "storage-config",
        arm_vaults.read_storage_config,
    ),
    (
        "GET",
        f"{_VAULT}/backupResourceGuardProxies",
        "guard-proxies",
        arm_guards.list_proxies,
    ),
    (
        "GET",
        f"{_VAULT}/backupProtectableItems",
        "protectable-items",
        arm_protectable.list_protectable,
    ),
    ("GET", _DIAGNOSTICS, "diagnostics", arm_diagnostics.list_settings),
    ("GET", f"{_DIAGNOSTICS}/{{setting}}", "diagnostics", arm_diagnostics.read_setting),
    ("PUT", f"{_DIAGNOSTICS}/{{setting}}", "diagnostics", arm_diagnostics.write_setting),
    ("GET", f"{_VAULT}/usages", "usages", arm_vaults.list_usages),
    (
        "GET",
        f"{_VAULT}/backupUsageSummaries",
        "usage-summaries",
        arm_vaults.list_usage_summaries,
    ),
)
_SUBSCRIPTION = "/subscriptions/{subscription}"
_PROVIDER = f"{_SUBSCRIPTION}/providers/{{namespace}}"
_FEATURE = (
    f"{_SUBSCRIPTION}/providers/Microsoft.Features/providers/{{namespace}}/features/{{feature}}"
)
_SUBSCRIPTION_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", _SUBSCRIPTION, "subscription", arm_subscriptions.read),
    ("GET", f"{_SUBSCRIPTION}/resourceGroups", "groups", arm_subscriptions.list_groups),
    ("GET", _PROVIDER, "provider", arm_subscriptions.read_provider),
    ("POST", f"{_PROVIDER}/register", "provider", arm_subscriptions.register_provider),
    ("GET", _FEATURE, "feature", arm_subscriptions.read_feature),
)
_CLASSIC_VAULT = (
    f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/Microsoft.Backup/BackupVault/{{vault}}"
)
_CLASSIC_VAULT_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", f"{_SUBSCRIPTION}/resources", "resources", arm_classic.list_resources),
    ("GET", _CLASSIC_VAULT, "classic-vault", arm_classic.read),
    (
        "GET",
        f"{_CLASSIC_VAULT}/backupContainers",
        "classic-containers",
        arm_classic.list_containers,
    ),
    (
        "DELETE",
        f"{_CLASSIC_VAULT}/backupContainers/{{container}}/UnRegisterContainer",
        "classic-unregister",
        arm_classic.unregister_container,
    ),
    (
        "GET",
        f"{_CLASSIC_VAULT}/protectionPolicies",
        "classic-policies",
        arm_classic.list_policies,
    ),
    (
        "GET",
        f"{_CLASSIC_VAULT}/storageconfig/vaultstorageconfig",
        "classic-storage",
        arm_classic.read_storage,
    ),
)
_LOGS_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", "/v1/workspaces/{workspace}/query", "query", logs_api.query_workspace),
)


def _routes(rows: Iterable[tuple[str, str, str, Handler]], api: Api) -> Iterable[Route]:
    for method, path, name, handler in rows:
        yield Route(
            method=method,
            pattern=tuple(path.strip("/").split("/")),
            name=name,
            api=api,
            handler=handler,
        )


ROUTER = Router(
    [
        *_routes(_CLASSIC_ROUTES, Api.CLASSIC),
        *_routes(_ARM_ROUTES, Api.ARM),
        *_routes(_SUBSCRIPTION_ROUTES, Api.ARM),
        *_routes(_CLASSIC_VAULT_ROUTES, Api.ARM),
        *_routes(_LOGS_ROUTES, Api.LOGS),
    ]
)
"""Every operation simulated Azure knows besides tokens and ``/admin``."""
