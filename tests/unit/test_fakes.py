"""The fakes behave like the ports they stand for."""

import pytest

from adapters.classic_ports import ClassicContents, ClassicVaults
from adapters.ports import (
    Clock,
    EvidenceStore,
    ExchangeLog,
    JobLog,
    Ports,
    RecoveryServices,
    Subscriptions,
    UpgradeQueue,
)
from domain.errors import NotFoundError, OutcomeUnknownError, RefusedError
from domain.upgrade import UpgradeStatus
from tests.fakes import (
    FakeClassicContents,
    FakeClassicVaults,
    FakeClock,
    FakeExchangeLog,
    FakeJobLog,
    FakeQueue,
    FakeRecoveryServices,
    FakeSubscriptions,
    MemoryEvidence,
    classic_ref,
    classic_vault,
    fake_ports,
    vault_ref,
)


def test_every_fake_has_the_type_of_its_port() -> None:
    """Each fake can stand where its port is asked for (the type checker reads this too)."""
    classic: ClassicVaults = FakeClassicVaults()
    subscriptions: Subscriptions = FakeSubscriptions()
    arm: RecoveryServices = FakeRecoveryServices()
    log: JobLog = FakeJobLog()
    exchanges: ExchangeLog = FakeExchangeLog()
    evidence: EvidenceStore = MemoryEvidence()
    queue: UpgradeQueue = FakeQueue()
    clock: Clock = FakeClock()

    contents: ClassicContents = FakeClassicContents()
    ports = Ports(
        classic=classic,
        classic_contents=contents,
        subscriptions=subscriptions,
        recovery_services=arm,
        job_log=log,
        exchanges=exchanges,
        evidence=evidence,
        queue=queue,
        clock=clock,
    )

    assert clock is ports.clock


async def test_a_lost_answer_leaves_the_effect() -> None:
    """A start whose answer is lost has started the upgrade."""
    vault = classic_vault()
    fake = FakeClassicVaults(vault)
    fake.lose_answer("start_upgrade", OutcomeUnknownError("no answer"))

    with pytest.raises(OutcomeUnknownError):
        await fake.start_upgrade(vault, vault_ref(), "operation-7")

    assert ["operation-7"] == fake.started


async def test_an_injected_failure_prevents_the_effect_once() -> None:
    """A failed call changes nothing, and the next call works again."""
    vault = classic_vault()
    fake = FakeClassicVaults(vault)
    fake.fail("start_upgrade", RefusedError("no"))

    with pytest.raises(RefusedError):
        await fake.start_upgrade(vault, vault_ref(), "operation-1")
    await fake.start_upgrade(vault, vault_ref(), "operation-2")

    assert ["operation-2"] == fake.started


async def test_a_second_start_is_refused() -> None:
    """A vault whose upgrade runs cannot be started again."""
    vault = classic_vault()
    fake = FakeClassicVaults(vault)
    await fake.start_upgrade(vault, vault_ref(), "operation-1")

    with pytest.raises(RefusedError):
        await fake.start_upgrade(vault, vault_ref(), "operation-2")

    assert 2 == fake.count("start_upgrade")


async def test_a_finished_upgrade_reads_as_succeeded() -> None:
    """After finish, operation and record say that the upgrade is done."""
    vault = classic_vault()
    fake = FakeClassicVaults(vault)
    await fake.start_upgrade(vault, vault_ref(), "operation-1")
    fake.finish(classic_ref())

    operation = await fake.read_operation(vault)
    record = (await fake.read_vault(vault.ref)).record

    assert operation.has_succeeded
    assert UpgradeStatus.UPGRADED == (record.status if record else None)


async def test_a_written_policy_is_followed_to_its_job() -> None:
    """An asynchronous write gives an operation that names a job that can be read."""
    arm = FakeRecoveryServices(answers_async=True)
    arm.add(vault_ref()).policies["p1"] = {"name": "p1", "properties": {}}

    answer = await arm.write_policy(vault_ref(), "p1", {"properties": {"timeZone": "UTC"}})
    operation = await arm.read_policy_operation(vault_ref(), "p1", answer.operation_id or "")
    job = await arm.read_job(vault_ref(), operation.value["properties"]["jobIds"][0])
    policy = await arm.read_policy(vault_ref(), "p1")

    assert "Completed" == job.value["properties"]["status"]
    assert {"name": "p1", "properties": {"timeZone": "UTC"}} == policy.value


async def test_a_reading_cannot_change_the_fake() -> None:
    """What a test does to an answer does not reach the fake's state."""
    arm = FakeRecoveryServices()
    arm.add(vault_ref()).policies["p1"] = {"properties": {}}
    (await arm.read_policy(vault_ref(), "p1")).value["properties"]["x"] = 1

    policy = await arm.read_policy(vault_ref(), "p1")

    assert {"properties": {}} == policy.value


async def test_a_workspace_without_backup_table_is_not_found() -> None:
    """Asking a workspace nobody configured raises, as the port says."""
    with pytest.raises(NotFoundError):
        await FakeJobLog().list_last_jobs("w", vault_ref(), FakeClock().now())


async def test_evidence_is_kept_once() -> None:
    """The second document under a key is not kept, and the first is given back."""
    evidence = MemoryEvidence()
    await evidence.create("a/b.json", {"n": 1})

    second = await evidence.create("a/b.json", {"n": 2})

    assert (False, {"n": 1}) == (second.is_new, second.document)


def test_fake_ports_share_one_clock() -> None:
    """All fakes of one set of ports tell the same time."""
    clock = FakeClock()

    ports = fake_ports(clock=clock)

    assert ports.clock is clock
