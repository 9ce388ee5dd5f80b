"""Backup policies through ARM: read, replace, and follow what a replacement set going.

A replacement of a policy that protects nothing is done at once (200); any other is accepted (202),
ends some seconds later, and then configures every item anew (recovery-services 1.4).
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from domain.codec import JsonObject
from local.azure import policy_documents
from local.azure.arm_common import (
    INVALID_INPUT,
    arm_id,
    demand_manageable,
    find_vault,
    page,
    parse_filter,
)
from local.azure.contents import Item, Job, Policy, PolicyOperation, PolicyVersion
from local.azure.exchange import Answer, Call, ServiceRefusal, json_answer
from local.azure.guards import REQUESTS, demand_consent
from local.azure.model import Vault
from local.azure.moments import OPERATION_NOT_ENDED, format_moment
from local.azure.names import stable_guid
from local.azure.policy_rules import (
    INVALID_POLICY,
    POLICY_NAME,
    demand_valid,
    shortest_retention,
)
from local.azure.sources import WORKLOAD_TYPES

# Per vault, as documented: 200 policies, and 50 policies made or edited in 24 hours
# (recovery-services 1.4).
MAX_POLICIES = 200
MAX_EDITS = 50
EDIT_WINDOW = timedelta(hours=24)
OPERATION_LENGTH = timedelta(seconds=16)
"""The one operation whose start and end were seen took that long (recorded status bodies)."""
# Seen once on a live vault (recovery-services 1.4); nothing promises it.
JOB_DELAY = timedelta(seconds=10)
"""Between the end of the operation and its ConfigureBackup jobs."""
# That a job may be 404 at first is known (recovery-services 1.4), for how long is not.
JOB_VISIBLE_AFTER = timedelta(seconds=5)
"""A new job is not found for a short while."""
JOB_LENGTH = timedelta(seconds=45)
# The documented value (recovery-services 1.4), longer than the operation: a client that obeys it is
# told the end by its first look.
RETRY_AFTER_S = 60
_FILTER_KEYS = frozenset({"backupManagementType", "fabricName", "workloadType"})


def list_policies(call: Call) -> Answer:
    """Every policy of the vault, or those of one management type, workload or fabric."""
    vault = find_vault(call)
    wanted = parse_filter(call, _FILTER_KEYS)
    rows = [
        _document(vault, policy, call.now)
        for policy in vault.contents.policies.values()
        if not policy.is_hidden and _fits(policy, wanted, call.now)
    ]
    return page(call, rows)


def _fits(policy: Policy, wanted: dict[str, str], now: datetime) -> bool:
    told = {
        "backupManagementType": policy.workload.value,
        "workloadType": WORKLOAD_TYPES[policy.workload],
        # Only policies of other fabrics name theirs.
        "fabricName": str(policy.document(now).get("fabricName") or "Azure"),
    }
    return all(told[key].lower() == value.lower() for key, value in wanted.items())


def read_policy(call: Call) -> Answer:
    """One policy; a missing one is answered with 404 and an empty object."""
    vault = find_vault(call)
    policy = vault.contents.policies.get(call.params["policy"].lower())
    # No error member, as recorded: the SDK's exception then has no code in it, and whoever tells
    # cases apart by the code breaks on this one (recovery-services 0).
    if policy is None or policy.is_hidden:
        return json_answer({}, status=404)
    return json_answer(_document(vault, policy, call.now))


def _document(vault: Vault, policy: Policy, now: datetime) -> JsonObject:
    count = len(_items(vault, policy.name))
    return {
        "id": f"{arm_id(vault)}/backupPolicies/{policy.name}",
        "name": policy.name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": policy_documents.shown(policy.document(now), count),
    }


def _items(vault: Vault, policy_name: str) -> list[Item]:
    name = policy_name.lower()
    return [item for item in vault.contents.items if item.policy.lower() == name]


def write_policy(call: Call) -> Answer:
    """Replaces the whole document of a policy, or makes a new one."""
    vault = find_vault(call)
    name = call.params["policy"]
    sent = call.json_body().get("properties")
    _demand_may_write(vault, call.now)
    if not isinstance(sent, dict):
        raise ServiceRefusal(400, *INVALID_POLICY)
    demand_valid(sent, call.now.date())
    # No If-Match is asked for: the service gives policies no etag, so the last writer wins, here as
    # there (recovery-services 1.4).
    policy = vault.contents.policies.get(name.lower())
    if policy is None:
        return _create(call, vault, sent)
    _demand_may_replace(vault, policy, sent, call.now)
    vault.policy_edits.append(call.now)
    # The guard's requests are about the write; the policy does not keep them.
    sent = {member: value for member, value in sent.items() if member != REQUESTS}
    items = _items(vault, name)
    if not items:
        policy.versions.append(PolicyVersion(effective_at=call.now, properties=sent))
        return json_answer(_document(vault, policy, call.now))
    return _accept(call, vault, policy, items, sent)


def _demand_may_write(vault: Vault, now: datetime) -> None:
    demand_manageable(vault, now)
    recent = [edit for edit in vault.policy_edits if edit > now - EDIT_WINDOW]
    if len(recent) >= MAX_EDITS:
        # The limit is documented, its code is not; this one is the service's own for such limits.
        raise ServiceRefusal(
            400,
            "CloudDosTimeboudLimitReached",
            "The operation is blocked, as a security precaution, since multiple attempts were "
            "made beyond an internal limit.",
        )


def _create(call: Call, vault: Vault, sent: JsonObject) -> Answer:
    name = call.params["policy"]
    if POLICY_NAME.match(name) is None or len(vault.contents.policies) >= MAX_POLICIES:
        raise ServiceRefusal(400, *INVALID_POLICY)
    # A new policy protects nothing yet, so there is nothing to configure and no operation to
    # follow.
    version = PolicyVersion(effective_at=call.now, properties=sent)
    policy = Policy(name=name, versions=[version])
    vault.contents.policies[name.lower()] = policy
    vault.policy_edits.append(call.now)
    return json_answer(_document(vault, policy, call.now))


def _demand_may_replace(vault: Vault, policy: Policy, sent: JsonObject, now: datetime) -> None:
    if policy.is_hidden or sent["backupManagementType"] != policy.workload:
        raise ServiceRefusal(
            400,
            "BMSUserErrorInvalidPolicyForGivenProvider",
            "The policy is not valid for the given provider.",
        )
    if any(version.effective_at > now for version in policy.versions):
        raise ServiceRefusal(
            409,
            "BMSUserErrorObjectLocked",
            "Another operation is in progress on the selected item.",
        )
    before, after = shortest_retention(policy.document(now)), shortest_retention(sent)
    keeps_less = any(after.get(kind, 0) < days for kind, days in before.items())
    demand_consent(vault, sent, keeps_less=keeps_less)


def _accept(
    call: Call, vault: Vault, policy: Policy, items: list[Item], sent: JsonObject
) -> Answer:
    ends_at = call.now + OPERATION_LENGTH
    operation_id = stable_guid("policy write", vault.seed, policy.name, str(call.now))
    jobs = [_configure_job(item, operation_id, ends_at + JOB_DELAY) for item in items]
    vault.contents.jobs.extend(jobs)
    # In force when the operation ends: a GET in between still shows the old document.
    policy.versions.append(PolicyVersion(effective_at=ends_at, properties=sent))
    vault.operations[operation_id] = PolicyOperation(
        id=operation_id,
        policy=policy.name.lower(),
        started_at=call.now,
        ends_at=ends_at,
        job_ids=tuple(job.id for job in jobs),
    )
    return Answer(status=202, headers=_follow_headers(call, vault, policy.name, operation_id))


def _configure_job(item: Item, operation_id: str, start: datetime) -> Job:
    return Job(
        id=stable_guid("configure", operation_id, item.workload, item.holder, item.name),
        workload=item.workload,
        operation="ConfigureBackup",
        entity=item.name,
        holder=item.holder,
        group=item.group,
        started_at=start,
        ends_at=start + JOB_LENGTH,
        visible_at=start + JOB_VISIBLE_AFTER,
        # The policy is replaced all the same: that is what makes such a write half a success.
        end_status="Failed" if item.is_failing else "Completed",
    )


def _follow_headers(call: Call, vault: Vault, policy: str, operation_id: str) -> dict[str, str]:
    # Absolute and with our own host: the SDK follows both as they stand (recovery-services 0).
    base = f"{call.base_url}{quote(arm_id(vault))}/backupPolicies/{quote(policy)}"
    version = call.query["api-version"]
    return {
        "Azure-AsyncOperation": f"{base}/operations/{operation_id}?api-version={version}",
        "Location": f"{base}/operationResults/{operation_id}?api-version={version}",
        "Retry-After": str(RETRY_AFTER_S),
    }


def read_operation_status(call: Call) -> Answer:
    """How an accepted write stands: the jobs it started are named once it is over."""
    vault = find_vault(call)
    operation = _operation(call, vault)
    is_over = operation.ends_at <= call.now
    started = format_moment(operation.started_at)
    document: JsonObject = {
        "id": operation.id,
        "name": "GetProtectionPolicyOperationStatus",
        "status": "Succeeded" if is_over else "InProgress",
        "startTime": started,
        # The service repeats the start as the end (recorded body); no duration lies in it.
        "endTime": started if is_over else OPERATION_NOT_ENDED,
    }
    # Without properties until then, as recorded. No failed job is named even where one will be: the
    # jobs begin after the operation, which cannot know how they end.
    if is_over:
        document["properties"] = {
            "objectType": "OperationStatusJobsExtendedInfo",
            "jobIds": list(operation.job_ids),
            "failedJobsError": {},
        }
    return json_answer(document)


def read_operation_result(call: Call) -> Answer:
    """The policy once the write is over; 202 until then."""
    vault = find_vault(call)
    operation = _operation(call, vault)
    policy = vault.contents.policies[operation.policy]
    if operation.ends_at <= call.now:
        return json_answer(_document(vault, policy, call.now))
    # The SDK raises an error over this 202, which is why callers follow the status instead
    # (recovery-services 1.1).
    return Answer(status=202, headers=_follow_headers(call, vault, policy.name, operation.id))


def _operation(call: Call, vault: Vault) -> PolicyOperation:
    operation = vault.operations.get(call.params["operation"].lower())
    if operation is None or operation.policy != call.params["policy"].lower():
        raise ServiceRefusal(404, *INVALID_INPUT)
    return operation
