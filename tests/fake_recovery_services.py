"""ARM as a fake: vaults with policies that can be written and read back."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.ports import PolicyWriteAnswer
from domain.codec import JsonObject
from domain.errors import NotFoundError
from domain.vaults import Reading, VaultRef
from tests.fake_base import Fake, FakeClock


@dataclass
class FakeVault:
    """Everything the fake ARM knows about one vault; fill in what the test needs."""

    document: JsonObject
    config: JsonObject = field(default_factory=dict)
    policies: dict[str, JsonObject] = field(default_factory=dict)
    operations: dict[str, JsonObject] = field(default_factory=dict)
    agents: list[JsonObject] = field(default_factory=list)
    engines: list[JsonObject] = field(default_factory=list)
    items: list[JsonObject] = field(default_factory=list)
    jobs: list[JsonObject] = field(default_factory=list)
    protectable_vms: list[JsonObject] = field(default_factory=list)
    container_counts: list[JsonObject] = field(default_factory=list)
    guard_proxies: list[JsonObject] = field(default_factory=list)
    diagnostic_settings: list[JsonObject] = field(default_factory=list)


class FakeRecoveryServices(Fake):
    """ARM with state: a written policy can be read back.

    ``answers_async``: a policy write is answered with 202, its operation has succeeded at once,
    and the ConfigureBackup job it names is in ``jobs``.
    """

    def __init__(self, *, clock: FakeClock | None = None, answers_async: bool = False) -> None:
        super().__init__(clock)
        self.vaults: dict[str, FakeVault] = {}
        self.answers_async = answers_async

    def add(self, ref: VaultRef, vault: FakeVault | None = None, **properties: Any) -> FakeVault:
        """Adds a vault; ``properties`` go into its document."""
        vault = vault or FakeVault(
            {
                "id": ref.arm_id,
                "name": ref.name,
                "type": "Microsoft.RecoveryServices/vaults",
                "properties": {"provisioningState": "Succeeded", **properties},
            }
        )
        self.vaults[ref.key] = vault
        return vault

    def _find(self, ref: VaultRef) -> FakeVault:
        if ref.key not in self.vaults:
            raise NotFoundError("no such vault", subject=str(ref), status=404)
        return self.vaults[ref.key]

    def _answer(self, method: str, ref: VaultRef, value: JsonObject | None) -> Reading[JsonObject]:
        if value is None:
            raise NotFoundError("no such thing in the vault", subject=str(ref), status=404)
        return self._leave(method, self.reading(f"GET {method}", value))

    def _answer_list(
        self, method: str, values: Sequence[JsonObject]
    ) -> Reading[tuple[JsonObject, ...]]:
        return self._leave(method, self.reading(f"GET {method}", tuple(values)))

    async def list_vaults(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """The vaults whose id names the subscription."""
        self._enter("list_vaults", subscription_id)
        wanted = f"/subscriptions/{subscription_id}/".casefold()
        documents = [v.document for v in self.vaults.values()]
        found = [d for d in documents if str(d["id"]).casefold().startswith(wanted)]
        return self._answer_list("list_vaults", found)

    async def read_vault(self, vault: VaultRef) -> Reading[JsonObject]:
        """The vault's document."""
        self._enter("read_vault", vault)
        return self._answer("read_vault", vault, self._find(vault).document)

    async def read_vault_config(self, vault: VaultRef) -> Reading[JsonObject]:
        """The vault's config."""
        self._enter("read_vault_config", vault)
        return self._answer("read_vault_config", vault, self._find(vault).config)

    async def list_policies(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The policies, in the order they were added."""
        self._enter("list_policies", vault)
        return self._answer_list("list_policies", list(self._find(vault).policies.values()))

    async def read_policy(self, vault: VaultRef, policy_name: str) -> Reading[JsonObject]:
        """One policy."""
        self._enter("read_policy", vault, policy_name)
        return self._answer("read_policy", vault, self._find(vault).policies.get(policy_name))

    async def write_policy(
        self, vault: VaultRef, policy_name: str, document: JsonObject
    ) -> PolicyWriteAnswer:
        """Replaces the policy but for id, name and type, which belong to the service."""
        self._enter("write_policy", vault, policy_name, copy.deepcopy(document))
        known = self._find(vault)
        owned = ("id", "name", "type")
        kept = {k: v for k, v in known.policies.get(policy_name, {}).items() if k in owned}
        known.policies[policy_name] = kept | copy.deepcopy(document)
        request_id = f"request-{len(self.calls)}"
        if not self.answers_async:
            answer = PolicyWriteAnswer(
                status=200, operation_id=None, retry_after_s=None, request_id=request_id
            )
            return self._leave("write_policy", answer)
        operation_id = f"operation-{len(known.operations) + 1}"
        job_id = f"job-{operation_id}"
        known.operations[operation_id] = {
            "id": operation_id,
            "status": "Succeeded",
            "properties": {"jobIds": [job_id], "failedJobsError": {}},
        }
        known.jobs.append(
            {"name": job_id, "properties": {"operation": "ConfigureBackup", "status": "Completed"}}
        )
        answer = PolicyWriteAnswer(
            status=202, operation_id=operation_id, retry_after_s=60, request_id=request_id
        )
        return self._leave("write_policy", answer)

    async def read_policy_operation(
        self, vault: VaultRef, policy_name: str, operation_id: str
    ) -> Reading[JsonObject]:
        """One operation of ``operations``."""
        self._enter("read_policy_operation", vault, policy_name, operation_id)
        operation = self._find(vault).operations.get(operation_id)
        return self._answer("read_policy_operation", vault, operation)

    async def read_job(self, vault: VaultRef, job_id: str) -> Reading[JsonObject]:
        """The job of that name."""
        self._enter("read_job", vault, job_id)
        jobs = {job["name"]: job for job in self._find(vault).jobs}
        return self._answer("read_job", vault, jobs.get(job_id))

    async def list_agents(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's agents."""
        self._enter("list_agents", vault)
        return self._answer_list("list_agents", self._find(vault).agents)

    async def list_engines(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's engines."""
        self._enter("list_engines", vault)
        return self._answer_list("list_engines", self._find(vault).engines)

    async def list_items(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's items."""
        self._enter("list_items", vault)
        return self._answer_list("list_items", self._find(vault).items)

    async def list_jobs(
        self, vault: VaultRef, since: datetime, until: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """The Backup jobs whose startTime lies between the two moments."""
        self._enter("list_jobs", vault, since, until)
        found = [
            job
            for job in self._find(vault).jobs
            if job["properties"].get("operation") == "Backup"
            and since <= datetime.fromisoformat(job["properties"]["startTime"]) <= until
        ]
        return self._answer_list("list_jobs", found)

    async def list_protectable_vms(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's protectable machines."""
        self._enter("list_protectable_vms", vault)
        return self._answer_list("list_protectable_vms", self._find(vault).protectable_vms)

    async def list_container_counts(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's counts."""
        self._enter("list_container_counts", vault)
        return self._answer_list("list_container_counts", self._find(vault).container_counts)

    async def list_guard_proxies(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's guard proxies."""
        self._enter("list_guard_proxies", vault)
        return self._answer_list("list_guard_proxies", self._find(vault).guard_proxies)

    async def list_diagnostic_settings(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The vault's diagnostic settings."""
        self._enter("list_diagnostic_settings", vault)
        settings = self._find(vault).diagnostic_settings
        return self._answer_list("list_diagnostic_settings", settings)

    async def write_diagnostic_setting(
        self, vault: VaultRef, name: str, document: JsonObject
    ) -> None:
        """Makes the setting, or replaces the one of that name."""
        self._enter("write_diagnostic_setting", vault, name, copy.deepcopy(document))
        settings = self._find(vault).diagnostic_settings
        settings[:] = [one for one in settings if one["name"] != name]
        settings.append({"name": name, **copy.deepcopy(document)})
        self._leave("write_diagnostic_setting", None)
