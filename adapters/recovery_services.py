"""Recovery Services vaults through the Azure SDK, bodies as REST names them.

Every SDK argument goes by keyword: the two packages disagree about the order of vault and resource
group (recovery-services 0).
"""

from collections.abc import AsyncIterable, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.answers import ReadAnswers, WriteAnswer, until_it_makes_sense
from adapters.clients import Clients
from adapters.diagnostics import read_settings, write_setting
from adapters.http_errors import UNREADABLE, translated
from adapters.loop_local import LoopLocal
from adapters.ports import Clock, PolicyWriteAnswer
from domain.codec import JsonObject
from domain.errors import OutcomeUnknownError, RefusedError
from domain.vaults import Reading, VaultRef

LONGEST_JOB_WINDOW = timedelta(days=30)
"""Jobs are listed for at most this long a time (recovery-services 5)."""

_SERVICE_OWNED = frozenset({"id", "name", "type"})
_AGENTS = "backupManagementType eq 'MAB'"
_VIRTUAL_MACHINES = "backupManagementType eq 'AzureIaasVM'"
_WITH_VERSIONS = "expand eq 'extendedinfo'"
"""Lists of backup servers without it tell neither builds nor updates (recorded lists of 2016)."""
_CONTAINER_COUNTS = "type eq 'BackupProtectionContainerCountSummary'"


def job_filter(since: datetime, until: datetime) -> str:
    """The OData filter for Backup jobs started between two moments.

    The grammar wants UTC on a twelve-hour clock, and ``eq`` for both ends of the range
    (recovery-services 5).
    """
    begin, end = _twelve_hours(since), _twelve_hours(until)
    return f"startTime eq '{begin}' and endTime eq '{end}' and operation eq 'Backup'"


def _twelve_hours(moment: datetime) -> str:
    # Not %p: that word depends on the machine's language.
    utc = moment.astimezone(UTC)
    half = "AM" if utc.hour < 12 else "PM"  # noqa: PLR2004 - noon
    return f"{utc:%Y-%m-%d %I:%M:%S} {half}"


class RecoveryServicesApi:
    """Port RecoveryServices over the wire.

    Args:
        clients: Gives the SDK clients of the running loop.
        clock: Dates readings.
    """

    def __init__(self, clients: LoopLocal[Clients], clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def list_vaults(self, subscription_id: str) -> Reading[tuple[JsonObject, ...]]:
        """Every Recovery Services vault of a subscription."""
        client = self._clients.get().vaults(subscription_id)
        subject = f"vaults of subscription {subscription_id}"
        return await self._list(subject, client.vaults.list_by_subscription_id)

    async def read_vault(self, vault: VaultRef) -> Reading[JsonObject]:
        """The vault with its properties."""
        client = self._clients.get().vaults(vault.subscription_id)
        return await self._read(str(vault), client.vaults.get, **_names(vault))

    async def read_vault_config(self, vault: VaultRef) -> Reading[JsonObject]:
        """Enhanced security and soft delete."""
        call = self._backup(vault).backup_resource_vault_configs.get
        return await self._read(f"configuration of {vault}", call, **_names(vault))

    async def list_policies(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Every backup policy of the vault."""
        call = self._backup(vault).backup_policies.list
        return await self._list(f"policies of {vault}", call, **_names(vault))

    async def read_policy(self, vault: VaultRef, policy_name: str) -> Reading[JsonObject]:
        """One backup policy, whole."""
        call = self._backup(vault).protection_policies.get
        subject = f"policy {policy_name} of {vault}"
        return await self._read(subject, call, **_names(vault), policy_name=policy_name)

    async def write_policy(
        self, vault: VaultRef, policy_name: str, document: JsonObject
    ) -> PolicyWriteAnswer:
        """Replaces one policy; sends exactly once.

        Raises:
            RefusedError: The policy is unchanged.
            UnavailableError: No connection could be made; nothing was sent.
            OutcomeUnknownError: The policy may have been replaced.
        """
        client = self._clients.get().backup_writer(vault.subscription_id)
        subject = f"policy {policy_name} of {vault}"
        hook = WriteAnswer(subject)
        body: Any = {name: value for name, value in document.items() if name not in _SERVICE_OWNED}
        try:
            with translated(subject, is_write=True):
                await client.protection_policies.create_or_update(
                    **_names(vault),
                    policy_name=policy_name,
                    parameters=body,
                    raw_response_hook=hook,
                )
        except (*UNREADABLE, OutcomeUnknownError):
            # The SDK could not read the body of a 200; what counts came in before that.
            if hook.answer is None:
                raise
        if hook.answer is None:
            raise OutcomeUnknownError("no answer was received", subject=subject)
        return hook.answer

    async def read_policy_operation(
        self, vault: VaultRef, policy_name: str, operation_id: str
    ) -> Reading[JsonObject]:
        """Status of a policy write that was answered with 202."""
        # Not the operation's result: a 202 from there is an error to the SDK (1.1).
        call = self._backup(vault).protection_policy_operation_statuses.get
        subject = f"write of policy {policy_name} of {vault}"
        return await self._read(
            subject, call, **_names(vault), policy_name=policy_name, operation_id=operation_id
        )

    async def read_job(self, vault: VaultRef, job_id: str) -> Reading[JsonObject]:
        """One job."""
        call = self._backup(vault).job_details.get
        return await self._read(f"job {job_id} of {vault}", call, **_names(vault), job_name=job_id)

    async def list_agents(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The registered MARS machines."""
        # Without this filter the service refuses with 400 (3).
        call = self._backup(vault).backup_protection_containers.list
        return await self._list(f"agents of {vault}", call, **_names(vault), filter=_AGENTS)

    async def list_engines(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The registered DPM and Azure Backup Servers."""
        call = self._backup(vault).backup_engines.list
        subject = f"backup servers of {vault}"
        try:
            return await self._list(subject, call, **_names(vault), filter=_WITH_VERSIONS)
        except RefusedError:
            # Published, and seen on no wire: a server without its versions beats no server.
            return await self._list(subject, call, **_names(vault))

    async def list_items(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Every protected item of the vault."""
        call = self._backup(vault).backup_protected_items.list
        return await self._list(f"protected items of {vault}", call, **_names(vault))

    async def list_jobs(
        self, vault: VaultRef, since: datetime, until: datetime
    ) -> Reading[tuple[JsonObject, ...]]:
        """Backup jobs that started between two moments.

        Raises:
            ValueError: The moments are in the wrong order or too far apart.
        """
        if not timedelta() <= until - since <= LONGEST_JOB_WINDOW:
            raise ValueError(f"not a window of at most {LONGEST_JOB_WINDOW}: {since} to {until}")
        call = self._backup(vault).backup_jobs.list
        criteria = job_filter(since, until)
        return await self._list(f"jobs of {vault}", call, **_names(vault), filter=criteria)

    async def list_protectable_vms(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Virtual machines that could be protected here."""
        call = self._backup(vault).backup_protectable_items.list
        subject = f"protectable machines of {vault}"
        return await self._list(subject, call, **_names(vault), filter=_VIRTUAL_MACHINES)

    async def list_container_counts(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """How many containers of each management type are registered."""
        call = self._backup(vault).backup_usage_summaries.list
        subject = f"container counts of {vault}"
        return await self._list(subject, call, **_names(vault), filter=_CONTAINER_COUNTS)

    async def list_guard_proxies(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """The Resource Guards whose consent the vault asks for."""
        # A list by its answer, one read by its name in the SDK (2.1).
        call = self._backup(vault).resource_guard_proxies.get
        return await self._list(f"guard proxies of {vault}", call, **_names(vault))

    async def list_diagnostic_settings(self, vault: VaultRef) -> Reading[tuple[JsonObject, ...]]:
        """Where the vault's reports go."""
        client = self._clients.get().vaults(vault.subscription_id)
        return await read_settings(client, vault, self._clock)

    async def write_diagnostic_setting(
        self, vault: VaultRef, name: str, document: JsonObject
    ) -> None:
        """Makes or replaces one diagnostic setting; sends exactly once.

        Raises:
            RefusedError: Nothing was made.
            OutcomeUnknownError: The setting may have been made.
        """
        client = self._clients.get().vaults_writer(vault.subscription_id)
        await write_setting(client, vault, name, document)

    async def aclose(self) -> None:
        """Closes the running loop's clients, which the other adapters share."""
        await self._clients.aclose()

    def _backup(self, vault: VaultRef) -> Any:
        return self._clients.get().backup(vault.subscription_id)

    async def _read(
        self, subject: str, call: Callable[..., Awaitable[Any]], **arguments: str
    ) -> Reading[JsonObject]:
        async def once() -> Reading[JsonObject]:
            hook = ReadAnswers(subject, self._clock)
            with translated(subject):
                await call(**arguments, raw_response_hook=hook)
            return hook.one()

        return await until_it_makes_sense(once)

    async def _list(
        self, subject: str, call: Callable[..., AsyncIterable[Any]], **arguments: str
    ) -> Reading[tuple[JsonObject, ...]]:
        async def once() -> Reading[tuple[JsonObject, ...]]:
            hook = ReadAnswers(subject, self._clock, is_list=True)
            with translated(subject):
                # The models are dropped: going through the pages is what fills the hook.
                async for _ in call(**arguments, raw_response_hook=hook):
                    pass
            return hook.all()

        return await until_it_makes_sense(once)


def _names(vault: VaultRef) -> dict[str, str]:
    return {"vault_name": vault.name, "resource_group_name": vault.resource_group}
