"""The same machine in several vaults is found across every subscription in scope."""

from datetime import datetime, timedelta
from itertools import permutations

from domain.findings import Verdict
from domain.rosters import Registration, Roster, check_once, registrations_of
from domain.vaults import VaultRef
from tests.unit.domain.builders import NOW, OTHER_SUBSCRIPTION, SUBSCRIPTION, TARGET, reading
from tests.unit.domain.checks.test_agent_version import machine

OTHER = VaultRef(subscription_id=OTHER_SUBSCRIPTION, resource_group="rg", name="vault-two")


def _registration(
    name: str, vault: VaultRef = TARGET, heard: datetime | None = None
) -> Registration:
    return Registration(machine=name, vault=vault, last_heard_at=heard)


def _roster(*registrations: Registration, unread: tuple[str, ...] = ()) -> Roster:
    return Roster(
        subscription_id=SUBSCRIPTION, read_at=NOW, registrations=registrations, unread=unread
    )


def test_a_machine_elsewhere_is_found_without_regard_to_case() -> None:
    """Both vaults are named, and where the agent's own word is to be read."""
    own = (_registration("FS01.X"),)

    (found,) = check_once(own, [_roster(_registration("fs01.x", OTHER))], vault=TARGET)

    assert (Verdict.FAIL, True, True) == (
        found.verdict,
        "vault-one" in found.message and "vault-two" in found.message,
        "ServiceResourceName" in found.what_to_do and "MachineId" in found.what_to_do,
    )


def test_the_order_of_rosters_does_not_matter() -> None:
    """A machine in three vaults is one finding with three places, however they were read."""
    third = VaultRef.parse(TARGET.arm_id.replace("vault-one", "vault-3"))
    rosters = [_roster(_registration("fs01", vault)) for vault in (OTHER, third, TARGET)]
    found = [
        check_once((_registration("FS01"),), one, vault=TARGET) for one in permutations(rosters)
    ]

    assert {("FS01", 3)} == {(one.subject, len(one.facts)) for (one,) in found}


def test_the_latest_sign_of_life_tells_the_live_registration() -> None:
    """Machines are re-registered; the older entry is the leftover."""
    own = (_registration("fs01", heard=NOW - timedelta(days=90)),)
    other = _registration("fs01", OTHER, NOW)

    (found,) = check_once(own, [_roster(other)], vault=TARGET)

    assert found.message.endswith("the latest sign of life is in vault-two")


def test_the_vault_s_own_entry_in_a_roster_is_no_second_place() -> None:
    """The roster was read from the same vault."""
    own = (_registration("fs01"),)

    (found,) = check_once(own, [_roster(_registration("fs01"))], vault=TARGET)

    assert Verdict.PASS == found.verdict


def test_vaults_that_could_not_be_read_leave_it_open() -> None:
    """DESIGN rule 4: nobody knows what stands in them."""
    found = check_once((_registration("fs01"),), [_roster(unread=("x: 403",))], vault=TARGET)

    assert [Verdict.UNKNOWN] == [one.verdict for one in found]


def test_a_vault_without_machines_is_no_finding() -> None:
    """Nothing can stand twice."""
    assert () == check_once((), [_roster(_registration("fs01", OTHER))], vault=TARGET)


def test_registrations_come_from_the_list_of_machines() -> None:
    """A container without a name is left out: it cannot be compared."""
    listed = reading((machine("FS01"), {"name": "", "properties": {}}))

    assert ["FS01"] == [one.machine for one in registrations_of(TARGET, listed)]
