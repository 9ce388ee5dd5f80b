"""Which machine is registered where, over all vaults of a subscription.

Reading that for every vault that is settled would be the square of the calls, so it is read once a
day per subscription, by whoever needs it first, and kept as evidence for the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.agents import parse_agent
from domain.checks.catalog import MACHINE_ONCE
from domain.codec import JsonObject
from domain.findings import Fact, Finding, Verdict
from domain.vaults import Provenance, Reading, VaultRef

WHICH_VAULT = (
    "On the machine, read the registry value ServiceResourceName under"
    r" HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows Azure Backup\Config: it names the vault the"
    " agent really uses. Remove the machine from the others. If the value is missing, send support"
    " the values ResourceId and MachineId of the same key."
)


@dataclass(frozen=True, kw_only=True)
class RosterRequest:
    """Read, or find, today's roster of one subscription."""

    subscription_id: str
    look_no: int = 1


@dataclass(frozen=True, kw_only=True)
class RosterAnswer:
    """Whether the roster is there; while somebody else reads it, it is not."""

    is_ready: bool


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One machine in one vault."""

    machine: str
    vault: VaultRef
    last_heard_at: datetime | None
    """UTC; tells which of several registrations is the live one."""
    provenance: Provenance | None = None


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Every registration of a subscription, and what could not be read."""

    subscription_id: str
    read_at: datetime
    registrations: tuple[Registration, ...]
    unread: tuple[str, ...] = ()
    """One sentence for each vault whose machines could not be read."""


def registrations_of(
    vault: VaultRef, agents: Reading[tuple[JsonObject, ...]]
) -> tuple[Registration, ...]:
    """The registrations one vault's list of machines tells of."""
    parsed = [parse_agent(one) for one in agents.value]
    return tuple(
        Registration(
            machine=agent.name,
            vault=vault,
            last_heard_at=agent.last_refreshed_at,
            provenance=agents.provenance,
        )
        for agent in parsed
        # Without a name there is nothing to look for in another vault.
        if agent.name
    )


def _heard(one: Registration) -> str:
    when = f"{one.last_heard_at:%Y-%m-%d %H:%M} UTC" if one.last_heard_at else "an unknown time"
    return f"{one.vault} (last heard of at {when})"


def _latest(places: Iterable[Registration]) -> str:
    # Machines are re-registered: the entry that still hears of its machine is the live one.
    # A hint for the person who decides, never a verdict: the registry of the machine knows for
    # sure.
    heard = [one for one in places if one.last_heard_at is not None]
    if not heard:
        return ""
    # The key decides between equal times, so that two settlements tell the same vault.
    newest = max(heard, key=lambda one: (one.last_heard_at, one.vault.key))
    return f"; the latest sign of life is in {newest.vault.name}"


def _elsewhere(rosters: Iterable[Roster], vault: VaultRef) -> dict[str, list[Registration]]:
    """Registrations in other vaults, by the case-folded name of the machine."""
    others: dict[str, list[Registration]] = {}
    for one in (one for roster in rosters for one in roster.registrations):
        # The roster has the vault itself, too, maybe older than what was read just now.
        if one.vault.key != vault.key:
            others.setdefault(one.machine.casefold(), []).append(one)
    return others


def check_once(
    own: tuple[Registration, ...], rosters: Iterable[Roster], *, vault: VaultRef
) -> tuple[Finding, ...]:
    """One finding per machine of the vault that other vaults have too, and one for the rest.

    Args:
        own: The vault's registrations, read just now.
        rosters: The rosters of every subscription in scope; the vault's own entries are ignored.
        vault: The vault that is settled.
    """
    known = tuple(rosters)
    unread = [text for roster in known for text in roster.unread]
    others = _elsewhere(known, vault)
    findings = [
        _twice(one, others[one.machine.casefold()])
        for one in own
        if one.machine.casefold() in others
    ]
    # Found twice is certain whatever else could not be read; found once is not.
    if unread:
        findings.append(_incomplete(vault, unread))
    elif own and not findings:
        findings.append(_once(own, vault))
    return tuple(findings)


def _twice(own: Registration, elsewhere: list[Registration]) -> Finding:
    places = [own, *elsewhere]
    return Finding(
        check_id=MACHINE_ONCE.id,
        verdict=Verdict.FAIL,
        subject=own.machine,
        message="registered in " + ", ".join(map(_heard, places)) + _latest(places),
        what_to_do=WHICH_VAULT,
        facts=tuple(
            Fact(field="properties.friendlyName", value=one.machine, provenance=one.provenance)
            for one in places
        ),
    )


def _incomplete(vault: VaultRef, unread: list[str]) -> Finding:
    return Finding(
        check_id=MACHINE_ONCE.id,
        verdict=Verdict.UNKNOWN,
        subject=vault.name,
        message="machines may be registered in vaults that could not be read: " + "; ".join(unread),
    )


def _once(own: tuple[Registration, ...], vault: VaultRef) -> Finding:
    return Finding(
        check_id=MACHINE_ONCE.id,
        verdict=Verdict.PASS,
        subject=vault.name,
        message=f"none of its {len(own)} machines is registered in another vault in scope",
        facts=(
            Fact(
                field="properties.friendlyName",
                value=", ".join(one.machine for one in own),
                provenance=own[0].provenance,
            ),
        ),
    )
