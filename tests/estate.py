"""A whole fake estate in virtual time: the ports, and the activities of the app on top of them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from activities.registry import ACTIVITIES, activity_shell
from adapters.ports import Ports
from domain.codec import JsonObject, from_json, to_json
from domain.errors import NotFoundError
from domain.outcomes import VaultOutcome
from domain.plans import Approval
from domain.requests import UpgradeRequest, upgrade_instance_id
from domain.retries import RetryAuthorization, attempt_folder
from domain.upgrade import ClassicVault, UpgradeStatus
from domain.vaults import ClassicVaultRef, Reading, VaultRef
from orchestrators import names
from tests.fakes import (
    NOON,
    FakeClassicContents,
    FakeClassicVaults,
    FakeClock,
    FakeExchangeLog,
    FakeJobLog,
    FakeQueue,
    FakeRecoveryServices,
    FakeSubscriptions,
    FakeVault,
    MemoryEvidence,
    classic_ref,
    classic_vault,
    upgrade_request,
    vault_ref,
)
from tests.workflow import ActivityBody, Instance, Workflow

UPGRADE_TIME = timedelta(minutes=17)
"""How long an upgrade takes in the fake estate: inside the 15 to 20 minutes documented."""


class TimedClassicVaults(FakeClassicVaults):
    """Upgrades end by themselves after their time."""

    def __init__(
        self,
        *vaults: ClassicVault,
        clock: FakeClock,
        duration: timedelta = UPGRADE_TIME,
        end: UpgradeStatus = UpgradeStatus.UPGRADED,
        message: str = "",
    ) -> None:
        super().__init__(*vaults, clock=clock)
        self.duration = duration
        self.end = end
        self.message = message

    def _find(self, vault: ClassicVaultRef) -> ClassicVault:
        known = super()._find(vault)
        record = known.record
        if (
            record is not None
            and record.started_at is not None
            and record.status is UpgradeStatus.IN_PROGRESS
            and self.clock.now() - record.started_at >= self.duration
        ):
            self.finish(vault, self.end, message=self.message)
            return super()._find(vault)
        return known


class UpgradedVaults(FakeRecoveryServices):
    """Resource Manager shows a vault only once the upgrade that makes it has begun."""

    def __init__(self, classic: FakeClassicVaults, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.classic = classic
        self.shows_early = False
        """For tests that settle a vault and do not care where it comes from."""

    async def read_vault(self, vault: VaultRef) -> Reading[JsonObject]:
        reading = await super().read_vault(vault)
        known = [one for one in self.classic.vaults.values() if one.ref.name == vault.name]
        if self.shows_early or not known:
            return reading
        record = known[0].record
        if record is None:
            raise NotFoundError("the upgrade has not begun", subject=str(vault), status=404)
        if record.status is not UpgradeStatus.UPGRADED:
            reading.value["properties"]["provisioningState"] = "Provisioning"
        return reading


@dataclass(kw_only=True)
class FakeEstate:
    """One classic vault, its Recovery Services vault to be, and everything around them."""

    clock: FakeClock
    classic: TimedClassicVaults
    classic_contents: FakeClassicContents
    subscriptions: FakeSubscriptions
    recovery_services: UpgradedVaults
    evidence: MemoryEvidence
    ports: Ports

    @classmethod
    def make(cls, *vaults: ClassicVault, **upgrade: Any) -> "FakeEstate":
        """An estate with the given classic vaults, or one that was never upgraded."""
        clock = FakeClock()
        classic = TimedClassicVaults(*(vaults or (classic_vault(),)), clock=clock, **upgrade)
        recovery_services = UpgradedVaults(classic, clock)
        recovery_services.shows_early = True
        evidence = MemoryEvidence(clock)
        subscriptions = FakeSubscriptions(clock)
        contents = FakeClassicContents(clock)
        ports = Ports(
            classic=classic,
            classic_contents=contents,
            subscriptions=subscriptions,
            recovery_services=recovery_services,
            job_log=FakeJobLog(clock),
            exchanges=FakeExchangeLog(),
            evidence=evidence,
            queue=FakeQueue(clock),
            clock=clock,
        )
        return cls(
            clock=clock,
            classic=classic,
            classic_contents=contents,
            subscriptions=subscriptions,
            recovery_services=recovery_services,
            evidence=evidence,
            ports=ports,
        )

    async def authorize_retry(self, attempt: int = 2, **changes: Any) -> None:
        """Records Microsoft's instruction to start the failed upgrade once more."""
        key = classic_ref().key
        failed = await self.evidence.read(f"{attempt_folder(key, attempt - 1)}/failed.json")
        if failed is None:
            raise AssertionError(f"attempt {attempt - 1} has not failed")
        given = {
            "attempt": attempt,
            "failed_operation_id": failed["data"]["operationId"],
            "ticket": "SR-1",
            "instruction": "Please start it once more.",
            "authorized_by": "boss@example.com",
            "at": self.clock.now(),
        }
        document = {"data": to_json(RetryAuthorization(**{**given, **changes}))}
        await self.evidence.create(f"{attempt_folder(key, attempt)}/authorization.json", document)

    def workflow(self, **replaced: ActivityBody) -> Workflow:
        """A test engine with the app's activities on the fake ports; some may be replaced."""
        bodies = {one.name: activity_shell(one, self.ports) for one in ACTIVITIES}
        return Workflow(bodies | replaced, self.clock)

    async def upgrade(
        self, request: UpgradeRequest | None = None, workflow: Workflow | None = None
    ) -> tuple[VaultOutcome, Instance]:
        """Runs ``upgrade_vault`` to its end; gives the outcome and the instance."""
        asked = request or upgrade_request()
        self.recovery_services.shows_early = False
        engine = workflow or self.workflow()
        instance = await engine.run(
            names.UPGRADE_VAULT, to_json(asked), upgrade_instance_id(asked.vault)
        )
        if instance.output is None:
            raise AssertionError(f"the run failed: {instance.failure}")
        return from_json(VaultOutcome, instance.output), instance


def settled_vault(**changes: Any) -> FakeVault:
    """A Recovery Services vault that leaves nothing to do."""
    settings = {"softDeleteSettings": {"enhancedSecurityState": "Enabled"}}
    vault = FakeVault(
        document={
            "id": vault_ref().arm_id,
            "name": "vault-clean",
            "properties": {"provisioningState": "Succeeded", "securitySettings": settings},
        },
        config={
            "properties": {"enhancedSecurityState": "Enabled", "softDeleteFeatureState": "Enabled"}
        },
        policies={"DailyPolicy": policy_document("DailyPolicy")},
    )
    for name, value in changes.items():
        setattr(vault, name, value)
    return vault


def policy_document(name: str, **properties: Any) -> dict[str, Any]:
    """A daily VM policy without a time zone, as an upgraded vault has it."""
    run_time = "2017-01-24T22:00:00Z"
    retention = {"count": 30, "durationType": "Days"}
    return {
        "id": f"{vault_ref().arm_id}/backupPolicies/{name}",
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": {
            "backupManagementType": "AzureIaasVM",
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicy",
                "scheduleRunFrequency": "Daily",
                "scheduleRunTimes": [run_time],
            },
            "retentionPolicy": {
                "retentionPolicyType": "LongTermRetentionPolicy",
                "dailySchedule": {"retentionTimes": [run_time], "retentionDuration": retention},
            },
            "protectedItemsCount": 0,
            **properties,
        },
    }


def estate_of_one(vault: FakeVault | None = None, **upgrade: Any) -> FakeEstate:
    """An estate whose only vault leaves nothing to do once upgraded."""
    estate = FakeEstate.make(**upgrade)
    estate.recovery_services.add(vault_ref(), vault or settled_vault())
    return estate


class Desk:
    """Somebody who answers each new plan they are shown, an hour later or when told to."""

    instance_id = upgrade_instance_id(classic_ref())

    def __init__(
        self, estate: FakeEstate, *, after: timedelta = timedelta(hours=1), **changes: Any
    ) -> None:
        self.estate = estate
        self.after = after
        self.changes = changes
        self.plans: list[str] = []

    def workflow(self, **replaced: Any) -> Workflow:
        """The estate's workflow, with this desk reading each new plan."""
        workflow = self.estate.workflow(**replaced)
        record_plan = workflow.activities[names.RECORD_PLAN]

        async def read(request: Any) -> Any:
            plan = await record_plan(request)
            if plan["plan_hash"] not in self.plans:
                self._answer(workflow, plan["plan_hash"])
            return plan

        workflow.activities = {**workflow.activities, names.RECORD_PLAN: read}
        return workflow

    def _answer(self, workflow: Workflow, plan_hash: str) -> None:
        self.plans.append(plan_hash)
        answer = {"plan_hash": plan_hash, "approver": "boss", "decision": "approve", "at": NOON}
        approval = Approval(**{**answer, **self.changes})
        workflow.raise_event(self.instance_id, names.APPROVAL_EVENT, to_json(approval), self.after)
