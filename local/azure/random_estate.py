"""A made-up estate of any size: the same seed gives the same vaults.

Vaults are spread over subscriptions as the classic service allowed (25 Backup vaults in each), and
their contents are made when they are first looked at, so that ten thousand start in seconds.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from local.azure import model
from local.azure.contents import Contents
from local.azure.estate import build_contents
from local.azure.estate_rows import (
    EstateFile,
    ItemRow,
    JobRow,
    MachineRow,
    PolicyRow,
    VaultRow,
)
from local.azure.names import default_group, stable_guid, stable_number
from local.azure.state import State

VAULTS_PER_SUBSCRIPTION = 25
"""What a classic subscription could hold."""
REGIONS = ("West US", "East US", "West Europe", "North Europe", "Australia East", "Japan East")
ZONES = ("Pacific Standard Time", "W. Europe Standard Time", "Tokyo Standard Time", "UTC")
LONGEST_MINUTES = 90
"""Large vaults take up to 90 minutes (vault-upgrade 1.6)."""
_CREATED = datetime(2015, 6, 15, 8, tzinfo=UTC)

type Scenario = tuple[str, str, int]
"""Name, state an upgrade run should end in, and how often per hundred vaults."""
# The shares are ours: nothing tells how often real upgrades were blocked or failed.
SCENARIOS: tuple[Scenario, ...] = (
    ("clean", "closed", 70),
    ("old-agent", "blocked", 8),
    ("busy", "blocked", 4),
    ("billing", "closed", 6),
    ("failing", "needs_support", 3),
    ("upgraded", "closed", 5),
    ("late-jobs", "closed", 4),
)


class RandomEstate:
    """An estate of made-up vaults.

    Args:
        vaults: How many.
        seed: Which ones.

    Raises:
        ValueError: The number is not above 0.
    """

    def __init__(self, *, vaults: int, seed: int = 0) -> None:
        if vaults < 1:
            raise ValueError(f"an estate needs at least 1 vault, not {vaults}")
        self._count = vaults
        self._seed = seed

    def open(self, now: datetime) -> State:
        """A fresh state as of ``now``."""
        defaults = EstateFile.model_fields
        identity = model.Identity(
            tenant_id=defaults["tenant_id"].default,
            client_id=defaults["client_id"].default,
            client_secret=defaults["client_secret"].default,
        )
        return State(identity=identity, vaults=self._vaults(now), opened_at=now)

    def _vaults(self, now: datetime) -> Iterator[model.Vault]:
        names, weights = SCENARIOS, [share for _, _, share in SCENARIOS]
        for index in range(self._count):
            subscription = stable_guid(
                "subscription", str(self._seed), str(index // VAULTS_PER_SUBSCRIPTION)
            )
            # One generator per vault: a vault stays itself when the estate grows.
            chance = random.Random(f"{self._seed}/{index}")
            scenario = chance.choices(names, weights)[0]
            yield _vault(subscription, f"vault-{index:05d}", scenario, chance, now)


def _vault(
    subscription: str, name: str, scenario: Scenario, chance: random.Random, now: datetime
) -> model.Vault:
    kind, end, _ = scenario
    region = chance.choice(REGIONS)
    # Most upgrades take 15 to 20 minutes, a few much longer (vault-upgrade 1.6).
    minutes = min(LONGEST_MINUTES, 14 + chance.expovariate(1 / 6))
    plan = model.UpgradePlan(
        duration=timedelta(minutes=minutes),
        failure_code="VaultUpgradeInternalError" if kind == "failing" else "",
        failure_message="The upgrade of the vault failed." if kind == "failing" else "",
        job_sync_delay=timedelta(hours=9 if kind == "late-jobs" else chance.uniform(0.2, 3)),
    )
    return model.Vault(
        subscription_id=subscription,
        region=region,
        name=name,
        fill=_filler(kind, name, region, now),
        classic=model.ClassicIds.derive(subscription, region, name, "WABackup"),
        created_at=_CREATED,
        plan=plan,
        is_storage_billed=kind == "billing",
        scenario=kind,
        expected_end=end,
        records=[_forced_record(subscription, region, name)] if kind == "upgraded" else [],
    )


def _forced_record(subscription: str, region: str, name: str) -> model.UpgradeRecord:
    # Ticks of October 2017, when upgrades were forced (vault-upgrade 1.8); 32 bits of ticks spread
    # them over seven minutes.
    started = 15_080_000_000_000_000 + stable_number("forced", subscription, name, bits=32)
    return model.UpgradeRecord(
        operation_id=stable_guid("forced upgrade", subscription, name),
        target_path=(
            f"/subscriptions/{subscription}/resourceGroups/{default_group(region)}"
            f"/providers/Microsoft.RecoveryServices/Vaults/{name}"
        ),
        started=started,
        ended=started + 12_000_000_000,
        trigger="ForcedUpgrade",
    )


def _filler(kind: str, name: str, region: str, now: datetime) -> Callable[[], Contents]:
    return lambda: build_contents(_row(kind, name, region), now)


def _row(kind: str, name: str, region: str) -> VaultRow:
    # Text seeds alike in every process; hashes of objects would not.
    chance = random.Random(f"contents/{kind}/{name}/{region}")
    # None is what policies of 2016 look like: they have no zone at all (recovery-services 1.3).
    zone = chance.choice((None, *ZONES))
    machines = [
        MachineRow(name=f"srv{number}.{name}.example", agent_version="2.0.9269.0")
        for number in range(1, chance.randint(2, 5))
    ]
    # Below 2.0.9083.0, the least that the check takes; the others are above it (vault-upgrade 1.2).
    old = [MachineRow(name=f"old1.{name}.example", agent_version="2.0.8719.0")]
    items = [
        ItemRow(type="folder", name="C:\\", holder=machine.name, policy="FilesDaily")
        for machine in machines
    ]
    items += [
        ItemRow(type="vm", name=f"vm-{name}-{number}", policy="DefaultPolicy")
        for number in range(chance.randint(1, 6))
    ]
    job = JobRow(
        operation="ConfigureBackup",
        type="vm",
        entity=f"vm-{name}-0",
        holder=f"vm-{name}-0",
        started_ago=timedelta(minutes=20),
        # Longer than a run waits for anything, so that such a vault ends blocked.
        lasts=timedelta(days=30),
    )
    return VaultRow(
        name=name,
        region=region,
        policies=(
            PolicyRow(name="DefaultPolicy", type="vm", run_time="22:30", time_zone=zone),
            PolicyRow(name="FilesDaily", type="mab", run_time="03:00"),
        ),
        machines=(*machines, *(old if kind == "old-agent" else ())),
        items=tuple(items),
        jobs=(job,) if kind == "busy" else (),
    )
